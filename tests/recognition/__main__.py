"""What is read and what is not, counted: ``python -m tests.recognition --out docs/evaluation/recognition.md``.

Real patients, simulated ones and pictures of something else, each as a DICOM study, go through the application with the
shipped bundle. Rows are kept in a file, so that a run that was interrupted goes on. The exit status is 1 where a study
that must be read whole is not, or more wrong pictures are read than the page allows.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from inference.serving import load_bundle
from inference.sij_mri import SacroiliacMri
from tests.recognition import page, twins
from tests.recognition.outcome import Row, judge, keep, kept
from tests.recognition.pictures import Picture
from tests.recognition.twins import Study
from tests.recognition.wrong import wrong

BUNDLE = "sij-1"
SHOWN = {"T1 and STIR": ("t1", "stir"), "STIR alone": ("stir",)}


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
    rows = {row.name: row for row in kept(path)}
    application = SacroiliacMri()
    models = load_bundle(BUNDLE, application).models
    for study in studies(shared, folder, set(rows)):
        if study.name not in rows:
            rows[study.name] = judge(study, application, models)
            keep(rows[study.name], path)
    return list(rows.values())


def studies(shared: Path, folder: Path, done: set[str]) -> Iterator[Study]:
    """Every study, its files made when its turn comes."""
    if (shared / "data" / "sij").is_dir():
        yield from twins.real(shared, folder / "real")
    yield from twins.simulated(folder / "simulated")
    yield from twins.one_joint(folder / "one")
    for picture in wrong(shared):
        for shown, series in SHOWN.items():
            if f"{picture.name}, {shown}" not in done:
                yield _written(picture, shown, series, folder / "wrong" / shown / picture.name)


def _written(picture: Picture, shown: str, series: tuple[str, ...], folder: Path) -> Study:
    picture.write(folder, *series)
    return Study(f"{picture.name}, {shown}", f"{picture.kind}, {shown}", picture.person, folder, "nothing")


if __name__ == "__main__":
    sys.exit(main())
