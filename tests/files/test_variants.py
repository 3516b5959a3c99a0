"""Studies as they really come: one phantom, written in many ways, through the whole pipeline to checked objects."""

import io
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pydicom
import pytest

from dicom_node.analyse import pipeline
from inference.dicom.headers import read_study
from inference.serving.registry import LoadedBundle
from inference.sij_mri.types import Role
from inference.types import Side
from reporting.writer import encode
from training.phantom.dicom import NAMES, Patient, StudyOptions, write_study
from training.phantom.phantom import Phantom
from training.phantom.shipped import shipped_phantom

JPEG_2000 = "1.2.840.10008.1.2.4.90"
JPEG_LS = "1.2.840.10008.1.2.4.80"
RLE = "1.2.840.10008.1.2.5"

Run = Callable[..., pipeline.Outcome]


@pytest.fixture(scope="module")
def bundle(shipped_bundle: LoadedBundle) -> LoadedBundle:
    """The shipped bundle."""
    return shipped_bundle


@pytest.fixture(scope="module")
def phantom() -> Phantom:
    """The shipped phantom, with its truth."""
    return shipped_phantom()


@pytest.fixture
def run(tmp_path: Path, phantom: Phantom, bundle: LoadedBundle) -> Run:
    """Write the phantom with these options and send it through the pipeline."""

    def run(*, patient: Patient | None = None, vendor: str = "siemens", **options: object) -> pipeline.Outcome:
        files = write_study(
            phantom, tmp_path / "study", patient=patient, vendor=vendor, options=StudyOptions(**options)
        )  # type: ignore[arg-type]
        return pipeline.run(read_study(files), bundle, revision=1, started=datetime.now(UTC))

    return run


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory, phantom: Phantom, bundle: LoadedBundle) -> pipeline.Outcome:
    """The phantom written without any complication, for comparison."""
    files = write_study(phantom, tmp_path_factory.mktemp("plain"))
    return pipeline.run(read_study(files), bundle, revision=1, started=datetime.now(UTC))


def volumes_mm3(outcome: pipeline.Outcome) -> tuple[float, float]:
    """Oedema left and right."""
    assert outcome.analysis.edema is not None
    return outcome.analysis.edema.left_mm3, outcome.analysis.edema.right_mm3


def codes(outcome: pipeline.Outcome) -> set[str]:
    """Codes of the limitations."""
    return {limitation.code for limitation in outcome.analysis.limitations}


def test_the_shipped_study_is_read_rightly(plain: pipeline.Outcome, phantom: Phantom) -> None:
    analysis = plain.analysis
    assert plain.findings == ()
    assert analysis.region is not None
    overlap = 2 * np.count_nonzero(analysis.region & phantom.region) / (analysis.region.sum() + phantom.region.sum())
    assert overlap > 0.8
    assert {joint.side for joint in analysis.joints} == {Side.LEFT, Side.RIGHT}
    assert analysis.prediction is not None
    assert analysis.prediction.as_present
    left, right = volumes_mm3(plain)
    truth = {side: sum(lesion.volume_mm3 for lesion in phantom.lesions if lesion.side is side) for side in Side}
    assert left > 4 * right, f"oedema is on the left: {left} and {right} mm3, truth {truth}"
    assert analysis.asas is not None
    assert analysis.asas.left_positive


@pytest.mark.parametrize("syntax", [JPEG_2000, JPEG_LS, RLE], ids=["JPEG 2000", "JPEG-LS", "RLE"])
def test_compression_changes_nothing(run: Run, plain: pipeline.Outcome, syntax: str) -> None:
    outcome = run(transfer_syntax=syntax)
    assert outcome.findings == ()
    assert volumes_mm3(outcome) == volumes_mm3(plain)


def test_enhanced_multi_frame_gives_the_same(run: Run, plain: pipeline.Outcome) -> None:
    outcome = run(enhanced=True)
    assert outcome.findings == ()
    assert volumes_mm3(outcome) == pytest.approx(volumes_mm3(plain), rel=0.05, abs=50)


@pytest.mark.parametrize("vendor", ["philips", "ge", "canon"])
def test_other_vendors_names_change_nothing(run: Run, plain: pipeline.Outcome, vendor: str) -> None:
    outcome = run(vendor=vendor)
    assert outcome.findings == ()
    assert volumes_mm3(outcome) == pytest.approx(volumes_mm3(plain), rel=0.02, abs=20)


def test_a_missing_slice_is_said_and_the_rest_is_read(run: Run) -> None:
    outcome = run(missing_slices={Role.T1W: (12,), Role.FLUID: (11,)})
    assert outcome.findings == ()
    assert "SERIES_IRREGULAR" in codes(outcome)
    assert volumes_mm3(outcome)[0] > 1000


def test_unequal_spacing_is_said_and_the_rest_is_read(run: Run) -> None:
    outcome = run(uneven_mm=1.5)
    assert outcome.findings == ()
    assert "SERIES_IRREGULAR" in codes(outcome)
    assert volumes_mm3(outcome)[0] > 1000


def test_without_the_fluid_sensitive_series_oedema_is_not_reported(run: Run) -> None:
    outcome = run(roles=(Role.T1W,))
    assert outcome.findings == ()
    assert outcome.analysis.edema is None
    assert outcome.analysis.joints
    assert any("fluid-sensitive" in limitation.sentence for limitation in outcome.analysis.limitations)
    assert outcome.outputs.summary["status"] == "result"


def test_without_t1_what_can_be_said_is_said(run: Run) -> None:
    outcome = run(roles=(Role.FLUID,))
    assert outcome.findings == ()
    assert outcome.analysis.t1 is None
    assert any("T1" in limitation.sentence for limitation in outcome.analysis.limitations)


@pytest.mark.parametrize("script", ["japanese", "korean", "cyrillic"])
def test_names_in_other_scripts_come_back_intact(run: Run, script: str) -> None:
    character_set, name = NAMES[script]
    outcome = run(patient=Patient(name=name, character_set=character_set))
    assert outcome.findings == ()
    for made in outcome.outputs.objects:
        assert pydicom.dcmread(io.BytesIO(encode(made.dataset))).PatientName == name


@pytest.mark.parametrize(
    "options",
    [
        {"absent": ("StudyID", "AccessionNumber", "PatientBirthDate", "ReferringPhysicianName", "StudyTime")},
        {"absent": ("PatientID", "PatientName", "PatientSex")},
    ],
    ids=["study", "patient"],
)
def test_missing_type_2_attributes_become_empty_ones(run: Run, options: Mapping[str, object]) -> None:
    outcome = run(**options)
    assert outcome.findings == ()
    for made in outcome.outputs.objects:
        read = pydicom.dcmread(io.BytesIO(encode(made.dataset)))
        assert all(not read[keyword].value for keyword in options["absent"] if keyword in read)  # type: ignore[attr-defined]


def test_an_empty_patient_id_stays_empty(run: Run) -> None:
    outcome = run(patient=Patient(identifier=""))
    assert outcome.findings == ()
    assert {made.dataset.PatientID for made in outcome.outputs.objects} <= {"", None}
