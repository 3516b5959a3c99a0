"""What came of one study, in a row."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from inference.result import Analysis, NotAssessable
from inference.serving import LoadedBundle
from inference.sij_mri import SacroiliacMri, application, plausible
from inference.sij_mri.plausible import Recognized
from inference.sij_mri.region import FoundRegion
from inference.sij_mri.types import Role
from inference.testing import run
from inference.types import Side, Volume
from tests.recognition.twins import Outcome, Study


@dataclass(frozen=True, slots=True)
class Row:
    """A study, what was wanted of it and what came.

    Attributes
    ----------
    name, kind, person : str
    wanted, came : Outcome
    scope : str
    why : str
        Codes of the limitations.
    numbers : mapping
        What was measured of it, by the name of its limit.
    made_by : str
        Of the code that made it.
    """

    name: str
    kind: str
    person: str
    wanted: str
    came: str
    scope: str
    why: str
    numbers: Mapping[str, Any]
    made_by: str


def judge(study: Study, bundle: LoadedBundle) -> Row:
    """Read one study, and measure on the way what has a limit."""
    numbers: dict[str, Any] = {}
    recognize = application._recognize

    def measuring(t1: Volume | None, fluid: Volume | None, seen: FoundRegion | None) -> Recognized:
        recognized = recognize(t1, fluid, seen)
        volume = t1 if t1 is not None else fluid
        if volume is not None and seen is not None:
            role = Role.T1W if t1 is not None else Role.FLUID
            joints = [plausible.Measured.of(joint, volume) for joint in recognized.joints]
            numbers.update(plausible.measures(volume, seen, joints, role=role))
        for limitation in recognized.limitations:
            numbers.update(limitation.parameters)
        return recognized

    with patch.object(application, "_recognize", measuring):
        analysis = run(SacroiliacMri(), study.folder, bundle.models)
    why = " ".join(str(one.code) for one in analysis.limitations)
    scope = str(analysis.scope)
    return Row(
        study.name,
        study.kind,
        study.person,
        study.wanted,
        came(analysis, study.hidden),
        scope,
        why,
        numbers,
        made_by(bundle),
    )


def made_by(bundle: LoadedBundle) -> str:
    """A name for the code and the bundle that make a row: rows of others are made again."""
    folders = (Path(application.__file__).parent, Path(__file__).parent)
    code = hashlib.sha256(str(bundle.identity).encode())
    for path in sorted(path for folder in folders for path in folder.glob("*.py") if path.name != "page.py"):
        code.update(path.read_bytes())
    return code.hexdigest()[:12]


def came(analysis: Analysis, hidden: Side | None = None) -> Outcome:
    """What was read of a study, of which one joint may be hidden: that one alone is the wrong joint."""
    if not analysis.applicable:
        return "nothing"
    measured = {side: analysis.measurement("joint-volume", side) for side in Side}
    found = [side for side, one in measured.items() if one is not None and not isinstance(one.value, NotAssessable)]
    if found == [hidden]:
        return "wrong joint"
    return ("fluid region", "one joint", "both joints")[len(found)]


def kept(path: Path, by: str) -> Iterator[Row]:
    """Rows that an earlier run of the same code wrote."""
    if path.is_file():
        rows = [Row(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]
        yield from (row for row in rows if row.made_by == by)


def keep(row: Row, path: Path) -> None:
    """Write a row beside the others."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(row)) + "\n")
