"""Ten reports as they come out: ``python -m tests.reports_page --out docs/evaluation/reports.md``.

Three real patients, three simulated ones, and four studies that are wrong or of which a part is missing go through the
node's own path; the text report of each is written down as a radiologist would read it.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.dataset import Dataset

from dicom_node.analyse import pipeline
from inference.dicom import read_study
from inference.serving import LoadedBundle, load_bundle
from inference.sij_mri import Role, SacroiliacMri
from inference.types import Side
from tests.proof import commit
from tests.recognition.twins import BEYOND_MM
from training.phantom.dicom import StudyOptions, write_study
from training.phantom.phantom import GridSpec, LesionRequest, PhantomSpec, make_phantom
from training.phantom.shipped import shipped_phantom

HEAD = """# Ten reports

Made by `python -m tests.reports_page --out docs/evaluation/reports.md` at commit {commit} with the bundle {bundle}. The
shipped networks have seen the three real patients: this page shows what is said and how, not how well it is judged.
Simulated patients are synthetic. RESEARCH ONLY: not a medical device, not for diagnosis or treatment.
"""

WHOLE = GridSpec()
"""A stack that holds both joints."""


@dataclass(frozen=True, slots=True)
class Case:
    """A study, and what is known of it."""

    title: str
    known: str
    files: Callable[[Path], list[Path]]


def main() -> int:
    """Read all and write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--shared", type=Path, default=Path("../shared"), help="folder of the real data")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    bundle = load_bundle("sij-1", SacroiliacMri())
    sections = []
    for number, case in enumerate(cases(options.shared), 1):
        with tempfile.TemporaryDirectory(prefix="axspa-report-") as folder:
            sections.append(f"## {number}. {case.title}\n\n{case.known}\n\n{report(case, Path(folder), bundle)}")
            print(case.title, flush=True)
    used = bundle.identity
    commit_made = commit.head(Path(__file__).parent)[:12]
    head = HEAD.format(commit=commit_made, bundle=f"{used.name} {used.version}")
    options.out.write_text("\n".join([head, *sections]), encoding="utf-8")
    return 0


def cases(shared: Path) -> Iterator[Case]:
    """The ten studies."""
    for subject, known in (
        ("1013", "Readers: edema on both sides, much of it."),
        ("1007", "Readers: a little edema, 1.3 to 1.9 ml a side."),
        ("2015", "Nobody marked its edema."),
    ):
        yield Case(f"Real patient {subject}", f"T1W and STIR. {known}", real(shared, subject))
    both = (Side.LEFT, Side.RIGHT)
    yield Case("Simulated, without a lesion", "No lesion was made.", simulated(21))
    yield Case("Simulated, edema", "The shipped study: edema on the left, a small spot on the right.", shipped)
    structural = tuple(LesionRequest(kind, side, "both") for side in both for kind in ("erosion", "ankylosis", "fat"))
    yield Case("Simulated, structural lesions", "Erosions, fat and ankylosis on both sides.", simulated(22, structural))
    yield Case("T1W alone", "Real patient 1016 without its STIR.", real(shared, "1016", without="t2_tirm"))
    yield Case("Fluid-sensitive alone", "A simulated patient without T1W.", simulated(23, roles=(Role.FLUID,)))
    inflamed = tuple(LesionRequest("bme", side, "both") for side in both)
    beside = simulated(7950, inflamed, grid=GridSpec(shift_mm=(BEYOND_MM, 0.0, 0.0)))
    yield Case("One joint", "A simulated patient with edema on both sides; the right joint is not shown.", beside)
    yield Case("Noise", "Noise under the headers of a suitable study.", changed(25, noise))


def real(shared: Path, subject: str, *, without: str = "") -> Callable[[Path], list[Path]]:
    """A real patient, as DICOM; ``without`` leaves out the series whose description holds it."""

    def files(folder: Path) -> list[Path]:
        tool = [sys.executable, str(shared / "tools" / "sij_to_dicom.py"), subject, str(folder)]
        subprocess.run(tool, check=True, capture_output=True)
        found = sorted(folder.rglob("*.dcm"))
        return [path for path in found if not (without and without in _description(path))]

    return files


def _description(path: Path) -> str:
    dataset = dcmread(path, specific_tags=["SeriesDescription"])
    return str(dataset.SeriesDescription).lower()


def simulated(
    seed: int,
    lesions: tuple[LesionRequest, ...] = (),
    *,
    roles: tuple[Role, ...] = tuple(Role),
    grid: GridSpec = WHOLE,
) -> Callable[[Path], list[Path]]:
    """A simulated patient; the grid is that of both series."""

    def files(folder: Path) -> list[Path]:
        phantom = make_phantom(seed, spec=PhantomSpec(t1=grid, fluid=grid, lesions=lesions))
        return list(write_study(phantom, folder, options=StudyOptions(roles=roles)))

    return files


def shipped(folder: Path) -> list[Path]:
    """The study that ships."""
    return list(write_study(shipped_phantom(), folder))


def changed(seed: int, change: Callable[[Dataset], NDArray[np.uint16]]) -> Callable[[Path], list[Path]]:
    """A simulated patient whose pixels are changed."""

    def files(folder: Path) -> list[Path]:
        paths = simulated(seed)(folder)
        for path in paths:
            dataset = dcmread(path)
            dataset.PixelData = change(dataset).tobytes()
            dataset.save_as(path)
        return paths

    return files


def noise(dataset: Dataset) -> NDArray[np.uint16]:
    """Noise, another one for each image."""
    chance = np.random.default_rng(int(dataset.InstanceNumber))
    return chance.integers(0, 1000, (dataset.Rows, dataset.Columns)).astype(np.uint16)


def report(case: Case, folder: Path, bundle: LoadedBundle) -> str:
    """The text report of a study, section by section, as Markdown."""
    study = read_study(case.files(folder))
    outcome = pipeline.run(study, bundle, application="sij_mri", revision=1, started=datetime.now(UTC))
    text = next(item.dataset for item in outcome.outputs.objects if item.kind == "sr-text")
    blocks = []
    for section in text.ContentSequence:
        if section.ValueType == "CONTAINER":
            heading = section.ConceptNameCodeSequence[0].CodeMeaning
            lines = [str(item.TextValue) for item in section.ContentSequence if item.ValueType == "TEXT"]
            blocks.append(f"**{heading}**\n\n" + "\n".join(f"> {line}<br>" for line in lines))
    left = "" if outcome.may_leave else "\n\n*The gate held this result.*"
    return "\n\n".join(blocks) + left + "\n"


if __name__ == "__main__":
    sys.exit(main())
