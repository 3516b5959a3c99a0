"""The words of the summaries: large, out of the corners, cut with an ellipsis alone, what is missing first."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from PIL import ImageDraw

from config.codes import GapCode
from inference.result import Analysis, Answer
from inference.types import Reason, Side
from reporting.pictures import CORNER_HEIGHT, CORNER_WIDTH, SIDE_PX, draw_page
from reporting.pictures.canvas import ELLIPSIS, Page
from reporting.presentation import Presentation, find_presentation
from reporting.sij_mri.terms import LANGUAGES
from reporting.words import with_gaps_first
from tests.factories.analysis import make_analysis
from tests.factories.foreign import ForeignPresentation, make_lumbar
from tests.factories.sacroiliac import Said, Study, sacroiliac, write_study

PRESENTATION = find_presentation("sij_mri")
FOREIGN = ForeignPresentation()
ABSENT = Said(asas=dict.fromkeys(Side, Answer.ABSENT), axspa="absent")
GAPS = tuple(Reason(GapCode.FEWER_THAN_ANNOUNCED, {"number": n, "announced": 25, "found": 9}) for n in range(2, 8))


@dataclass(frozen=True)
class Text:
    """A text that was drawn, and the box that it fills."""

    words: str
    left: float
    top: float
    right: float
    bottom: float
    capital_px: float


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return write_study(tmp_path_factory.mktemp("study"))


@contextmanager
def written(longer: Callable[[str], str] = str) -> Iterator[list[Text]]:
    """Every text that is drawn; `longer` changes it first."""
    texts: list[Text] = []
    write, draw_paragraph = ImageDraw.ImageDraw.text, Page.paragraph

    def text(self: Any, xy: Any, words: str, **options: Any) -> None:
        box = self.textbbox(xy, words, font=options["font"], anchor=options["anchor"])
        _, top, _, bottom = options["font"].getbbox("H")
        if words:
            texts.append(Text(words, *box, bottom - top))
        write(self, xy, words, **options)

    def paragraph(self: Page, x: float, y: float, words: str, **options: Any) -> float:
        return draw_paragraph(self, x, y, longer(words), **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ImageDraw.ImageDraw, "text", text)
        patch.setattr(Page, "paragraph", paragraph)
        yield texts


def summary(
    analysis: Analysis, presentation: Presentation = PRESENTATION, longer: Callable[[str], str] = str
) -> list[Text]:
    report = with_gaps_first(presentation.report(analysis), analysis, presentation.terms)
    with written(longer) as texts:
        draw_page(analysis, presentation, report, software="test")
    return texts


def words(analysis: Analysis) -> str:
    return " ".join(one.words for one in summary(analysis))


def german(text: str) -> str:
    """A text of 1.3 times the length, in words of 1.3 times the length."""
    return " ".join(word + "n" * (len(word) // 3) for word in text.split(" "))


def cases(study: Study, folder: Path) -> dict[str, tuple[Analysis, Presentation]]:
    whole = sacroiliac(study)
    return {
        "whole": (whole, PRESENTATION),
        "large": (sacroiliac(study, Said(edema_mm3=dict.fromkeys(Side, 123_400.0))), PRESENTATION),
        "nothing": (sacroiliac(study, ABSENT), PRESENTATION),
        "no fluid": (sacroiliac(study, Said(fluid=False)), PRESENTATION),
        "one joint": (sacroiliac(study, Said(joints={Side.LEFT: False, Side.RIGHT: True})), PRESENTATION),
        "incomplete": (replace(whole, limitations=GAPS), PRESENTATION),
        "with traces": (make_analysis(folder), PRESENTATION),
        "another application": (make_lumbar(), FOREIGN),
    }


@pytest.mark.parametrize("longer", [str, german])
def test_text_is_large_apart_and_out_of_the_corners(study: Study, tmp_path: Path, longer: Callable[[str], str]) -> None:
    corner_high, corner_wide = SIDE_PX * CORNER_HEIGHT, SIDE_PX * CORNER_WIDTH
    for name, (analysis, presentation) in cases(study, tmp_path).items():
        texts = summary(analysis, presentation, longer)
        assert any(one.words == presentation.terms.say("picture-text") for one in texts), name
        for one in texts:
            assert one.left >= 0 and one.right <= SIDE_PX and one.bottom <= SIDE_PX, (name, one)
            assert one.capital_px * 512 / SIDE_PX >= 10, (name, one)
            at_edge = one.top < corner_high or one.bottom > SIDE_PX - corner_high
            assert not at_edge or (one.left >= corner_wide and one.right <= SIDE_PX - corner_wide), (name, one)
        for number, one in enumerate(texts):
            for other in texts[number + 1 :]:
                across = min(one.right, other.right) - max(one.left, other.left)
                down = min(one.bottom, other.bottom) - max(one.top, other.top)
                assert across <= 0 or down <= 2, (name, one, other)


def test_what_is_missing_stands_first_and_why_beside_what_was_not_assessed(study: Study) -> None:
    whole, partial = words(sacroiliac(study)), words(sacroiliac(study, Said(fluid=False)))
    assert partial.count("no fluid-sensitive series") == 2, "at the head, and as the reason of the class"
    assert partial.index("Partial result") < partial.index("Right")
    assert "not assessable" not in whole and "Partial result" not in whole
    assert "not assessable" in " ".join(partial.split())


def test_an_incomplete_study_says_so_first_and_a_long_gap_ends_with_an_ellipsis(study: Study) -> None:
    texts = summary(replace(sacroiliac(study), limitations=GAPS))
    assert texts[1].words.startswith("The study is incomplete.") and texts[3].words.endswith(ELLIPSIS)
    assert not any(one.words.endswith(ELLIPSIS) for one in summary(replace(sacroiliac(study), limitations=())))


def test_no_pattern_is_not_no_disease(study: Study) -> None:
    met, absent = words(sacroiliac(study)), words(sacroiliac(study, ABSENT))
    assert "does not mean no disease" in absent and "does not mean no disease" not in met


def test_slices_are_named_by_series_and_image(study: Study) -> None:
    said = [one.words for one in summary(sacroiliac(study))]
    assert any(one.startswith("Fluid: image ") and one.endswith("of series 3") for one in said)
    assert any(one.startswith("T1: image ") and one.endswith("of series 2") for one in said)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_radiologist_must_see_is_whole_in_every_language(study: Study, language: str) -> None:
    """Head, legend, captions and class are not cut; the legend has every color that is drawn."""
    spoken = find_presentation("sij_mri", language)
    drawn = [one.words for one in summary(sacroiliac(study), spoken)]
    assert not any(one.endswith(ELLIPSIS) for one in drawn)
    sides = [spoken.terms.say("side", side=side.value) for side in Side]
    assert all(drawn.count(one) == 2 for one in sides)
    assert all(spoken.terms.say(key) in drawn for key in ("picture-text", "legend-deep", "legend-other"))


def test_another_application_says_how_much_is_left_for_the_report() -> None:
    lumbar = make_lumbar()
    sites = [replace(lumbar.evaluations[0].site, level=f"L{number}") for number in range(40)]
    many = replace(lumbar, evaluations=tuple(replace(lumbar.evaluations[0], site=site) for site in sites))
    presentation = ForeignPresentation()
    presentation.terms = replace(FOREIGN.terms, levels={})
    assert any(one.words.endswith("more in the report") for one in summary(many, presentation))
    assert not any(one.words.endswith("more in the report") for one in summary(lumbar, FOREIGN))
