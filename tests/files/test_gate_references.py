"""Whatever an object of any class names is there, in the lists that must have it, and lies where its source lies."""

from collections.abc import Callable
from copy import deepcopy

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage

from reporting.checks import check_places, check_references
from reporting.sij_mri.presentation import SacroiliacPresentation
from tests.factories.analysis import make_analysis
from tests.factories.checked import Objects

UNKNOWN, LISTS = "REFERENCE_UNKNOWN", "EVIDENCE_INCOMPLETE"
SEGMENTATIONS = ("seg-joints", "seg-edema", "seg-region")
NAMES = (*SEGMENTATIONS, "sr-edema", "sr-joints", "sr-text", "sc-heat", "ko", "pr", "pdf", "pm")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Objects:
    return Objects(make_analysis(tmp_path_factory.mktemp("references")))


def codes_of(made: Objects, kind: str, change: Callable[[Dataset], None]) -> set[str]:
    """What is found in a changed object, among all others as they are."""
    read = [*made.beside(kind), made.read(kind, change)]
    found = [*check_references(read, made.source, (), SacroiliacPresentation()), *check_places(read, made.source)]
    return {str(one.code) for one in found if one.object_kind == kind}


@pytest.mark.parametrize("kind", NAMES)
def test_good_objects_name_what_is_there(made: Objects, kind: str) -> None:
    assert codes_of(made, kind, lambda dataset: None) == set()


def first_reference(dataset: Dataset) -> Dataset:
    """The first item that names an instance."""
    if "ReferencedSOPInstanceUID" in dataset:
        return dataset
    below = (first_reference(item) for element in dataset if element.VR == "SQ" for item in element.value)
    return next((one for one in below if one), Dataset())


@pytest.mark.parametrize("kind", NAMES)
@pytest.mark.parametrize(
    ("keyword", "value"), [("ReferencedSOPInstanceUID", "2.25.77"), ("ReferencedSOPClassUID", CTImageStorage)]
)
def test_an_instance_that_is_not_there_or_of_another_class(made: Objects, kind: str, keyword: str, value: str) -> None:
    assert UNKNOWN in codes_of(made, kind, lambda dataset: setattr(first_reference(dataset), keyword, value))


@pytest.mark.parametrize(("keyword", "value"), [("ReferencedFrameNumber", 2), ("ReferencedSegmentNumber", 9)])
def test_a_frame_or_a_segment_that_is_not_there(made: Objects, keyword: str, value: int) -> None:
    assert UNKNOWN in codes_of(made, "sc-heat", lambda dataset: setattr(first_reference(dataset), keyword, value))


def test_an_image_under_another_series(made: Objects) -> None:
    def change(dataset: Dataset) -> None:
        dataset.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence[0].SeriesInstanceUID = "2.25.78"

    assert codes_of(made, "sr-text", change) == {UNKNOWN}


def without_evidence(dataset: Dataset) -> None:
    """What is named is no evidence."""
    del dataset.CurrentRequestedProcedureEvidenceSequence


def with_more(dataset: Dataset) -> None:
    """The first instance of the evidence named twice."""
    instances = dataset.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence
    instances.append(deepcopy(instances[0]))


def without_series(dataset: Dataset) -> None:
    """A list of series that lacks the instances of one."""
    series = dataset.ReferencedSeriesSequence[0]
    keyword = "ReferencedInstanceSequence" if "ReferencedInstanceSequence" in series else "ReferencedImageSequence"
    del series[keyword].value[:]


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("sr-edema", without_evidence),
        ("sr-edema", with_more),
        ("ko", without_evidence),
        ("seg-edema", without_series),
        ("pm", without_series),
        ("pr", without_series),
    ],
)
def test_a_list_that_is_not_complete(made: Objects, kind: str, change: Callable[[Dataset], None]) -> None:
    assert LISTS in codes_of(made, kind, change)


def test_key_objects_list_what_they_show_and_no_more(made: Objects) -> None:
    def show_less(dataset: Dataset) -> None:
        del next(part for part in dataset.ContentSequence if part.ValueType == "IMAGE")["ReferencedSOPSequence"]

    assert codes_of(made, "ko", show_less) == {LISTS}
    assert codes_of(made, "sr-text", lambda dataset: None) == set()  # which may rest on more than it names


@pytest.mark.parametrize("kind", ["sc-heat", "seg-edema", "pm"])
def test_a_picture_that_does_not_lie_where_its_source_lies(made: Objects, kind: str) -> None:
    def shift(dataset: Dataset) -> None:
        frames = dataset.get("PerFrameFunctionalGroupsSequence")
        place = frames[0].PlanePositionSequence[0] if frames else dataset
        x, y, z = (float(value) for value in place.ImagePositionPatient)
        place.ImagePositionPatient = [f"{x + 2:.4f}", f"{y:.4f}", f"{z:.4f}"]

    assert "GEOMETRY_CHANGED" in codes_of(made, kind, shift)


def same_place(dataset: Dataset) -> None:
    first, second = dataset.PerFrameFunctionalGroupsSequence[:2]
    second.FrameContentSequence[0].DimensionIndexValues = first.FrameContentSequence[0].DimensionIndexValues


def swapped(dataset: Dataset) -> None:
    frames = dataset.PerFrameFunctionalGroupsSequence
    first, second = (frame.FrameContentSequence[0] for frame in (frames[0], frames[-1]))
    first.DimensionIndexValues, second.DimensionIndexValues = second.DimensionIndexValues, first.DimensionIndexValues


def pointing_nowhere(dataset: Dataset) -> None:
    dataset.DimensionIndexSequence[0].DimensionIndexPointer = 0x00209157


@pytest.mark.parametrize("change", [same_place, swapped, pointing_nowhere])
def test_an_order_of_frames_that_contradicts_itself(made: Objects, change: Callable[[Dataset], None]) -> None:
    assert codes_of(made, "seg-edema", change) == {"DIMENSIONS_WRONG"}
