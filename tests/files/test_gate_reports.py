"""Reports that viewers open by drawing have an outline of everything that they measure, where it is looked for."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from inference.result import Analysis
from reporting.checks import check_reports
from tests.factories.analysis import make_analysis
from tests.factories.checked import Objects, items_in, name_of

KIND = "sr-edema"
IDENTIFIER, TRACKING, REGION, SEGMENT, SOURCE = "112039", "112040", "111030", "121191", "121232"
SITE, LATERALITY = "363698007", "272741003"
LEFT, RIGHT = "AXSPA-EDEMA-LEFT", "AXSPA-EDEMA-RIGHT"
Change = Callable[[Dataset], None]


@pytest.fixture(scope="module")
def analysis(tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    return make_analysis(tmp_path_factory.mktemp("reports"))


@pytest.fixture(scope="module")
def objects(analysis: Analysis) -> Objects:
    return Objects(analysis)


def codes_of(objects: Objects, change: Change) -> set[str]:
    """What is found in the report of edema, changed, beside all other objects."""
    read = [*objects.beside(KIND), objects.read(KIND, change)]
    return {str(one.code) for one in check_reports(read, objects.source)}


def container(report: Dataset) -> Dataset:
    return next(item for item in items_in(report) if name_of(item) == "126010")


def groups(report: Dataset) -> list[Dataset]:
    return list(container(report).ContentSequence)


def outlined(report: Dataset, identifier: str = LEFT) -> Dataset:
    """The group that has the outline of a segment."""
    return next(one for one in groups(report) if part(one, IDENTIFIER).TextValue == identifier and has(one, REGION))


def measured(report: Dataset, identifier: str = LEFT) -> Dataset:
    """The group that has the volume of a segment."""
    return next(one for one in groups(report) if part(one, IDENTIFIER).TextValue == identifier and has(one, SEGMENT))


def part(group: Dataset, name: str) -> Dataset:
    return next(item for item in group.ContentSequence if name_of(item) == name)


def has(group: Dataset, name: str) -> bool:
    return any(name_of(item) == name for item in group.ContentSequence)


def keep(report: Dataset, which: Callable[[Dataset], bool]) -> None:
    """Leave some groups alone in a report."""
    container(report).ContentSequence = [group for group in groups(report) if which(group)]


def image_of(group: Dataset) -> Dataset:
    """The reference of an outline to its image."""
    return part(group, REGION).ContentSequence[0].ReferencedSOPSequence[0]


def volumes_alone(report: Dataset) -> None:
    keep(report, lambda group: has(group, SEGMENT))


def a_volume_under_a_uid_that_has_no_outline(report: Dataset) -> None:
    part(measured(report), TRACKING).UID = generate_uid()


def one_outline_beside_a_segment(report: Dataset) -> None:
    own = (outlined(report), measured(report))
    keep(report, lambda group: any(group is one for one in own))


def two_outlines_of_one_uid(report: Dataset) -> None:
    container(report).ContentSequence.append(deepcopy(outlined(report)))


def a_box(report: Dataset) -> None:
    x, y = np.reshape(part(outlined(report), REGION).GraphicData, (-1, 2)).T
    left, top, right, bottom = x.min(), y.min(), x.max(), y.max()
    part(outlined(report), REGION).GraphicData = [left, top, right, top, right, bottom, left, bottom, left, top]


def an_open_line(report: Dataset) -> None:
    region = part(outlined(report), REGION)
    region.GraphicData = list(region.GraphicData)[:-2]


def another_form(report: Dataset) -> None:
    part(outlined(report), REGION).GraphicType = "MULTIPOINT"


def a_line_that_leaves_the_image(report: Dataset) -> None:
    region = part(outlined(report), REGION)
    region.GraphicData = [float(value) - 300 for value in region.GraphicData]


def no_image_of_the_study(report: Dataset) -> None:
    image_of(outlined(report)).ReferencedSOPInstanceUID = "2.25.77"


@pytest.mark.parametrize(
    "change",
    [
        volumes_alone,
        a_volume_under_a_uid_that_has_no_outline,
        one_outline_beside_a_segment,
        two_outlines_of_one_uid,
        a_box,
        an_open_line,
        another_form,
        a_line_that_leaves_the_image,
        no_image_of_the_study,
    ],
)
def test_a_report_that_cannot_be_drawn(objects: Objects, change: Change) -> None:
    assert "OUTLINES_WRONG" in codes_of(objects, change)


def test_outlines_and_segments_of_several_series(objects: Objects, analysis: Analysis) -> None:
    other = analysis.images[0]  # the outlines of edema lie on the second

    def outline_elsewhere(report: Dataset) -> None:
        image_of(outlined(report)).ReferencedSOPInstanceUID = other.sources[3].sop_instance_uid

    def segment_elsewhere(report: Dataset) -> None:
        part(measured(report), SOURCE).UID = other.series_instance_uid

    assert codes_of(objects, outline_elsewhere) == codes_of(objects, segment_elsewhere) == {"OUTLINES_WRONG"}


def test_a_report_as_it_should_be(objects: Objects) -> None:
    assert codes_of(objects, lambda report: None) == set()


def test_outlines_without_volumes_may_be_few(objects: Objects) -> None:
    def one_alone(report: Dataset) -> None:
        own = outlined(report)
        keep(report, lambda group: group is own)

    def without_volumes(report: Dataset) -> None:
        keep(report, lambda group: has(group, REGION))

    assert codes_of(objects, one_alone) == codes_of(objects, without_volumes) == set()


def test_a_volume_that_names_another_segment_than_its_uid(objects: Objects) -> None:
    def change(report: Dataset) -> None:
        part(measured(report), SEGMENT).ReferencedSOPSequence[0].ReferencedSegmentNumber = 2

    assert codes_of(objects, change) == {"SEGMENT_MISTAKEN"}


def test_an_outline_that_names_the_other_side(objects: Objects) -> None:
    def side(group: Dataset) -> Any:
        return next(item for item in part(group, SITE).ContentSequence if name_of(item) == LATERALITY)

    def change(report: Dataset) -> None:
        side(outlined(report)).ConceptCodeSequence = side(outlined(report, RIGHT)).ConceptCodeSequence

    assert codes_of(objects, change) == {"SIDE_CODE_WRONG"}


def test_a_report_in_words_needs_no_outline(objects: Objects) -> None:
    def change(report: Dataset) -> None:
        volumes_alone(report)
        report.ConceptNameCodeSequence[0].CodeValue = "18748-4"

    assert codes_of(objects, change) == set()


def test_images_that_are_gone(objects: Objects) -> None:
    nothing = replace(objects.source, by_uid={})
    assert {one.code for one in check_reports([objects.read(KIND)], nothing)} == {"OUTLINES_WRONG"}
