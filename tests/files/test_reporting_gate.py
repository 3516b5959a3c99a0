"""The gate lets a good result pass and holds every kind of bad one."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pydicom
import pytest

from inference.result import Analysis, Segment
from inference.sij_mri import Role
from inference.types import Side
from reporting.types import ResultObject
from tests.factories.analysis import (
    build_outputs,
    gate_findings,
    make_analysis,
    not_applicable,
    without_frame_of_reference,
)
from tests.factories.checked import codes_of, spoil


def build_objects(analysis: Analysis) -> tuple[ResultObject, ...]:
    return build_outputs(analysis).objects


def with_segments(analysis: Analysis, change: Callable[[Segment], Segment | None]) -> Analysis:
    """An analysis with changed segments; those changed to None are gone."""
    changed = (change(segment) for segment in analysis.segments)
    return replace(analysis, segments=tuple(segment for segment in changed if segment is not None))


def on_other_side(key: str) -> Callable[[Segment], Segment]:
    """A change that swaps the sides of the segments of one key."""

    def swap(segment: Segment) -> Segment:
        if segment.key != key:
            return segment
        other = Side.RIGHT if segment.site.side is Side.LEFT else Side.LEFT
        return replace(segment, site=replace(segment.site, side=other))

    return swap


@pytest.fixture(scope="module")
def analysis(tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    return make_analysis(tmp_path_factory.mktemp("gate"))


@pytest.fixture(scope="module")
def built(analysis: Analysis) -> tuple[ResultObject, ...]:
    return build_objects(analysis)


def test_a_good_result_may_leave(built: tuple[ResultObject, ...], analysis: Analysis) -> None:
    assert gate_findings(built, analysis) == ()


@pytest.mark.parametrize(
    "options",
    [
        {"with_t1": False},
        {"with_fluid": False},
        {"edema": (False, False)},
        {"edema": (False, True)},
        {"flip": True},
        {"header": {"PatientBirthDate": "1990", "PatientSex": "f", "StudyTime": "10:15:00"}},
        {"header": {"AccessionNumber": None, "StudyID": None, "PatientBirthDate": None, "PatientSex": None}},
        {"header": {"PatientID": ""}},
        {"header": {"PatientName": None, "PatientID": None, "StudyDate": None, "StudyTime": None}},
    ],
)  # fmt: skip
def test_odd_but_honest_sources_pass(tmp_path: Path, options: dict) -> None:
    analysis = make_analysis(tmp_path, **options)
    assert gate_findings(build_objects(analysis), analysis) == ()


def test_without_frame_of_reference_passes(tmp_path: Path) -> None:
    analysis = without_frame_of_reference(make_analysis(tmp_path))
    assert gate_findings(build_objects(analysis), analysis) == ()


def test_not_applicable_passes(tmp_path: Path) -> None:
    analysis, headers = not_applicable(tmp_path)
    assert gate_findings(build_outputs(analysis, headers).objects, analysis, headers) == ()


def set_value(keyword: str, value: object) -> Callable[[pydicom.Dataset], None]:
    return lambda dataset: setattr(dataset, keyword, value)


@pytest.mark.parametrize(
    "kind", ["seg-joints", "seg-edema", "sr-edema", "sr-joints", "sr-text", "sc-summary", "sc-heat"]
)
@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("PatientID", "T-0002"),
        ("PatientName", "Other^Person"),
        ("AccessionNumber", "X"),
        ("StudyInstanceUID", "2.25.9"),
    ],
)
def test_changed_identity(built, analysis: Analysis, kind: str, keyword: str, value: str) -> None:
    assert codes_of(spoil(built, kind, set_value(keyword, value)), analysis) == {"IDENTITY_CHANGED"}


def test_swapped_labels(built, analysis: Analysis) -> None:
    def swap(dataset: pydicom.Dataset) -> None:
        left, right = dataset.SegmentSequence[:2]
        left.SegmentLabel, right.SegmentLabel = right.SegmentLabel, left.SegmentLabel

    assert {"SIDES_SWAPPED", "SIDE_CODE_WRONG"} <= codes_of(spoil(built, "seg-edema", swap), analysis)


@pytest.mark.parametrize("key", ["joint", "edema"])
def test_an_analysis_with_swapped_sides_is_held_though_all_objects_agree_with_it(analysis: Analysis, key: str) -> None:
    swapped = with_segments(analysis, on_other_side(key))
    assert "SIDES_SWAPPED" in codes_of(build_objects(swapped), swapped)


def test_edema_alone_on_the_wrong_side_of_the_midline(analysis: Analysis) -> None:
    swap = on_other_side("edema")
    wrong = with_segments(analysis, lambda one: None if (one.key, one.site.side) == ("edema", Side.LEFT) else swap(one))
    assert [one.site.side for one in wrong.segments if one.key == "edema"] == [Side.LEFT]
    assert "SIDES_SWAPPED" in codes_of(build_objects(wrong), wrong)


def test_shifted_geometry(built, analysis: Analysis) -> None:
    def shift(dataset: pydicom.Dataset) -> None:
        for frame in dataset.PerFrameFunctionalGroupsSequence:
            position = frame.PlanePositionSequence[0]
            x, y, z = (float(value) for value in position.ImagePositionPatient)
            position.ImagePositionPatient = [f"{x:.4f}", f"{y + 2.0:.4f}", f"{z:.4f}"]

    assert codes_of(spoil(built, "seg-joints", shift), analysis) == {"GEOMETRY_CHANGED"}


def test_flipped_orientation(built, analysis: Analysis) -> None:
    def flip(dataset: pydicom.Dataset) -> None:
        plane = dataset.SharedFunctionalGroupsSequence[0].PlaneOrientationSequence[0]
        values = [float(value) for value in plane.ImageOrientationPatient]
        plane.ImageOrientationPatient = [f"{-v:.6f}" if n < 3 else f"{v:.6f}" for n, v in enumerate(values)]

    assert {"GEOMETRY_CHANGED", "SIDES_SWAPPED"} <= codes_of(spoil(built, "seg-joints", flip), analysis)


def test_changed_spacing(built, analysis: Analysis) -> None:
    def widen(dataset: pydicom.Dataset) -> None:
        dataset.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing = ["2.5", "2.5"]

    assert "GEOMETRY_CHANGED" in codes_of(spoil(built, "seg-edema", widen), analysis)


def test_changed_voxels(built, analysis: Analysis) -> None:
    def blank(dataset: pydicom.Dataset) -> None:
        data = bytearray(dataset.PixelData)
        data[: len(data) // 2] = bytes(len(data) // 2)
        dataset.PixelData = bytes(data)

    assert "CONTENT_CHANGED" in codes_of(spoil(built, "seg-joints", blank), analysis)


@pytest.mark.parametrize(
    "kind", ["seg-joints", "seg-edema", "sr-edema", "sr-joints", "sr-text", "sc-summary", "sc-heat"]
)
def test_missing_object(built, analysis: Analysis, kind: str) -> None:
    number = next(number for number, item in enumerate(built) if item.kind == kind)
    assert "OBJECT_MISSING" in codes_of((*built[:number], *built[number + 1 :]), analysis)


def test_the_same_object_twice(built, analysis: Analysis) -> None:
    assert {"OBJECT_UNEXPECTED", "UID_REPEATED"} <= codes_of((*built, built[0]), analysis)


def test_a_kind_that_nothing_has(built, analysis: Analysis) -> None:
    objects = (*built[:-1], replace(built[-1], kind="video"))
    assert {"OBJECT_UNEXPECTED", "MODALITY_UNKNOWN"} <= codes_of(objects, analysis)


def test_an_object_of_another_class_than_its_kind(built, analysis: Analysis) -> None:
    number = next(number for number, item in enumerate(built) if item.kind == "sr-text")
    root = replace(next(item for item in built if item.kind == "seg-edema"), kind="sr-text")
    assert "MODALITY_UNKNOWN" in codes_of((*built[:number], root, *built[number + 1 :]), analysis)


@pytest.mark.parametrize(
    ("keyword", "value", "code"),
    [
        ("ContentQualification", "PRODUCT", "MARK_MISSING"),
        ("SeriesDescription", "", "MARK_MISSING"),
        ("VerificationFlag", "VERIFIED", "MARK_MISSING"),
        ("Manufacturer", "", "ATTRIBUTE_MISSING"),
        ("SpecificCharacterSet", "ISO_IR 100", "MARK_MISSING"),
    ],
)
def test_missing_marks(built, analysis: Analysis, keyword: str, value: str, code: str) -> None:
    assert code in codes_of(spoil(built, "sr-edema", set_value(keyword, value)), analysis)


def test_reference_to_an_image_that_is_not_there(built, analysis: Analysis) -> None:
    def change(dataset: pydicom.Dataset) -> None:
        study = dataset.CurrentRequestedProcedureEvidenceSequence[0]
        study.ReferencedSeriesSequence[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID = "2.25.1234"

    assert "REFERENCE_UNKNOWN" in codes_of(spoil(built, "sr-text", change), analysis)


@pytest.mark.parametrize(
    ("keyword", "value", "code"),
    [
        ("PatientID", "T-0002", "IDENTITY_MIXED"),
        ("PatientName", "Other^Person", "IDENTITY_MIXED"),
        ("PatientBirthDate", "19700101", "IDENTITY_MIXED"),
        ("StudyInstanceUID", "1.2.3.4", "STUDY_MIXED"),
    ],
)
def test_images_of_two_patients_or_studies(tmp_path: Path, keyword: str, value: str, code: str) -> None:
    analysis = make_analysis(tmp_path)
    path = analysis.of_role(Role.T1W).sources[3].path
    dataset = pydicom.dcmread(path)
    setattr(dataset, keyword, value)
    dataset.save_as(path)
    assert codes_of(build_objects(analysis), analysis) == {code}


def test_one_name_in_two_cases_is_one_patient(tmp_path: Path) -> None:
    analysis = make_analysis(tmp_path)
    path = analysis.of_role(Role.T1W).sources[3].path
    dataset = pydicom.dcmread(path)
    dataset.PatientName = "TEST^SUBJECT^"
    dataset.save_as(path)
    assert codes_of(build_objects(analysis), analysis) == set()


def test_findings_name_no_patient(built, analysis: Analysis) -> None:
    findings = gate_findings(spoil(built, "sr-text", set_value("PatientID", "T-0002")), analysis)
    assert findings and not any("T-000" in finding.sentence for finding in findings)


def test_source_gone(tmp_path: Path) -> None:
    analysis = make_analysis(tmp_path)
    objects = build_objects(analysis)
    analysis.of_role(Role.T1W).sources[5].path.unlink()
    assert "SOURCE_UNREADABLE" in codes_of(objects, analysis)
