"""Studies as they really come: one phantom, written in many ways, through the whole pipeline to checked objects.

Where a way of writing leaves the voxels as they are, the networks would only say the same again: then the series are
chosen and loaded anew, the voxels compared, and the objects built and checked from what was said of the plain study.
"""

import io
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pydicom
import pytest

from dicom_node.analyse import pipeline
from inference.dicom.headers import read_study
from inference.dicom.volume import load_volume
from inference.serving.registry import LoadedBundle
from inference.sij_mri.types import Role
from inference.sij_mri.wanted import select
from inference.types import Side
from reporting import gate, outputs
from reporting.writer import encode
from tests.factories.analysis import STARTED
from training.phantom.dicom import NAMES, Patient, StudyOptions, write_study
from training.phantom.phantom import Phantom

JPEG_2000 = "1.2.840.10008.1.2.4.90"
JPEG_LS = "1.2.840.10008.1.2.4.80"
RLE = "1.2.840.10008.1.2.5"

Run = Callable[..., pipeline.Outcome]


@pytest.fixture
def write(tmp_path: Path, shipped_truth: Phantom) -> Callable[..., list[Path]]:
    """Write the phantom with these options."""

    def write(*, patient: Patient | None = None, vendor: str = "siemens", **options: object) -> list[Path]:
        told = StudyOptions(**options)  # type: ignore[arg-type]
        return write_study(shipped_truth, tmp_path / "study", patient=patient, vendor=vendor, options=told)

    return write


@pytest.fixture
def run(write: Callable[..., list[Path]], shipped_bundle: LoadedBundle) -> Run:
    """Write the phantom and send it through the pipeline."""

    def run(**options: object) -> pipeline.Outcome:
        return pipeline.run(read_study(write(**options)), shipped_bundle, revision=1, started=datetime.now(UTC))

    return run


@pytest.fixture
def rebuilt(write: Callable[..., list[Path]], analysed_phantom: pipeline.Outcome) -> Run:
    """Write the phantom, choose and load its series, and build what the same voxels gave before."""

    def rebuilt(**options: object) -> pipeline.Outcome:
        study = read_study(write(**options))
        selection, known = select(study), analysed_phantom.analysis
        by_uid = {series.series_instance_uid: series for series in study.series}
        t1, fluid = (
            load_volume(chosen.images, series=by_uid[chosen.series_instance_uid])
            for chosen in (selection.chosen[Role.T1W], selection.chosen[Role.FLUID])
        )
        for volume, plain in ((t1, known.t1), (fluid, known.fluid)):
            assert np.abs(volume.voxels - plain.voxels).max() <= 1, "one grey level: other processors round differently"
            assert np.allclose(volume.positions_mm, plain.positions_mm, atol=1e-3)
            assert np.allclose(
                [volume.row_direction, volume.column_direction],
                [plain.row_direction, plain.column_direction],
                atol=1e-5,
            )
            assert volume.pixel_spacing_mm == pytest.approx(plain.pixel_spacing_mm, abs=1e-5)
        analysis = replace(known, study_instance_uid=study.study_instance_uid, selection=selection, t1=t1, fluid=fluid)
        made = outputs.build(analysis, study, revision=1, software_version="0.1.0", started=STARTED)
        return pipeline.Outcome(analysis, made, gate.check(made.objects, analysis, study))

    return rebuilt


def volumes_mm3(outcome: pipeline.Outcome) -> tuple[float, float]:
    """Oedema left and right."""
    assert outcome.analysis.edema is not None
    return outcome.analysis.edema.left_mm3, outcome.analysis.edema.right_mm3


def codes(outcome: pipeline.Outcome) -> set[str]:
    """Codes of the limitations."""
    return {limitation.code for limitation in outcome.analysis.limitations}


def test_the_shipped_study_is_read_rightly(analysed_phantom: pipeline.Outcome, shipped_truth: Phantom) -> None:
    analysis, phantom = analysed_phantom.analysis, shipped_truth
    assert analysed_phantom.findings == ()
    assert analysis.region is not None
    overlap = 2 * np.count_nonzero(analysis.region & phantom.region) / (analysis.region.sum() + phantom.region.sum())
    assert overlap > 0.8
    assert {joint.side for joint in analysis.joints} == {Side.LEFT, Side.RIGHT}
    assert analysis.prediction is not None
    assert analysis.prediction.as_present
    left, right = volumes_mm3(analysed_phantom)
    truth = {side: sum(lesion.volume_mm3 for lesion in phantom.lesions if lesion.side is side) for side in Side}
    assert left > 4 * right, f"oedema is on the left: {left} and {right} mm3, truth {truth}"
    assert analysis.asas is not None
    assert analysis.asas.left_positive


@pytest.mark.parametrize("syntax", [JPEG_2000, JPEG_LS, RLE], ids=["JPEG 2000", "JPEG-LS", "RLE"])
def test_compression_changes_nothing(rebuilt: Run, syntax: str) -> None:
    assert rebuilt(transfer_syntax=syntax).findings == ()


def test_enhanced_multi_frame_gives_the_same(run: Run, analysed_phantom: pipeline.Outcome) -> None:
    outcome = run(enhanced=True)
    assert outcome.findings == ()
    assert volumes_mm3(outcome) == pytest.approx(volumes_mm3(analysed_phantom), rel=0.05, abs=50)


@pytest.mark.parametrize("vendor", ["philips", "ge", "canon"])
def test_other_vendors_names_change_nothing(rebuilt: Run, vendor: str) -> None:
    assert rebuilt(vendor=vendor).findings == ()


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
def test_names_in_other_scripts_come_back_intact(rebuilt: Run, script: str) -> None:
    character_set, name = NAMES[script]
    outcome = rebuilt(patient=Patient(name=name, character_set=character_set))
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
def test_missing_type_2_attributes_become_empty_ones(rebuilt: Run, options: Mapping[str, object]) -> None:
    outcome = rebuilt(**options)
    assert outcome.findings == ()
    for made in outcome.outputs.objects:
        read = pydicom.dcmread(io.BytesIO(encode(made.dataset)))
        assert all(not read[keyword].value for keyword in options["absent"] if keyword in read)  # type: ignore[attr-defined]


def test_an_empty_patient_id_stays_empty(rebuilt: Run) -> None:
    outcome = rebuilt(patient=Patient(identifier=""))
    assert outcome.findings == ()
    assert {made.dataset.PatientID for made in outcome.outputs.objects} <= {"", None}
