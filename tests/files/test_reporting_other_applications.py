"""Objects and gate know no application: those of three examples, each read from files and built as the node does."""

import pytest
from pydicom.dataset import Dataset

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


def meaning(item: Dataset) -> str:
    return str(item.ConceptCodeSequence[0].CodeMeaning)


def place_of(group: Dataset) -> tuple[str, ...]:
    """Part of the body, and its side and level where they are said."""
    site = next(part for part in group.ContentSequence if part.ConceptNameCodeSequence[0].CodeValue == "363698007")
    return (meaning(site), *(meaning(part) for part in site.get("ContentSequence", ())))


def values_of(group: Dataset) -> dict[str, str]:
    """Coded statements of a group, by what they are of."""
    return {
        str(part.ConceptNameCodeSequence[0].CodeMeaning): meaning(part)
        for part in group.ContentSequence
        if part.ValueType == "CODE" and part.RelationshipType == "CONTAINS"
    }


def test_each_of_twenty_five_sites_is_said_at_its_site(levels: Made) -> None:
    assert levels.kinds == ["sr-root", "sr-text", "sc-summary"]
    groups = groups_of(levels.one("sr-root"))
    assert len(groups) == 26, "one for each site, and the study's own"
    placed = [(place_of(group), values_of(group)) for group in groups[1:]]
    assert (("Lumbar region of spine", "Left", "L4/L5"), {"Narrowing of the recess": "Not assessable"}) in [
        (place, {name: value for name, value in said.items() if name.startswith("Narrowing of the recess")})
        for place, said in placed
    ]
    graded = [said["Narrowing of the canal"] for _, said in placed if "Narrowing of the canal" in said]
    assert len(graded) == 5 and set(graded) <= {"Normal", "Moderate", "Severe"}
    assert "Bilateral" not in {word for place, _ in placed for word in place}


def test_each_site_is_tracked_by_itself(levels: Made) -> None:
    tracked = [
        {part.ConceptNameCodeSequence[0].CodeValue: part for part in group.ContentSequence}
        for group in groups_of(levels.one("sr-root"))
    ]
    assert len({str(parts["112040"].UID) for parts in tracked}) == 26
    assert "AXSPA-FORAMEN-L1/L2-LEFT" in {str(parts["112039"].TextValue) for parts in tracked}


def test_a_grade_at_another_level_is_held(levels: Made) -> None:
    assert levels.findings() == ()
    objects, report = levels.spoiled("sr-root")
    first, second = [group for group in groups_of(report) if "Narrowing of the canal" in values_of(group)][:2]
    swapped = [
        next(part for part in group.ContentSequence if part.ConceptNameCodeSequence[0].CodeValue == "363698007")
        for group in (first, second)
    ]
    swapped[0].ContentSequence = swapped[1].ContentSequence
    assert {finding.code for finding in levels.findings(objects)} == {"VALUE_CHANGED"}


@pytest.mark.parametrize("missing", ["recess", "canal"])
def test_a_site_that_is_left_out_is_held(levels: Made, missing: str) -> None:
    objects, report = levels.spoiled("sr-root")
    measurements = next(item for item in report.ContentSequence if item.get("ContentSequence") and groups_of_one(item))
    for number, group in enumerate(measurements.ContentSequence):
        if f"Narrowing of the {missing}" in values_of(group):
            del measurements.ContentSequence[number]
            break
    assert {finding.code for finding in levels.findings(objects)} == {"VALUE_CHANGED"}


def groups_of_one(container: Dataset) -> bool:
    return container.ContentSequence[0].ConceptNameCodeSequence[0].CodeValue == "125007"


def test_one_segment_one_measurement_and_a_heat_map(threshold: Made) -> None:
    assert threshold.findings() == ()
    assert threshold.kinds == ["sr-root", "seg-bright", "sr-measurements", "sr-text", "sc-summary", *["sc-heat"] * 6]
    assert [item.series_number for item in threshold.outputs.objects][:4] == [922, 921, 923, 924]
    (segment,) = threshold.one("seg-bright").SegmentSequence
    assert (
        str(segment.SegmentLabel) == "Bright voxels"
        and "AnatomicRegionModifierSequence" not in (segment.AnatomicRegionSequence[0])
    )
    (group,) = groups_of(threshold.one("sr-measurements"))
    volume = next(part for part in group.ContentSequence if part.ValueType == "NUM")
    assert float(volume.MeasuredValueSequence[0].NumericValue) == pytest.approx(400.0)
    assert "Growth since the study before" in values_of(groups_of(threshold.one("sr-root"))[0])
    captures = [item for item in threshold.outputs.objects if item.kind == "sc-heat"]
    assert len(captures) == 6
    assert {item.description for item in captures} == {"AI heatmaps"}


def test_a_segment_that_no_object_holds_is_held(threshold: Made) -> None:
    objects, segmentation = threshold.spoiled("seg-bright")
    segmentation.SegmentSequence[0].SegmentLabel = "Something else"
    codes = {finding.code for finding in threshold.findings(objects)}
    assert "CONTENT_CHANGED" in codes


def test_a_picture_without_a_place_has_reports_and_captures_without_one(picture: Made) -> None:
    assert picture.findings() == ()
    assert picture.kinds == ["sr-root", "sr-text", "sc-summary"]
    assert not any("ImagePositionPatient" in item.dataset for item in picture.outputs.objects)
    said = values_of(groups_of(picture.one("sr-root"))[0])
    assert said["Width of the picture"] == "Not assessable"
    assert picture.one("sr-root").CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence


def test_tracking_of_two_applications_differs(levels: Made, picture: Made) -> None:
    def study_uid(made: Made) -> str:
        parts = groups_of(made.one("sr-root"))[0].ContentSequence
        return next(str(part.UID) for part in parts if part.ConceptNameCodeSequence[0].CodeValue == "112040")

    assert levels.analysis.study_instance_uid == picture.analysis.study_instance_uid
    assert study_uid(levels) != study_uid(picture)
