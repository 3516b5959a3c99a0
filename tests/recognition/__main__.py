"""What is read and what is not, counted: ``python -m tests.recognition --out docs/evaluation/recognition.md``.

Real patients, simulated ones and pictures of something else, each as a DICOM study, go through the application with the
shipped bundle. Rows are kept in a file, so that a run that was interrupted goes on. The exit status is 1 where a study
that must be read whole is not, or more wrong pictures are read than the page allows.
"""

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import zip_longest
from pathlib import Path

from inference.serving import load_bundle
from inference.sij_mri import SacroiliacMri
from tests.recognition import page, twins
from tests.recognition.outcome import Row, judge, keep, kept, made_by
from tests.recognition.pictures import Picture
from tests.recognition.twins import Study
from tests.recognition.wrong import wrong

BUNDLE = "sij-1"


def main() -> int:
    """Run what is missing, and write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--shared", type=Path, default=Path(os.environ.get("AXSPA_SHARED", "../shared")))
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--rows", type=Path, help="where rows are kept from run to run")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="start no further study after so long")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="axspa-recognition-") as name:
        folder = Path(name)
        ready = in_turn(studies(options.shared, folder))
        rows = read_all(ready, options.rows or folder / "rows.jsonl", until=time.monotonic() + 60 * options.minutes)
    options.out.write_text(page.page(rows, of=len(ready)), encoding="utf-8")
    missed, read = page.missed(rows), page.wrongly_read(rows)
    print(f"{len(rows)} of {len(ready)} studies: {len(missed)} not read as they must be, {len(read)} wrong ones read")
    return 1 if missed or len(read) > page.ALLOWED else 0


def in_turn(all_of_them: Iterable[Study]) -> list[Study]:
    """One of each kind, then another of each: a run that is stopped has seen something of every kind."""
    kinds: dict[str, list[Study]] = {}
    for study in all_of_them:
        kinds.setdefault(study.kind, []).append(study)
    return [study for turn in zip_longest(*kinds.values()) for study in turn if study is not None]


def read_all(ready: Sequence[Study], path: Path, *, until: float) -> list[Row]:
    """A row for each study, those of an earlier run first; none is begun after `until`, by the monotonic clock."""
    bundle = load_bundle(BUNDLE, SacroiliacMri())
    done = {row.name: row for row in kept(path, made_by(bundle))}
    for study in ready:
        if study.name not in done and time.monotonic() < until:
            done[study.name] = judge(study.made(), bundle)
            keep(done[study.name], path)
    by_kind = dict.fromkeys(study.kind for study in ready)
    return [done[one.name] for kind in by_kind for one in ready if one.kind == kind and one.name in done]


def studies(shared: Path, folder: Path) -> Iterator[Study]:
    """Every study; its files are made when it is read."""
    if (shared / "data" / "sij").is_dir():
        yield from twins.real(shared, folder / "real")
    yield from twins.simulated(folder / "simulated")
    yield from twins.one_joint(folder / "one")
    seen: Counter[str] = Counter()
    for picture in wrong(shared):
        if picture.taken != "stir":
            yield _written(picture, "T1W", "t1", folder / "wrong")
        if picture.taken == "stir" or (not picture.taken and seen[picture.kind] % 3 == 0):
            yield _written(picture, "STIR alone", "stir", folder / "wrong")
        seen[picture.kind] += 1


def _written(picture: Picture, shown: str, series: str, folder: Path) -> Study:
    place = folder / shown / picture.name
    write = partial(picture.write, place, series)
    return Study(f"{picture.name}, {shown}", f"{picture.kind}, {shown}", picture.person, place, "nothing", write)


if __name__ == "__main__":
    sys.exit(main())
