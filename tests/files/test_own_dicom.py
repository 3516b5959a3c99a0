"""From a folder of DICOM to a data set, as the how-to has it; corrected results of the node come back as labels."""

import re
import shlex
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from inference.result import Analysis
from inference.types import Side
from tests.factories.analysis import build_outputs, make_analysis, with_enhanced_t1
from training.__main__ import main
from training.data import DicomMapping, open_cohort
from training.sij_mri.importing.segments import known_segments, read_segments

if TYPE_CHECKING:
    from dicom_node.analyse.pipeline import Outcome

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "import-own-data.md"


@pytest.fixture(scope="module")
def studies(
    shipped_study: list[Path], analysed_phantom: "Outcome", tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """Two patients with the same images, each with the areas that the node found; those of the first were corrected."""
    folder = tmp_path_factory.mktemp("studies")
    found = [one.dataset for one in analysed_phantom.outputs.objects if "SegmentSequence" in one.dataset]
    for patient in ("one", "two"):
        (folder / patient).mkdir()
        for number, path in enumerate(shipped_study):
            _of(patient, pydicom.dcmread(path)).save_as(folder / patient / f"{number}.dcm")
        for number, dataset in enumerate(found):
            changed = _of(patient, dataset)
            for segment in changed.SegmentSequence:
                segment.SegmentAlgorithmType = "MANUAL" if patient == "one" else "AUTOMATIC"
            changed.save_as(folder / patient / f"seg{number}.dcm")
    yield folder
    shutil.rmtree(folder)


def _of(patient: str, dataset: Dataset) -> Dataset:
    made = pydicom.dcmread(_bytes(dataset))
    made.PatientID = made.PatientName = f"Secret^{patient}"
    for key in ("StudyInstanceUID", "SeriesInstanceUID"):
        setattr(made, key, f"{getattr(made, key)[:50]}.{len(patient)}{ord(patient[0])}")
    return made


def _bytes(dataset: Dataset) -> "object":
    import io

    stream = io.BytesIO()
    dataset.save_as(stream)
    stream.seek(0)
    return stream


def test_the_how_to_does_what_it_says(
    studies: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    text = PAGE.read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AXSPA_TRAIN_SECRET", str(tmp_path / "secret"))
    (tmp_path / "STUDIES").symlink_to(studies)
    (tmp_path / "own.toml").write_text(re.findall(r"```toml\n(.*?)```", text, re.S)[0])
    commands = [line for block in re.findall(r"```sh\n(.*?)```", text, re.S) for line in block.splitlines()]
    assert len(commands) == 5
    for command in commands:
        assert main(shlex.split(command)[1:]) == 0, command

    cohort = open_cohort(tmp_path / "runs" / "own")
    masks = sorted(item.masks for item in cohort.items)
    assert masks == [(), ("inflammation_S1", "joint_left", "joint_right")]
    assert "AUTOMATIC" not in caplog.text and "nobody corrected it" in caplog.text
    assert (cohort.source, cohort.items[0].center) == ("Sacroiliac MRI of our department, 2024", "our department")
    labeled = next(item for item in cohort.items if item.masks)
    assert cohort.mask(labeled.name, "joint_left").any() and cohort.mask(labeled.name, "inflammation_S1").any()
    assert len(cohort.splits["by-patient"]) == 2
    pictures = open_cohort(tmp_path / "runs" / "own-pictures")
    assert pictures.terms == cohort.terms and len(pictures.items) > 20
    assert "our ethics committee" in (pictures.folder / "datasheet.md").read_text()
    kept = "".join(path.read_text() for path in (tmp_path / "runs").rglob("*.[jcmt]*") if path.suffix != ".png")
    assert "Secret" not in kept and str(pydicom.dcmread(studies / "one" / "0.dcm").StudyInstanceUID) not in kept
    assert (tmp_path / "secret").stat().st_mode & 0o077 == 0


def segment(number: int, **values: object) -> Dataset:
    made = Dataset()
    made.SegmentNumber, made.SegmentAlgorithmType = number, "MANUAL"
    for key, value in values.items():
        setattr(made, key, value)
    return made


def code(value: str, scheme: str, meaning: str = "") -> Dataset:
    made = Dataset()
    made.CodeValue, made.CodingSchemeDesignator, made.CodeMeaning = value, scheme, meaning
    return made


def test_a_segment_is_known_by_what_it_says_not_by_its_number() -> None:
    left = Dataset()
    left.AnatomicRegionModifierSequence = Sequence([code("7771000", "SCT", "Left")])
    band, edema = code("SIJ_BAND", "99AXSPA"), code("79654002", "SCT", "Edema")
    dataset = Dataset()
    dataset.SegmentSequence = Sequence(
        [
            segment(9, TrackingID="AXSPA-REGION", SegmentLabel="renamed"),
            segment(2, SegmentLabel="x", SegmentedPropertyTypeCodeSequence=[band], AnatomicRegionSequence=[left]),
            segment(3, SegmentLabel="x", SegmentedPropertyTypeCodeSequence=[edema]),
            segment(4, SegmentLabel="Sacroiliac bone region"),
            segment(5, SegmentLabel="erosions of Dr. A"),
            segment(6, SegmentLabel="something else"),
        ]
    )
    found = known_segments(dataset, DicomMapping(segments={"erosions of Dr. A": "erosion_A"}))
    assert [(one.number, one.label) for one in found] == [
        (9, "region"),
        (2, "joint_left"),
        (3, "inflammation"),
        (4, "region"),
        (5, "erosion_A"),
    ]


@pytest.mark.parametrize("make", [with_enhanced_t1, make_analysis])
def test_masks_come_back_from_slices_in_one_file_as_from_many(make: Callable[[Path], Analysis], tmp_path: Path) -> None:
    analysis = make(tmp_path)
    volumes = [images.volume for images in analysis.images]
    masks: dict[str, np.ndarray] = {}
    for one in build_outputs(analysis).objects:
        if "SegmentSequence" in one.dataset:
            masks |= read_segments(one.dataset, volumes, DicomMapping(automatic=True))
    for side in Side:
        expected = analysis.segment("joint", side)
        assert expected is not None and np.array_equal(masks[f"joint_{side.value}"], expected.mask)
    assert masks["inflammation"].any()
