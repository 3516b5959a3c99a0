"""The gate lets a good result pass and holds every kind of bad one."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pydicom
import pytest

from inference.sij_mri.types import Analysis
from inference.types import Side
from reporting.gate import check
from reporting.outputs import ResultObject, build
from tests.factories.analysis import STARTED, headers_of, make_analysis, not_applicable, without_frame_of_reference


def build_objects(analysis: Analysis) -> tuple[ResultObject, ...]:
    outputs = build(analysis, headers_of(analysis), revision=1, software_version="0.1.0", started=STARTED)
    return outputs.objects


@pytest.fixture(scope="module")
def analysis(tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    return make_analysis(tmp_path_factory.mktemp("gate"))


@pytest.fixture(scope="module")
def built(analysis: Analysis) -> tuple[ResultObject, ...]:
    return build_objects(analysis)


def spoil(
    built: tuple[ResultObject, ...], kind: str, change: Callable[[pydicom.Dataset], None]
) -> tuple[ResultObject, ...]:
    """The objects with a changed copy of the first of one kind."""
    objects = list(built)
    number = next(number for number, item in enumerate(objects) if item.kind == kind)
    dataset = deepcopy(objects[number].dataset)
    change(dataset)
    objects[number] = replace(objects[number], dataset=dataset)
    return tuple(objects)


def codes_of(objects: tuple[ResultObject, ...], analysis: Analysis) -> set[str]:
    return {finding.code for finding in check(objects, analysis, headers_of(analysis))}


def test_a_good_result_may_leave(built: tuple[ResultObject, ...], analysis: Analysis) -> None:
    assert check(built, analysis, headers_of(analysis)) == ()


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
    assert check(build_objects(analysis), analysis, headers_of(analysis)) == ()


def test_without_frame_of_reference_passes(tmp_path: Path) -> None:
    analysis = without_frame_of_reference(make_analysis(tmp_path))
    assert check(build_objects(analysis), analysis, headers_of(analysis)) == ()


def test_not_applicable_passes(tmp_path: Path) -> None:
    analysis, headers = not_applicable(tmp_path)
    outputs = build(analysis, headers, revision=1, software_version="0.1.0", started=STARTED)
    assert check(outputs.objects, analysis, headers) == ()


def set_value(keyword: str, value: object) -> Callable[[pydicom.Dataset], None]:
    return lambda dataset: setattr(dataset, keyword, value)


@pytest.mark.parametrize("kind", ["seg-anatomy", "seg-edema", "sr-root", "sr-measurements", "sr-text", "sc"])
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
        left, right = dataset.SegmentSequence
        left.SegmentLabel, right.SegmentLabel = right.SegmentLabel, left.SegmentLabel

    assert {"SIDES_SWAPPED", "SIDE_CODE_WRONG"} <= codes_of(spoil(built, "seg-edema", swap), analysis)


def test_an_analysis_with_swapped_sides_is_held_though_all_objects_agree_with_it(analysis: Analysis) -> None:
    left, right = analysis.joints
    swapped = replace(analysis, joints=(replace(left, side=Side.RIGHT), replace(right, side=Side.LEFT)))
    assert "SIDES_SWAPPED" in codes_of(build_objects(swapped), swapped)
    edema = analysis.edema
    one_side = replace(analysis, edema=replace(edema, left=edema.right, right=edema.left))
    assert "SIDES_SWAPPED" in codes_of(build_objects(one_side), one_side)


def test_edema_alone_on_the_wrong_side_of_the_midline(analysis: Analysis) -> None:
    edema = replace(analysis.edema, left=analysis.edema.right, right=analysis.edema.right & False, right_mm3=0.0)
    wrong = replace(analysis, edema=edema)
    assert "SIDES_SWAPPED" in codes_of(build_objects(wrong), wrong)


def test_shifted_geometry(built, analysis: Analysis) -> None:
    def shift(dataset: pydicom.Dataset) -> None:
        for frame in dataset.PerFrameFunctionalGroupsSequence:
            position = frame.PlanePositionSequence[0]
            x, y, z = (float(value) for value in position.ImagePositionPatient)
            position.ImagePositionPatient = [f"{x:.4f}", f"{y + 2.0:.4f}", f"{z:.4f}"]

    assert codes_of(spoil(built, "seg-anatomy", shift), analysis) == {"GEOMETRY_CHANGED"}


def test_flipped_orientation(built, analysis: Analysis) -> None:
    def flip(dataset: pydicom.Dataset) -> None:
        plane = dataset.SharedFunctionalGroupsSequence[0].PlaneOrientationSequence[0]
        values = [float(value) for value in plane.ImageOrientationPatient]
        plane.ImageOrientationPatient = [f"{-v:.6f}" if n < 3 else f"{v:.6f}" for n, v in enumerate(values)]

    assert {"GEOMETRY_CHANGED", "SIDES_SWAPPED"} <= codes_of(spoil(built, "seg-anatomy", flip), analysis)


def test_changed_spacing(built, analysis: Analysis) -> None:
    def widen(dataset: pydicom.Dataset) -> None:
        dataset.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing = ["2.5", "2.5"]

    assert "GEOMETRY_CHANGED" in codes_of(spoil(built, "seg-edema", widen), analysis)


def test_changed_voxels(built, analysis: Analysis) -> None:
    def blank(dataset: pydicom.Dataset) -> None:
        data = bytearray(dataset.PixelData)
        data[: len(data) // 2] = bytes(len(data) // 2)
        dataset.PixelData = bytes(data)

    assert "CONTENT_CHANGED" in codes_of(spoil(built, "seg-anatomy", blank), analysis)


@pytest.mark.parametrize("kind", ["seg-anatomy", "seg-edema", "sr-root", "sr-measurements", "sr-text", "sc"])
def test_missing_object(built, analysis: Analysis, kind: str) -> None:
    number = next(number for number, item in enumerate(built) if item.kind == kind)
    assert "OBJECT_MISSING" in codes_of((*built[:number], *built[number + 1 :]), analysis)


def test_the_same_object_twice(built, analysis: Analysis) -> None:
    assert {"OBJECT_UNEXPECTED", "UID_REPEATED"} <= codes_of((*built, built[0]), analysis)


def find(dataset: pydicom.Dataset, code: str) -> pydicom.Dataset:
    for item in dataset.get("ContentSequence", ()):
        if item.get("ConceptNameCodeSequence") and item.ConceptNameCodeSequence[0].CodeValue == code:
            return item
        found = find(item, code)
        if found is not None:
            return found
    return None


@pytest.mark.parametrize(("kind", "code"), [("sr-root", "122157"), ("sr-root", "P1"), ("sr-measurements", "118565006")])
def test_changed_number(built, analysis: Analysis, kind: str, code: str) -> None:
    def change(dataset: pydicom.Dataset) -> None:
        find(dataset, code).MeasuredValueSequence[0].NumericValue = "0.5"

    assert codes_of(spoil(built, kind, change), analysis) == {"VALUE_CHANGED"}


@pytest.mark.parametrize("code", ["AS_STATUS", "ASAS_RULE"])
def test_changed_status(built, analysis: Analysis, code: str) -> None:
    def change(dataset: pydicom.Dataset) -> None:
        find(dataset, code).ConceptCodeSequence[0].CodeValue = "272519000"

    assert codes_of(spoil(built, "sr-root", change), analysis) == {"VALUE_CHANGED"}


def test_probabilities_that_are_none(analysis: Analysis) -> None:
    wrong = replace(analysis, prediction=replace(analysis.prediction, stage_probabilities=(0.5, 0.9, 0.0, 0.0)))
    assert "PROBABILITY_WRONG" in codes_of(build_objects(wrong), wrong)


@pytest.mark.parametrize(
    ("keyword", "value", "code"),
    [
        ("ContentQualification", "PRODUCT", "MARK_MISSING"),
        ("SeriesDescription", "SIJ segmentation", "MARK_MISSING"),
        ("VerificationFlag", "VERIFIED", "MARK_MISSING"),
        ("Manufacturer", "", "ATTRIBUTE_MISSING"),
        ("SpecificCharacterSet", "ISO_IR 100", "MARK_MISSING"),
    ],
)
def test_missing_marks(built, analysis: Analysis, keyword: str, value: str, code: str) -> None:
    assert code in codes_of(spoil(built, "sr-root", set_value(keyword, value)), analysis)


def test_reference_to_an_image_that_is_not_there(built, analysis: Analysis) -> None:
    def change(dataset: pydicom.Dataset) -> None:
        study = dataset.CurrentRequestedProcedureEvidenceSequence[0]
        study.ReferencedSeriesSequence[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID = "2.25.1234"

    assert "REFERENCE_UNKNOWN" in codes_of(spoil(built, "sr-text", change), analysis)


@pytest.mark.parametrize(
    ("keyword", "value"), [("PatientID", "T-0002"), ("PatientName", "Other^Person"), ("PatientBirthDate", "19700101")]
)
def test_images_of_two_patients_in_one_study(tmp_path: Path, keyword: str, value: str) -> None:
    analysis = make_analysis(tmp_path)
    path = analysis.t1.images[3].path
    dataset = pydicom.dcmread(path)
    setattr(dataset, keyword, value)
    dataset.save_as(path)
    assert codes_of(build_objects(analysis), analysis) == {"IDENTITY_MIXED"}


def test_one_name_in_two_cases_is_one_patient(tmp_path: Path) -> None:
    analysis = make_analysis(tmp_path)
    path = analysis.t1.images[3].path
    dataset = pydicom.dcmread(path)
    dataset.PatientName = "TEST^SUBJECT^"
    dataset.save_as(path)
    assert codes_of(build_objects(analysis), analysis) == set()


def test_findings_name_no_patient(built, analysis: Analysis) -> None:
    findings = check(spoil(built, "sr-text", set_value("PatientID", "T-0002")), analysis, headers_of(analysis))
    assert findings and not any("T-000" in finding.sentence for finding in findings)


def test_source_gone(tmp_path: Path) -> None:
    analysis = make_analysis(tmp_path)
    objects = build_objects(analysis)
    analysis.t1.images[5].path.unlink()
    assert "SOURCE_UNREADABLE" in codes_of(objects, analysis)
