"""The end that all imports of pictures share: quality, labels, copies, pseudonyms, and the curated layout."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from training.data.copies import with_copies
from training.data.curate import labeled_pictures
from training.data.mapping import Mapping
from training.data.picture import Picture
from training.data.pictures import write_pictures
from training.data.pseudonyms import Pseudonyms
from training.data.quality import Dropped, dropped_lines, good_pictures


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import made.

    Attributes
    ----------
    pictures : int
    dropped : tuple of Dropped
        What was left out, by the names of the site's own files.
    """

    pictures: int
    dropped: tuple[Dropped, ...]


def write_import(
    pictures: Iterable[Picture],
    out: Path,
    *,
    mapping: Mapping,
    pseudonyms: Pseudonyms | None,
    unread: Sequence[Dropped] = (),
    labeling: str = "own",
    copies: int = 0,
    seed: int = 0,
) -> Imported:
    """Write pictures in the curated layout.

    Parameters
    ----------
    pictures : iterable of Picture
    out : Path
    mapping : Mapping
        Gives name, source and terms.
    pseudonyms : Pseudonyms or None
        Replace names of patients and files; ``None``: these are kept.
    unread : sequence of Dropped
        What could not even be read; filled while ``pictures`` is read, so it is looked at last.
    labeling : str
        As in :func:`training.data.curate.labeled_pictures`.
    copies, seed : int
        Augmented copies of each picture.
    """
    kept, dropped = good_pictures(pictures)
    labeled, how = labeled_pictures(kept, labeling)
    dropped = [*unread, *dropped]
    lines = dropped_lines(dropped)
    if pseudonyms is not None:
        labeled = [_hidden(one, pseudonyms) for one in labeled]
        counts = Counter(one.reason.split(":")[0].split(" of ")[0] for one in dropped)
        lines = [f"left out: {count} {reason}" for reason, count in sorted(counts.items())]
    write_pictures(
        out,
        with_copies(labeled, copies=copies, seed=seed),
        name=mapping.name or out.name,
        source=mapping.source or "not stated",
        terms=mapping.terms or "not stated",
        notes=[how, *lines],
    )
    return Imported(len(labeled) * (1 + copies), tuple(dropped))


def _hidden(picture: Picture, pseudonyms: Pseudonyms) -> Picture:
    return replace(picture, patient=pseudonyms.of(picture.patient), origin=pseudonyms.of(picture.origin))
