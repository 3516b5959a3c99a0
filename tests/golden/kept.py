"""The record of a real study that a machine keeps, and the version of the application that it belongs to.

A new version gives other results on purpose, and the changelog says which ("Effect on results"): its record is made
anew, and the older one stays beside it. Within a version every difference counts.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.golden.compare import ONE_MACHINE, compare, load

VERSION = "application.version"


@dataclass(frozen=True, slots=True)
class Held:
    """What came of holding a fresh record against the one that is kept.

    Attributes
    ----------
    words : str
        What was done.
    differences : list of str
        Those that count.
    """

    words: str
    differences: list[str]


def version(record: Path) -> str:
    """The version of the application that made a record."""
    return str(load(record)["summary"][VERSION])


def hold(kept: Path, fresh: Path, *, anew: bool = False) -> Held:
    """Hold a fresh record against the one that is kept; the first of a version is kept itself.

    Parameters
    ----------
    kept : Path
        Folder of the record; it need not be there.
    fresh : Path
        Folder of a record made just now.
    anew : bool
        Keep the fresh one although the version is the same: what is said changed on purpose.

    Returns
    -------
    Held
    """
    now = version(fresh)
    if not (kept / "record.json").is_file():
        shutil.copytree(fresh, kept, dirs_exist_ok=True)
        return Held(f"recorded for the first time (version {now})", [])
    before = version(kept)
    differences = compare(kept, fresh, ONE_MACHINE)
    if before == now and not anew:
        return Held(f"held against the record of version {now}", differences)
    older = _put_aside(kept, before)
    shutil.copytree(fresh, kept)
    told = f"version {before} became {now}" if before != now else f"version {now}, recorded anew by request"
    return Held(f"{told}: {len(differences)} differences to the older record, which is kept in {older}", [])


def _put_aside(kept: Path, of: str) -> Path:
    """Move a record beside itself, under a name that is free."""
    names = [f"{kept.name}-{of}", *(f"{kept.name}-{of}-{number}" for number in range(2, 1000))]
    older = next(place for name in names if not (place := kept.with_name(name)).exists())
    return kept.rename(older)
