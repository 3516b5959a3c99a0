"""What headers say of missing images, what image types say of derived ones, and how a report says it."""

from pathlib import Path

import pytest

from config.codes import GapCode
from dicom_node.analyse import pipeline
from inference.result import Analysis, Limitation
from inference.series import Candidate, Selection, header_gaps, is_made_of_others
from inference.types import Gap, ImageHeader, ModelIdentity, Reason, SeriesHeader, StudyHeaders
from reporting.presentation import Report, find_presentation
from reporting.words import incomplete_line, with_gaps_first

NOTHING = Report("Headline.", ("Found.",), ("Headline.", "Trust."), ("Careful.",))


def planes(series: int, places: list[float], *, announced: int | None = None, acquisition: int = 1) -> SeriesHeader:
    images = tuple(
        ImageHeader(
            Path("x"),
            "1.2.840.10008.5.1.4.1.1.4",
            f"1.{series}.{number}",
            position_mm=(0.0, place, 0.0),
            row_direction=(1.0, 0.0, 0.0),
            column_direction=(0.0, 0.0, -1.0),
            acquisition_number=acquisition,
            images_in_acquisition=announced,
            repetition_time_ms=500.0 + series,
        )
        for number, place in enumerate(places)
    )
    return SeriesHeader("1", f"1.{series}", "MR", series_number=series, images=images)


def chosen(series: SeriesHeader) -> Selection:
    candidate = Candidate(series.series_instance_uid, 1, "t1", "T1W", 90.0, True, True, images=series.images)
    return Selection((candidate,), {"T1W": candidate})


def gaps_of(*series: SeriesHeader, read: SeriesHeader | None = None) -> tuple[Gap, ...]:
    selection = chosen(read) if read is not None else Selection((), {})
    return header_gaps(StudyHeaders("1", series), selection)


@pytest.mark.parametrize(
    ("places", "missing"),
    [
        ([0.0, 4.0, 8.0, 12.0, 16.0], None),
        ([0.0, 4.0, 8.0, 13.9, 18.0], None),  # 5.9 mm is under one and a half spacings
        ([0.0, 4.0, 8.0, 14.1, 18.0], 1),
        ([0.0, 4.0, 16.0, 20.0, 24.0], 2),
        ([0.0, 4.0, 8.0, 16.0, 20.0, 28.0, 32.0], 2),
        ([0.0], None),
    ],
)
def test_slices_are_missing_where_neighbors_lie_more_than_one_and_a_half_spacings_apart(
    places: list[float], missing: int | None
) -> None:
    series = planes(1, places)
    found = {gap.reason.parameters["missing"] for gap in gaps_of(series, read=series)}
    assert found == (set() if missing is None else {missing})


def test_a_gap_of_a_series_that_is_not_read_is_none() -> None:
    assert gaps_of(planes(1, [0.0, 4.0, 8.0]), planes(2, [0.0, 4.0, 20.0]), read=planes(1, [0.0, 4.0, 8.0])) == ()


def test_fewer_images_than_announced_are_a_gap_of_their_series() -> None:
    (gap,) = gaps_of(planes(1, [0.0, 4.0], announced=5), planes(2, [0.0, 4.0], announced=2))
    assert (gap.reason.code, gap.series) == (GapCode.FEWER_THAN_ANNOUNCED, ("1.1",))
    assert gap.reason.parameters == {"number": "1", "announced": 5, "found": 2}


def test_an_acquisition_that_fills_two_series_is_counted_over_both() -> None:
    first, second = planes(1, [0.0, 4.0], announced=4), planes(1, [0.0, 4.0], announced=4)
    second = SeriesHeader("1", "1.9", "MR", series_number=9, images=second.images)
    assert gaps_of(first, second) == ()


@pytest.mark.parametrize(
    ("image_type", "made"),
    [
        (("ORIGINAL", "PRIMARY", "M", "ND"), False),
        (("DERIVED", "PRIMARY", "M", "DIS2D"), False),
        (("DERIVED", "SECONDARY", "MPR", "NORM"), False),
        (("DERIVED", "SECONDARY", "DIXON", "WATER"), False),
        ((), False),
        (("DERIVED", "SECONDARY", "OTHER"), True),
        (("ORIGINAL", "PRIMARY", "LOCALIZER"), True),
        (("DERIVED", "PRIMARY", "ADC"), True),
    ],
)
def test_image_types_say_what_is_made_of_other_images(image_type: tuple[str, ...], made: bool) -> None:
    assert is_made_of_others(image_type) is made


def analysis(*limitations: Limitation) -> Analysis:
    bundle = ModelIdentity("b", "1", "d")
    return Analysis("sij_mri", "1", "1", "none", Selection((), {}), bundle, limitations=limitations)


def test_a_report_says_first_that_images_are_missing() -> None:
    terms = find_presentation("sij_mri").terms
    gap = Reason(GapCode.IMAGES_REFUSED, {"count": 22})
    said = with_gaps_first(NOTHING, analysis(gap), terms)
    first = "The study is incomplete.", "Images that this node could not store and that did not come again: 22."
    assert said.headline == f"{' '.join(first)} Headline."
    assert said.conclusions == (said.headline, "Trust.")
    assert said.limitations == (*first, "Careful.") and said.missing == said.gaps == first
    assert incomplete_line(said) == " ".join(first)


def test_a_report_of_a_whole_study_stays_as_it_is() -> None:
    said = with_gaps_first(NOTHING, analysis(), find_presentation("sij_mri").terms)
    assert said == NOTHING and incomplete_line(said) == ""


def test_only_a_gap_that_may_lie_in_a_series_that_is_read_is_told_to_the_application() -> None:
    selection = chosen(planes(1, [0.0, 4.0]))
    broken = Gap(Reason(GapCode.TRANSFER_BROKEN, {"count": 1}))
    here, elsewhere = (Gap(Reason(GapCode.IMAGES_REFUSED, {"count": 1}), (uid,)) for uid in ("1.1", "1.7"))
    assert pipeline.of_chosen((broken, here), selection) == (broken.reason, here.reason)
    assert pipeline.of_chosen((elsewhere,), selection) == ()
