"""The gate holds a report that says or outlines anything else than the analysis has."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest

from inference.result import Analysis
from inference.sij_mri import Role
from inference.types import Side
from reporting.types import ResultObject
from tests.factories.analysis import build_outputs, make_analysis
from tests.factories.checked import codes_of, items_in, name_of, spoil


@pytest.fixture(scope="module")
def analysis(tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    return make_analysis(tmp_path_factory.mktemp("contents"))


@pytest.fixture(scope="module")
def built(analysis: Analysis) -> tuple[ResultObject, ...]:
    return build_outputs(analysis).objects


def find(dataset: pydicom.Dataset, code: str) -> pydicom.Dataset:
    for item in dataset.get("ContentSequence", ()):
        if item.get("ConceptNameCodeSequence") and item.ConceptNameCodeSequence[0].CodeValue == code:
            return item
        found = find(item, code)
        if found is not None:
            return found
    return None


@pytest.mark.parametrize(
    ("kind", "code"), [("sr-edema", "118565006"), ("sr-joints", "118565006"), ("sr-edema", "42798000")]
)
def test_changed_number(built, analysis: Analysis, kind: str, code: str) -> None:
    def change(dataset: pydicom.Dataset) -> None:
        find(dataset, code).MeasuredValueSequence[0].NumericValue = "0.5"

    assert codes_of(spoil(built, kind, change), analysis) == {"VALUE_CHANGED"}


@pytest.mark.parametrize("code", ["122157", "P1"])
def test_changed_probability(built, analysis: Analysis, code: str) -> None:
    assert codes_of(spoil(built, "sr-edema", lambda dataset: set_text(find(dataset, code), "0.5")), analysis) == {
        "VALUE_CHANGED"
    }


def set_text(item: pydicom.Dataset, text: str) -> None:
    item.TextValue = text


def move(dataset: pydicom.Dataset) -> None:
    region = find(dataset, "111030")
    region.GraphicData = [value + 2 for value in region.GraphicData]


def shrink(dataset: pydicom.Dataset) -> None:
    region = find(dataset, "111030")
    points = np.reshape(region.GraphicData, (-1, 2))
    region.GraphicData = list((points.mean(axis=0) + (points - points.mean(axis=0)) / 2).ravel())


def turn_over(dataset: pydicom.Dataset) -> None:
    """Columns and rows swapped."""
    region = find(dataset, "111030")
    region.GraphicData = list(np.reshape(region.GraphicData, (-1, 2))[:, ::-1].ravel())


def open_up(dataset: pydicom.Dataset) -> None:
    region = find(dataset, "111030")
    region.GraphicData = list(region.GraphicData)[:-2]


def groups_in(dataset: pydicom.Dataset) -> list[pydicom.Dataset]:
    return [item for item in items_in(dataset) if item.ConceptNameCodeSequence[0].CodeValue == "125007"]


@pytest.mark.parametrize("change", [move, shrink, turn_over, open_up])
def test_an_outline_that_does_not_lie_on_its_segment(
    built, analysis: Analysis, change: Callable[[pydicom.Dataset], None]
) -> None:
    assert "CONTENT_CHANGED" in codes_of(spoil(built, "sr-edema", change), analysis)


@pytest.mark.parametrize(("plane", "code"), [(0, "CONTENT_CHANGED"), (3, "SEGMENT_MISTAKEN")])
def test_an_outline_on_another_image(built, analysis: Analysis, plane: int, code: str) -> None:
    """One on which the segment is not, and one on which it is of the same shape."""
    fluid, mask = analysis.of_role(Role.FLUID), analysis.segment("edema", Side.LEFT).mask
    group = next(one for one in groups_in(find_kind(built, "sr-edema")) if "image" in one.ContentSequence[0].TextValue)
    here = find(group, "111030").ContentSequence[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID
    assert not mask[0].any() and mask[3].any() and here != fluid.sources[3].sop_instance_uid

    def change(dataset: pydicom.Dataset) -> None:
        group = next(one for one in groups_in(dataset) if "image" in one.ContentSequence[0].TextValue)
        image = find(group, "111030").ContentSequence[0].ReferencedSOPSequence[0]
        image.ReferencedSOPInstanceUID = fluid.sources[plane].sop_instance_uid

    assert code in codes_of(spoil(built, "sr-edema", change), analysis)


def find_kind(built: tuple[ResultObject, ...], kind: str) -> pydicom.Dataset:
    return next(item.dataset for item in built if item.kind == kind)


def test_an_outline_of_the_other_side(built, analysis: Analysis) -> None:
    def swap(dataset: pydicom.Dataset) -> None:
        left, right = groups_in(dataset)[:2]
        regions = [find(group, "111030") for group in (left, right)]
        for group, region in zip((left, right), regions[::-1], strict=True):
            group.ContentSequence = [*group.ContentSequence[:-1], region]

    assert "CONTENT_CHANGED" in codes_of(spoil(built, "sr-edema", swap), analysis)


def test_a_measurement_of_another_segment(built, analysis: Analysis) -> None:
    def swap(dataset: pydicom.Dataset) -> None:
        first, second = (find(group, "121191") for group in groups_in(dataset) if find(group, "121191") is not None)
        first.ReferencedSOPSequence, second.ReferencedSOPSequence = (
            second.ReferencedSOPSequence,
            first.ReferencedSOPSequence,
        )

    assert codes_of(spoil(built, "sr-joints", swap), analysis) == {"SEGMENT_MISTAKEN", "VALUE_CHANGED"}


def test_a_segment_without_an_outline(built, analysis: Analysis) -> None:
    def leave_out(dataset: pydicom.Dataset) -> None:
        container = next(item for item in items_in(dataset) if name_of(item) == "126010")
        left = "AXSPA-JOINT-LEFT"
        container.ContentSequence = [
            group for group in container.ContentSequence if group.ContentSequence[0].TextValue != left
        ]

    assert codes_of(spoil(built, "sr-joints", leave_out), analysis) == {"OBJECT_INCOMPLETE"}


@pytest.mark.parametrize("code", ["AS_STATUS", "ASAS_RULE"])
def test_changed_status(built, analysis: Analysis, code: str) -> None:
    def change(dataset: pydicom.Dataset) -> None:
        find(dataset, code).ConceptCodeSequence[0].CodeValue = "272519000"

    assert codes_of(spoil(built, "sr-edema", change), analysis) == {"VALUE_CHANGED"}


def test_what_is_not_assessable_must_not_become_absent(tmp_path: Path) -> None:
    alone = make_analysis(tmp_path, with_fluid=False)
    objects = build_outputs(alone).objects

    def change(dataset: pydicom.Dataset) -> None:
        find(dataset, "ASAS_RULE").ConceptCodeSequence[0].CodeValue = "272519000"

    assert codes_of(objects, alone) == set()
    assert codes_of(spoil(objects, "sr-joints", change), alone) == {"VALUE_CHANGED"}


@pytest.mark.parametrize("code", ["AS_STATUS", "P2", "ASAS_RULE"])
def test_what_was_judged_must_not_be_left_out(built, analysis: Analysis, code: str) -> None:
    def leave_out(dataset: pydicom.Dataset) -> None:
        results = next(item for item in items_in(dataset) if name_of(item) == "C0034375")
        results.ContentSequence = [part for part in results.ContentSequence if name_of(part) != code]

    assert codes_of(spoil(built, "sr-edema", leave_out), analysis) == {"VALUE_CHANGED"}


def test_probabilities_that_are_none(tmp_path: Path) -> None:
    wrong = make_analysis(tmp_path)
    known = wrong.evaluation("stage").probabilities
    assert isinstance(known, dict)
    objects = build_outputs(wrong).objects
    known["early"] = 0.95  # after the objects were made
    assert "PROBABILITY_WRONG" in codes_of(objects, wrong)
