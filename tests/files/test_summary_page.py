"""The words of the summary page: what overlaps nothing, what stands first, and what is left out without a class."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from config.codes import GapCode
from inference.result import Analysis, Answer, NotAssessable
from inference.sij_mri import LimitationCode
from inference.types import Reason, Side
from reporting.pictures import Page
from reporting.pictures.fonts import font
from reporting.presentation import find_presentation
from reporting.sij_mri.page import COLUMNS, draw_page
from reporting.words import with_gaps_first
from tests.factories.analysis import make_analysis
from tests.factories.sacroiliac import Said, Study, sacroiliac, write_study

PRESENTATION = find_presentation("sij_mri")
ABSENT = Said(asas=dict.fromkeys(Side, Answer.ABSENT), axspa="absent")


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return write_study(tmp_path_factory.mktemp("study"))


@contextmanager
def written() -> Iterator[list[tuple[float, float, str, int]]]:
    """Every text that is written on a page: where, what, and its size."""
    texts: list[tuple[float, float, str, int]] = []
    write = Page.text

    def text(self: Page, x: float, y: float, text: str, **options: Any) -> None:
        texts.append((x, y, text, int(options["size"])))
        write(self, x, y, text, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Page, "text", text)
        yield texts


def page(analysis: Analysis) -> list[tuple[float, float, str, int]]:
    report = with_gaps_first(PRESENTATION.report(analysis), analysis, PRESENTATION.terms)
    with written() as texts:
        draw_page(analysis, report, software="test")
    return texts


def words(analysis: Analysis) -> str:
    return " ".join(text for _, _, text, _ in page(analysis))


@pytest.mark.parametrize("volume_mm3", [20.0, 4200.0, 123_400.0])
def test_a_volume_ends_before_the_other_side_begins(study: Study, volume_mm3: float) -> None:
    texts = page(sacroiliac(study, Said(edema_mm3=dict.fromkeys(Side, volume_mm3))))
    (volume,) = (one for one in texts if one[0] == COLUMNS[0] and one[2].endswith(" ml") and one[3] > 20)
    assert COLUMNS[0] + font(volume[3]).getlength(volume[2]) < COLUMNS[1]


def test_what_is_missing_stands_at_the_head_and_once(study: Study) -> None:
    whole, partial = words(sacroiliac(study)), words(sacroiliac(study, Said(fluid=False)))
    assert partial.count("The study has no fluid-sensitive series") == 1
    assert partial.count("no fluid-sensitive series.") == 2, "the reason of the rule, and of the class"
    assert "Partial result" not in whole and "Reason: " not in whole


def test_a_long_gap_is_cut_at_the_head_and_whole_at_the_foot(study: Study) -> None:
    gaps = tuple(Reason(GapCode.FEWER_THAN_ANNOUNCED, {"number": n, "announced": 25, "found": 9}) for n in (2, 3, 4))
    texts = [text for _, _, text, _ in page(replace(sacroiliac(study), limitations=gaps))]
    assert any(text.startswith("The study is incomplete.") and text.endswith("...") for text in texts)
    assert any(text.startswith("Limitations: The study is incomplete.") for text in texts)
    one = [text for _, _, text, _ in page(replace(sacroiliac(study), limitations=gaps[:1]))]
    assert sum("The study is incomplete." in text for text in one) == 1


def test_a_met_rule_names_the_healthy_and_no_pattern_is_not_no_disease(study: Study) -> None:
    met, absent = words(sacroiliac(study)), words(sacroiliac(study, ABSENT))
    assert "11 of 47" in met and "does not mean no disease" not in met
    assert "11 of 47" not in absent and "does not mean no disease" in absent


def test_without_a_class_no_heat_map_is_drawn(tmp_path: Path) -> None:
    whole = make_analysis(tmp_path)
    unclassified = replace(
        whole,
        evaluations=tuple(
            replace(one, value=NotAssessable(Reason(LimitationCode.NO_FLUID)), probabilities={})
            if one.key in ("axspa", "stage")
            else one
            for one in whole.evaluations
        ),
    )
    assert "Nothing was classified" in words(unclassified) and "Nothing was classified" not in words(whole)
