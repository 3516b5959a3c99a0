"""What is read and what is not, counted: ``python -m tests.recognition --out docs/evaluation/recognition.md``.

Real patients, simulated ones and pictures of something else, each as a DICOM study, go through the application with the
shipped bundle. Rows are kept in a file, so that a run that was interrupted goes on. The exit status is 1 where a study
that must be read whole is not, or more wrong pictures are read than the page allows.
"""

import argparse
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from functools import partial
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
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="axspa-recognition-") as name:
        folder = Path(name)
        rows = read_all(options.shared, folder, options.rows or folder / "rows.jsonl")
    options.out.write_text(page.page(rows), encoding="utf-8")
    missed, read = page.missed(rows), page.wrongly_read(rows)
    print(f"{len(rows)} studies: {len(missed)} not read as they must be, {len(read)} wrong ones read")
    return 1 if missed or len(read) > page.ALLOWED else 0


def read_all(shared: Path, folder: Path, path: Path) -> list[Row]:
    """A row for each study."""
    bundle = load_bundle(BUNDLE, SacroiliacMri())
    done = {row.name: row for row in kept(path, made_by(bundle))}
    rows = []
    for study in studies(shared, folder):
        if study.name not in done:
            keep(judge(study.made(), bundle), path)
            done = {row.name: row for row in kept(path, made_by(bundle))}
        rows.append(done[study.name])
    return rows


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
