"""``python -m tests.ohif.pictures OUT``: the shipped synthetic study in OHIF, as JPEG pictures for the docs."""

import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from PIL import Image

from dicom_node.analyse import pipeline
from dicom_node.demo import unpack
from inference.dicom.headers import read_study
from inference.serving.registry import load_bundle
from inference.sij_mri import SacroiliacMri
from reporting.writer import write
from tests import npm, programs
from tests.factories.analysis import paths_of
from tests.ohif.hospital import Hospital, hospital

QUALITY = 80
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
        study = read_study(files)
        bundle = load_bundle("sij-1", SacroiliacMri())
        outcome = pipeline.run(study, bundle, application="sij_mri", revision=1, started=datetime.now(UTC))
        made = outcome.outputs.objects
        paths = paths_of(made, folder)
        for one in made:
            write(one.dataset, paths[one.sop_instance_uid])
        with hospital(folder / "hospital", built, programs.program) as house:
            house.store([*files, *paths.values()])
            house.viewer.open_study(study.study_instance_uid, len({one.series_instance_uid for one in made}))
            series = {one.kind: one.series_number for one in made}
            for kind in SHOWN.keys() & series.keys():
                take(house, kind, series[kind], out)


def take(house: Hospital, kind: str, series: int, out: Path) -> None:
    """Open a series and save the window when it shows what it must."""
    name, verdict = SHOWN[kind]
    house.viewer.open_again()
    house.viewer.open_series(series)
    if kind.startswith("seg-"):
        house.viewer.agree()
    house.viewer.wait_for(verdict)
    house.viewer.wait_until_still()
    path = out / f"ohif-{name}.png"
    house.viewer.browser.shoot(path)
    with Image.open(path) as picture:
        picture.convert("RGB").save(path.with_suffix(".jpg"), quality=QUALITY, optimize=True, progressive=True)
    path.unlink()
    print(path.with_suffix(".jpg").name)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
