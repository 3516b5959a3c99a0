"""``python -m tests.ohif.pictures OUT``: the shipped synthetic study in OHIF, as JPEG pictures for the docs."""

import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from PIL import Image

from dicom_node.analyse import pipeline
from dicom_node.demo import unpack
from inference.dicom.headers import read_study
from inference.serving.registry import load_bundle
from inference.sij_mri import SacroiliacMri
from tests import npm, programs
from tests.ohif.content import outlines_of
from tests.ohif.hospital import Hospital, hospital
from tests.ohif.study import Study, write_objects

QUALITY = 66
SHOWN = {
    "sc-summary": ("summary", "colored"),
    "sr-text": ("text", "text"),
    "sr-edema": ("edema-outlines", "drawn"),
    "sr-joints": ("joint-outlines", "drawn"),
    "seg-edema": ("edema-areas", "colored"),
    "sc-heat": ("heatmaps", "colored"),
}


def main(out: Path) -> None:
    """Analyze the study, open each series of its results, and save what is seen."""
    built = npm.find("ohif")
    if built is None:
        raise SystemExit("OHIF was not fetched: make install-dev fetches it")
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = unpack(folder / "study")
        bundle = load_bundle("sij-1", SacroiliacMri())
        outcome = pipeline.run(read_study(files), bundle, application="sij_mri", revision=1, started=datetime.now(UTC))
        study = Study.of_files(files, write_objects(outcome.outputs.objects, folder / "results"))
        with hospital(folder / "hospital", built, programs.program) as house:
            house.store(study.files.values())
            house.viewer.open_study(study.uid, study.series)
            for kind in SHOWN:
                take(house, kind, study, out)


def take(house: Hospital, kind: str, study: Study, out: Path) -> None:
    """Open a series and save the window when it shows what it must."""
    name, verdict = SHOWN[kind]
    house.viewer.open_again()
    house.viewer.open_series(int(study.only(kind).SeriesNumber))
    if kind.startswith("seg-"):
        house.viewer.agree()
    house.viewer.wait_for(verdict)
    if kind.startswith("sc-"):
        house.viewer.close_player()
    if kind in ("seg-edema", "sc-heat"):
        house.viewer.scroll(telling(kind, study))
    house.viewer.wait_until_still()
    path = out / f"ohif-{name}.png"
    house.viewer.browser.shoot(path)
    with Image.open(path) as picture:
        picture.convert("RGB").save(path.with_suffix(".jpg"), quality=QUALITY, optimize=True, progressive=True)
    path.unlink()
    print(path.with_suffix(".jpg").name)


def telling(kind: str, study: Study) -> int:
    """Number of the image that shows most: of the largest outline, or of the most color."""
    if kind == "sc-heat":
        return int(
            max(study.results[kind], key=lambda one: np.ptp(one.pixel_array.astype(int), axis=2).sum()).InstanceNumber
        )
    return int(study.images[outlines_of(study.only("sr-edema"))[0].image].InstanceNumber)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
