"""Objects and gate know no application: those of three examples, each read from files and built as the node does."""

from datetime import UTC, datetime

import pytest
from pydicom.dataset import Dataset

from inference.types import ModelIdentity
from reporting.language import find_language
from reporting.objects import ResultContext
from reporting.uids import ResultUids
from tests.factories.examples import Made, make_levels, make_picture, make_threshold


@pytest.fixture(scope="module")
def levels(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make_levels(tmp_path_factory.mktemp("levels"))


@pytest.fixture(scope="module")
def threshold(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make_threshold(tmp_path_factory.mktemp("threshold"))


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make_picture(tmp_path_factory.mktemp("picture"))


def groups_of(report: Dataset) -> list[Dataset]:
    """Measurement groups of a report."""
    return [
        group
        for container in report.ContentSequence
        for group in container.get("ContentSequence", ())
        if group.ConceptNameCodeSequence[0].CodeValue == "125007"
    ]


def results_of(report: Dataset) -> list[Dataset]:
    """What a report says in code of the study: in words' last section, or beside its outlines."""
    (container,) = (
        part for part in report.ContentSequence if part.ConceptNameCodeSequence[0].CodeValue in ("121111", "C0034375")
    )
    return [item for item in container.ContentSequence if item.ValueType in ("CODE", "NUM")]


def meaning(item: Dataset) -> str:
    return str(item.ConceptCodeSequence[0].CodeMeaning)


def name(item: Dataset) -> str:
    return str(item.ConceptNameCodeSequence[0].CodeMeaning)


def below(item: Dataset, code: str) -> Dataset | None:
    return next(
        (part for part in item.get("ContentSequence", ()) if part.ConceptNameCodeSequence[0].CodeValue == code), None
    )


def place_of(item: Dataset) -> tuple[str, ...]:
    """Part of the body, and its side and level where they are said."""
    site = below(item, "363698007")
    return () if site is None else (meaning(site), *(meaning(part) for part in site.get("ContentSequence", ())))


def values_of(report: Dataset) -> dict[str, str]:
    """Coded statements of the study, by what they are of."""
    return {name(item): meaning(item) for item in results_of(report) if item.ValueType == "CODE"}


def test_each_of_twenty_five_sites_is_said_at_its_site(levels: Made) -> None:
    assert levels.kinds == ["sc-summary", "sr-text"], "no outline, no report that outlines"
    answers = [item for item in results_of(levels.one("sr-text")) if name(item).startswith("Narrowing of the ")]
    assert len(answers) == 25
    assert [
        (name(item), meaning(item)) for item in answers if place_of(item) == ("Lumbar region of spine", "Left", "L4/L5")
    ] == [("Narrowing of the foramen", answers_at(answers, "foramen")), ("Narrowing of the recess", "Not assessable")]
    graded = [meaning(item) for item in answers if name(item) == "Narrowing of the canal"]
    assert len(graded) == 5 and set(graded) <= {"Normal", "Moderate", "Severe"}
    assert "Bilateral" not in {word for item in answers for word in place_of(item)}
    reason = below(next(item for item in answers if meaning(item) == "Not assessable"), "LIMITATION")
    assert reason is not None and "no axial series" in reason.TextValue
    shares = [item for item in results_of(levels.one("sr-text")) if name(item) == "Probability: normal"]
    assert len(shares) == 15 and {item.ValueType for item in shares} == {"NUM"}


def answers_at(answers: list[Dataset], condition: str) -> str:
    return next(
        meaning(item)
        for item in answers
        if name(item) == f"Narrowing of the {condition}" and place_of(item)[1:] == ("Left", "L4/L5")
    )


def test_each_site_is_tracked_by_itself(levels: Made) -> None:
    answers = [item for item in results_of(levels.one("sr-text")) if name(item).startswith("Narrowing of the ")]
    assert len({str(below(item, "112040").UID) for item in answers if below(item, "112040")}) == 25
    assert "AXSPA-FORAMEN-L1/L2-LEFT" in {str(below(item, "112039").TextValue) for item in answers}


def test_a_grade_at_another_level_is_held(levels: Made) -> None:
    assert levels.findings() == ()
    objects, report = levels.spoiled("sr-text")
    first, second = [item for item in results_of(report) if name(item) == "Narrowing of the canal"][:2]
    below(first, "363698007").ContentSequence = below(second, "363698007").ContentSequence
    assert {finding.code for finding in levels.findings(objects)} == {"VALUE_CHANGED"}


@pytest.mark.parametrize("missing", ["recess", "canal"])
def test_a_site_that_is_left_out_is_held(levels: Made, missing: str) -> None:
    objects, report = levels.spoiled("sr-text")
    section = next(part for part in report.ContentSequence if part.ConceptNameCodeSequence[0].CodeValue == "121111")
    number = next(
        number for number, item in enumerate(section.ContentSequence) if name(item) == f"Narrowing of the {missing}"
    )
    del section.ContentSequence[number]
    assert {finding.code for finding in levels.findings(objects)} == {"VALUE_CHANGED"}


def test_one_segment_one_measurement_and_a_heat_map(threshold: Made) -> None:
    assert threshold.findings() == ()
    assert threshold.kinds == ["sc-summary", "sr-text", "sr-bright", "seg-bright", "sc-heat"]
    assert [item.series_number for item in threshold.outputs.objects][:4] == [921, 922, 923, 925]
    (segment,) = threshold.one("seg-bright").SegmentSequence
    assert (
        str(segment.SegmentLabel) == "Bright voxels"
        and "AnatomicRegionModifierSequence" not in (segment.AnatomicRegionSequence[0])
    )
    (group,) = groups_of(threshold.one("sr-bright"))
    numbers = {
        str(part.ConceptNameCodeSequence[0].CodeMeaning): float(part.MeasuredValueSequence[0].NumericValue)
        for part in group.ContentSequence
        if part.ValueType == "NUM"
    }
    assert numbers == {"Area": 100.0, "Volume": 0.4}, "one outline alone: the volume stands beside it"
    assert "Growth since the study before" in values_of(threshold.one("sr-bright"))
    captures = [item for item in threshold.outputs.objects if item.kind == "sc-heat"]
    assert len(captures) == 1, "a plane without heat is not sent"
    assert {item.description for item in captures} == {"AI heatmaps"}


def test_a_segment_that_no_object_holds_is_held(threshold: Made) -> None:
    objects, segmentation = threshold.spoiled("seg-bright")
    segmentation.SegmentSequence[0].SegmentLabel = "Something else"
    codes = {finding.code for finding in threshold.findings(objects)}
    assert "CONTENT_CHANGED" in codes


def test_a_picture_without_a_place_has_reports_and_captures_without_one(picture: Made) -> None:
    assert picture.findings() == ()
    assert picture.kinds == ["sc-summary", "sr-text"]
    assert not any("ImagePositionPatient" in item.dataset for item in picture.outputs.objects)
    said = values_of(picture.one("sr-text"))
    assert said["Width of the picture"] == "Not assessable"
    assert picture.one("sr-text").CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence


def test_tracking_of_two_applications_differs() -> None:
    def context(application: str) -> ResultContext:
        return ResultContext(
            uids=ResultUids(), application=application, study_instance_uid="2.25.1", revision=1,
            model=ModelIdentity("m", "1", ""), software_version="1", started=datetime.now(UTC), identity=Dataset(),
            header=Dataset(), tracking_seed="seed", language=find_language(),
        )  # fmt: skip

    first, second = (context(one) for one in ("levels", "picture"))
    assert first.tracking_uid("disc") == first.tracking_uid("disc") != second.tracking_uid("disc")
