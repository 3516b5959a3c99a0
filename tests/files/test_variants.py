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
from inference.result import Analysis, Answer, Images, NotAssessable
from inference.serving.registry import LoadedBundle
from inference.sij_mri import Role, SacroiliacMri
from inference.types import Side, Volume
from reporting import gate, outputs
from reporting.sij_mri import SacroiliacPresentation
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
        study = read_study(write(**options))
        return pipeline.run(study, shipped_bundle, application="sij_mri", revision=1, started=datetime.now(UTC))

    return run


@pytest.fixture
def rebuilt(write: Callable[..., list[Path]], analysed_phantom: pipeline.Outcome) -> Run:
    """Write the phantom, choose and load its series, and build what the same voxels gave before."""

    def rebuilt(**options: object) -> pipeline.Outcome:
        study = read_study(write(**options))
        selection, known = SacroiliacMri().select(study), analysed_phantom.analysis
        by_uid = {series.series_instance_uid: series for series in study.series}
        images = []
        for plain in known.images:
            chosen = selection.chosen[plain.role]
            volume = load_volume(chosen.images, series=by_uid[chosen.series_instance_uid])
            same_place(volume, plain.volume)
            images.append(Images.of(plain.role, volume))
        analysis = replace(
            known, study_instance_uid=study.study_instance_uid, selection=selection, images=tuple(images)
        )
        words = SacroiliacPresentation()
        made = outputs.build(analysis, study, presentation=words, revision=1, software_version="0.1.0", started=STARTED)
        findings = gate.check(made.objects, analysis, presentation=words, source=study)
        return pipeline.Outcome(analysis, made, findings)

    return rebuilt


def same_place(volume: Volume, plain: Volume) -> None:
    """Two volumes hold the same voxels at the same place."""
    assert np.abs(volume.voxels - plain.voxels).max() <= 1, "one gray level: other processors round differently"
    assert np.allclose(volume.positions_mm, plain.positions_mm, atol=1e-3)
    assert np.allclose(
        [volume.row_direction, volume.column_direction], [plain.row_direction, plain.column_direction], atol=1e-5
    )
    assert volume.pixel_spacing_mm == pytest.approx(plain.pixel_spacing_mm, abs=1e-5)


def volumes_mm3(outcome: pipeline.Outcome) -> tuple[float, float]:
    """Edema left and right."""
    left, right = (outcome.analysis.measurement("edema-volume", side) for side in Side)
    assert left is not None and right is not None
    assert not isinstance(left.value, NotAssessable) and not isinstance(right.value, NotAssessable)
    return left.value, right.value


def codes(outcome: pipeline.Outcome) -> set[str]:
    """Codes of the limitations."""
    return {limitation.code for limitation in outcome.analysis.limitations}


def test_the_shipped_study_is_read_rightly(analysed_phantom: pipeline.Outcome, shipped_truth: Phantom) -> None:
    analysis, phantom = analysed_phantom.analysis, shipped_truth
    assert analysed_phantom.findings == ()
    region = analysis.segment("region")
    assert region is not None
    overlap = 2 * np.count_nonzero(region.mask & phantom.region) / (region.mask.sum() + phantom.region.sum())
    assert overlap > 0.8
    assert {one.site.side for one in analysis.segments if one.key == "joint"} == {Side.LEFT, Side.RIGHT}
    assert value_of(analysis, "axspa") == Answer.PRESENT
    left, right = volumes_mm3(analysed_phantom)
    truth = {side: sum(lesion.volume_mm3 for lesion in phantom.lesions if lesion.side is side) for side in Side}
    assert left > 4 * right, f"edema is on the left: {left} and {right} mm3, truth {truth}"
    assert value_of(analysis, "asas", Side.LEFT) == Answer.PRESENT


def value_of(analysis: Analysis, key: str, side: Side | None = None) -> str | NotAssessable:
    """The value of an evaluation."""
    evaluation = analysis.evaluation(key, side)
    assert evaluation is not None
    return evaluation.value


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


def test_without_the_fluid_sensitive_series_edema_is_not_reported(run: Run) -> None:
    outcome = run(roles=(Role.T1W,))
    assert outcome.findings == ()
    assert all(isinstance(value_of(outcome.analysis, "asas", side), NotAssessable) for side in (None, *Side))
    assert outcome.analysis.segment("joint", Side.LEFT) is not None
    assert "NO_FLUID" in codes(outcome)
    assert outcome.outputs.summary["status"] == "result"


def test_without_t1_what_can_be_said_is_said(run: Run) -> None:
    outcome = run(roles=(Role.FLUID,))
    assert outcome.findings == ()
    assert outcome.analysis.of_role(Role.T1W) is None
    assert "NO_T1" in codes(outcome)


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
