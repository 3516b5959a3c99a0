"""Nothing is said of what is not known, wherever a result speaks: codes, report, page, JSON and panel.

Each draw leaves parts of an analysis without a value, or undecided; what has one must be said by the same words and
codes that must be missing otherwise.
"""

import html
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from config.settings import Settings
from inference.result import Analysis, Answer, HeatMap, Limitation, Site
from inference.sij_mri import LimitationCode
from inference.types import Side
from panel import summary
from panel.shell import Pages
from reporting.objects import codes
from reporting.pictures import Page, draw_page, heat_caption
from reporting.presentation import Report
from reporting.said_json import said_json
from reporting.sij_mri import SacroiliacPresentation
from reporting.sij_mri.page import COLUMNS
from reporting.sij_mri.report import describe
from reporting.sij_mri.terms import LANGUAGES, find_terms
from reporting.words import LONGEST
from storage.tables import Result, ResultStatus
from tests.factories.analysis import build_outputs, gate_findings
from tests.factories.sacroiliac import Said, Study, sacroiliac, write_study

ANSWERS = (Answer.PRESENT, Answer.ABSENT, Answer.UNDECIDED)
STAGES = ("Normal", "Early", "Moderate", "Advanced")
VALUE = {Answer.PRESENT: "52101004", Answer.ABSENT: "272519000", Answer.UNDECIDED: "82334004"}
MISSING = "NOT_ASSESSABLE"
RULE = {Answer.PRESENT: "met", Answer.ABSENT: "not met", Answer.UNDECIDED: "undecided"}
PATTERN = {
    "present": "pattern suggestive of axial spondyloarthritis",
    "absent": "no pattern of axial spondyloarthritis",
    "undecided": "undecided",
}
OUT_OF_BOUNDS = re.compile(r"(?<![\d.])(0\.0[0-4]\d*|0\.9[6-9]\d*|0\.95\d+|1\.00+)(?![\d.])|\b(100|99|0) %")
AMOUNT = r"(?:none|(?:under 0\.1|(?!0\.0)\d+\.\d) ml)"
GERMAN_AMOUNT = r"(?:keines|(?:unter 0,1|(?!0,0)\d+,\d) ml)"
DISEASE = re.compile(r"spondylitis[^.;]{0,20}\b(present|absent)\b", re.I)
SHARES = (
    {"normal": 0.99996, "early": 0.00002, "moderate": 0.00001, "advanced": 0.00001},
    {"normal": 0.00001, "early": 0.00001, "moderate": 0.00002, "advanced": 0.99996},
    {"normal": 0.3, "early": 0.3, "moderate": 0.25, "advanced": 0.15},
)
PARTS = {Side.LEFT: "left", Side.RIGHT: "right"}


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return write_study(tmp_path_factory.mktemp("study"))


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Pages:
    return Pages(Settings(data_dir=tmp_path_factory.mktemp("node")), software_version="test")


@dataclass
class Spoken:
    """All that a result says: coded values and numbers by group, and words by where they stand."""

    coded: dict[str, list[tuple[str, str]]]
    numbers: list[tuple[str, float]]
    text: list[str]
    drawn: list[tuple[float, str]]
    content: dict[str, Any]
    panel: str
    listed: str
    view: summary.View

    @property
    def everything(self) -> dict[str, str]:
        """All words, by what bears them."""
        said = [self.content[key] for key in ("headline", "sentences", "conclusions", "limits", "said", "look_first")]
        return {
            "report": "\n".join(self.text),
            "page": " ".join(words for _, words in self.drawn),
            "json": "\n".join(_words_of(said)),
            "panel": self.panel,
            "list": self.listed,
        }


def _words_of(value: Any, key: str = "") -> Iterator[str]:
    """Every string of JSON that people read."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _words_of(item, name)
    elif isinstance(value, list):
        for item in value:
            yield from _words_of(item, key)
    elif isinstance(value, str) and key in ("", "words", "p_words", "spread_words", "sentence"):
        yield value


@contextmanager
def drawing() -> Iterator[list[tuple[float, str]]]:
    """Every text that is written on a page, with where its line begins."""
    drawn: list[tuple[float, str]] = []
    write = Page.text

    def text(self: Page, x: float, y: float, text: str, **options: Any) -> None:
        drawn.append((x, text))
        write(self, x, y, text, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Page, "text", text)
        yield drawn


def speak(analysis: Analysis, pages: Pages) -> Spoken:
    """Everything that a result says of an analysis."""
    with drawing() as drawn:
        outputs = build_outputs(analysis)
    assert gate_findings(outputs.objects, analysis) == ()
    content = json.loads(json.dumps(outputs.summary, allow_nan=False))
    row = Result(summary=content, headline="", findings=(), timings_s={}, status=ResultStatus.COMPLETE)
    view, brief = summary.read(row), summary.brief(row)
    body = bytes(pages.render("numbers.html", login=None, view=view).body).decode()
    reports = [item.dataset for item in outputs.objects if item.dataset.Modality == "SR"]
    groups = [group for report in reports for group in _groups(report)]
    coded: dict[str, list[tuple[str, str]]] = {}
    for name, items in groups:
        coded.setdefault(name, []).extend(_codes(items))
    return Spoken(
        coded,
        [number for _, items in groups for number in _numbers(items)],
        [line for report in reports for line in _texts(report)],
        drawn,
        content,
        html.unescape(re.sub(r"<[^>]*>", " ", body)),
        f"{brief.words} {brief.line}",
        view,
    )


def _groups(report: Dataset) -> Iterator[tuple[str, list[Dataset]]]:
    """What is said of each thing, by its tracking identifier: beside outlines, and among the study's results."""
    for container in report.ContentSequence:
        for item in container.get("ContentSequence", ()):
            below = {str(part.ConceptNameCodeSequence[0].CodeValue): part for part in item.get("ContentSequence", ())}
            name = str(below["112039"].TextValue) if "112039" in below else "AXSPA-STUDY"
            yield name, list(item.ContentSequence) if item.ValueType == "CONTAINER" else [item]


def _codes(items: list[Dataset]) -> Iterator[tuple[str, str]]:
    for item in items:
        if item.ValueType == "CODE" and item.RelationshipType == "CONTAINS":
            yield str(item.ConceptNameCodeSequence[0].CodeValue), str(item.ConceptCodeSequence[0].CodeValue)


def _numbers(items: list[Dataset]) -> Iterator[tuple[str, float]]:
    for item in items:
        name = str(item.ConceptNameCodeSequence[0].CodeValue)
        if item.ValueType == "NUM":
            yield name, float(item.MeasuredValueSequence[0].NumericValue)
        elif item.ValueType == "TEXT" and (read := re.match(r"(?:over |under )?(\d+(?:\.\d+)?)\b", item.TextValue)):
            yield name, float(read[1])


def _texts(item: Dataset) -> Iterator[str]:
    for part in item.get("ContentSequence", ()):
        if part.ValueType == "TEXT":
            yield str(part.TextValue)
        yield from _texts(part)


def values(spoken: Spoken, group: str, name: str) -> set[str]:
    return {value for key, value in spoken.coded.get(group, ()) if key == name}


def check_class(said: Said, spoken: Spoken) -> None:
    status, stage = values(spoken, "AXSPA-STUDY", "AS_STATUS"), values(spoken, "AXSPA-STUDY", "AS_STAGE")
    suggests = values(spoken, "AXSPA-STUDY", codes.SUGGESTS.value)
    named = {name for name, _ in spoken.numbers}
    if said.no_class is not None:
        assert status == stage == {MISSING} and not suggests
        assert not named & {"122157", "P0", "P1", "P2", "P3"}
        for where, words in spoken.everything.items():
            assert not re.search(rf"\b({'|'.join(STAGES)})\b", words), (where, words)
            assert PATTERN["present"] not in words and PATTERN["absent"] not in words, where
        assert spoken.content["classification"] is None
        return
    assert status == {VALUE[Answer(said.axspa)]}
    assert (
        stage == {VALUE[Answer.UNDECIDED]}
        if said.axspa == "undecided"
        else stage < {"STAGE0", "STAGE1", "STAGE2", "STAGE3"}
    )
    assert suggests == ({"9631008"} if said.axspa == "present" else set())
    assert named >= {"122157", "P0", "P1", "P2", "P3"}
    for where, words in spoken.everything.items():
        assert re.search(PATTERN[said.axspa], words, re.I), (where, words)
        others = {"present", "absent"} - {said.axspa}
        assert where in ("panel", "json") or not any(PATTERN[one] in words for one in others), (where, words)
        if said.axspa == "undecided":
            assert "Stage undecided" in words and "Stage: " not in words.replace("Stage: undecided", ""), (where, words)
        elif said.axspa == "absent":
            assert "Stage: Normal" in words, where
        else:
            assert "Stage: " in words and "Stage: Normal" not in words, where
    assert spoken.content["classification"]["as_present"] is {"present": True, "absent": False}.get(said.axspa)


def check_side(said: Said, spoken: Spoken, side: Side) -> None:
    group, column = f"AXSPA-EDEMA-{side.upper()}", COLUMNS[1 if side is Side.LEFT else 0]
    report = "\n".join(line for line in spoken.text if "was traced" not in line)
    drawn = in_column(spoken, column)
    table = {one.key: one for one in (spoken.view.lead, *spoken.view.questions) if one is not None}["asas"]
    row = next(one for one in table.rows if one.where == side.value)
    numbers = [getattr(one, side.value) for one in spoken.view.numbers.rows if getattr(one, side.value) is not None]
    edema = [one for one in numbers if re.fullmatch(AMOUNT, one.words)]
    told = [one for one in spoken.content["said"] if one["site"]["side"] == side and one["key"] != "joint-volume"]
    amount = re.search(rf"\b{side} {AMOUNT}", report)
    answers = re.findall(rf"\b{side}: (met|not met|undecided|not assessable)", report)
    assert answers, report
    if said.no_side(side) is not None:
        assert values(spoken, group, "ASAS_RULE") == values(spoken, group, "BME_VOL") == {MISSING}
        assert values(spoken, f"AXSPA-EDEMA-DEEP-{side.upper()}", "BME_DEEP_VOL") == {MISSING}
        assert set(answers) == {"not assessable"} and amount is None
        assert all(one["value"] is None and one["words"].startswith("not assessable: ") for one in told)
        assert row.words == "not assessable" and row.grade == "missing"
        assert len(edema) == (1 if said.joints[side] else 0), "the band of the joint alone"
        assert drawn == f"{side.capitalize()} not assessable not assessable"
        return
    rule = rule_of_side(said, side)
    assert values(spoken, group, "ASAS_RULE") == {VALUE[rule] if rule else MISSING}
    words = RULE[rule] if rule else "not assessable"
    assert set(answers) == {words} and amount is not None
    numbers = [one for one in told if rule or one["key"] != "asas"]
    assert all(one["value"] is not None and "not assessable" not in one["words"] for one in numbers)
    assert row.words == words and (row.grade == "undecided") == (rule is Answer.UNDECIDED)
    assert len(edema) == 3
    seen = " seen" if said.no_view(side) is not None else ""
    assert re.fullmatch(rf"{side.capitalize()} {AMOUNT}{seen} {words}", drawn), drawn
    in_part = any(said.no_view(one) is not None for one in Side)
    assert bool(re.search(rf"{AMOUNT} seen", report)) == in_part == ("edema of the part seen" in report)


def in_column(spoken: Spoken, column: float) -> str:
    """What stands in a column of the summary's table, from its head downwards."""
    return " ".join(words for x, words in spoken.drawn if x == column)


def rule_of_side(said: Said, side: Side) -> Answer | None:
    """What the rule says of a side; None where it is not assessable: of a part that was seen, nothing is absent."""
    answer = said.asas[side]
    unseen = said.no_side(side) or (said.no_view(side) if answer is Answer.ABSENT else None)
    return answer if unseen is None else None


def rule_of_study(said: Said) -> Answer | None:
    """What the rule says of the study; None where it is not assessable."""
    known = [said.asas[side] for side in Side if said.no_side(side) is None]
    if Answer.PRESENT in known:
        return Answer.PRESENT
    if len(known) < len(Side):
        return None
    if Answer.UNDECIDED in known:
        return Answer.UNDECIDED
    return None if any(said.no_view(side) is not None for side in Side) else Answer.ABSENT


def check_rule_of_study(said: Said, spoken: Spoken) -> None:
    (told,) = (one for one in spoken.content["said"] if one["key"] == "asas" and one["site"]["side"] is None)
    (value,) = values(spoken, "AXSPA-STUDY", "ASAS_RULE")
    words, expected = spoken.everything, rule_of_study(said)
    assert told["value"] == expected
    if expected is None:
        assert value == MISSING and in_column(spoken, COLUMNS[2]) == "Study not assessable"
        for where, one in words.items():
            asked = "study" if where == "page" else "(sacroiliitis|ASAS rule|study)"  # the page says it of sides, too
            assert not re.search(rf"{asked}: (not )?met", one), (where, one)
            assert "is not met" not in one and "No edema that meets" not in one, where
        assert spoken.content["asas"] is None
    else:
        assert value == VALUE[expected]
        assert in_column(spoken, COLUMNS[2]) == f"Study {RULE[expected]}"
        assert f"sacroiliitis: {RULE[expected]}" in words["report"]
        assert f"ASAS rule: {RULE[expected]}" in words["list"]


def check_bounds(spoken: Spoken) -> None:
    for name, number in spoken.numbers:
        assert name not in ("122157", "P0", "P1", "P2", "P3") or 0.05 <= number <= 0.95
    for where, words in spoken.everything.items():
        assert not OUT_OF_BOUNDS.search(words), (where, OUT_OF_BOUNDS.search(words))
        assert not DISEASE.search(words), where


@st.composite
def draws(draw: st.DrawFn) -> Said:
    flag = st.booleans()
    asas = {side: draw(st.sampled_from(ANSWERS)) for side in Side}
    met = Answer.PRESENT in asas.values()
    t1, fluid = draw(st.sampled_from([(True, True), (True, True), (True, False), (False, True)]))
    amount = st.sampled_from([0.0, 20.0, 4200.0])
    axspa = draw(st.sampled_from(["present", "undecided"] if met else ["present", "undecided", "absent"]))
    shares = draw(st.sampled_from([{}, *(one for one in SHARES if axspa != "present" or one["normal"] < 0.5)]))
    return Said(
        t1=t1,
        fluid=fluid,
        marrow=draw(flag) or draw(flag),
        joints={side: draw(flag) or draw(flag) for side in Side},
        edema_mm3={side: draw(amount) for side in Side},
        deep_mm3={side: draw(amount) for side in Side},
        elsewhere_mm3=draw(amount),
        asas=asas,
        axspa=axspa,
        shares=shares,
    )


def check(said: Said, study: Study, pages: Pages) -> None:
    spoken = speak(sacroiliac(study, said), pages)
    check_class(said, spoken)
    check_rule_of_study(said, spoken)
    for side in Side:
        check_side(said, spoken, side)
    check_bounds(spoken)


@settings(
    max_examples=12,
    phases=(Phase.generate,),
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(said=draws())
def test_whatever_is_missing_is_said_by_nothing_and_whatever_is_known_by_everything(
    said: Said, study: Study, pages: Pages
) -> None:
    check(said, study, pages)


CASES = {
    "whole": Said(),
    "certain": Said(shares=SHARES[1]),
    "nothing found": Said(
        edema_mm3=dict.fromkeys(Side, 0.0),
        deep_mm3=dict.fromkeys(Side, 0.0),
        elsewhere_mm3=0.0,
        asas=dict.fromkeys(Side, Answer.ABSENT),
        axspa="absent",
        shares=SHARES[0],
    ),
    "undecided": Said(asas={Side.LEFT: Answer.UNDECIDED, Side.RIGHT: Answer.ABSENT}, axspa="undecided"),
    "no fluid-sensitive series": Said(fluid=False),
    "no T1-weighted series": Said(t1=False),
    "no normal marrow": Said(marrow=False),
    "no right joint": Said(joints={Side.LEFT: True, Side.RIGHT: False}),
    "no left joint, the right not met": Said(joints={Side.LEFT: False, Side.RIGHT: True}),
    "both joints in part, nothing seen": Said(
        covered=dict.fromkeys(Side, False), edema_mm3=dict.fromkeys(Side, 0.0), asas=dict.fromkeys(Side, Answer.ABSENT)
    ),
    "the right joint in part, the left met": Said(covered={Side.LEFT: True, Side.RIGHT: False}),
    "no joint": Said(joints=dict.fromkeys(Side, False)),
}


@pytest.mark.parametrize("said", CASES.values(), ids=CASES)
def test_cases_that_a_hospital_sends(said: Said, study: Study, pages: Pages) -> None:
    check(said, study, pages)


def test_the_check_would_notice(study: Study, pages: Pages, tmp_path: Path) -> None:
    """What one analysis says is wrong of another: the checks can fail."""
    whole, alone = (speak(sacroiliac(study, one), pages) for one in (Said(), Said(fluid=False)))
    for judge in (check_class, check_rule_of_study, lambda said, spoken: check_side(said, spoken, Side.LEFT)):
        for said, spoken in ((Said(fluid=False), whole), (Said(), alone)):
            with pytest.raises((AssertionError, TypeError)):
                judge(said, spoken)


GERMAN_SIDE = {Side.LEFT: ("links", "Linkes"), Side.RIGHT: ("rechts", "Rechtes")}
GERMAN_RULE = {Answer.PRESENT: "erfüllt", Answer.ABSENT: "nicht erfüllt", Answer.UNDECIDED: "nicht entscheidbar"}
GERMAN_CLASS = {
    "present": "Muster verdächtig auf axiale Spondyloarthritis",
    "absent": "kein Muster einer axialen Spondyloarthritis",
    "undecided": "KI-Klasse (AS ja/nein): unbestimmt",
}
GERMAN_STAGES = re.compile(r"\b(Normal|Früh|Mäßig|Fortgeschritten)\b")


def items(report: Report) -> tuple[str, ...]:
    """What a report says, line by line."""
    said = (*report.missing, *report.findings, *report.impression, *report.limitations, *report.conclusions)
    return (*said, *report.technique)


def check_german_side(said: Said, words: str, told: list[dict[str, Any]], side: Side) -> None:
    small, large = GERMAN_SIDE[side]
    amount = re.search(rf"\b{small} {GERMAN_AMOUNT}|{large} ISG: .*\d ml", words)
    answers = set(re.findall(rf"{small}: ((?:nicht )?[a-zü]+)", words))
    here = [one["words"] for one in told if one["site"]["side"] == side and one["key"] != "joint-volume"]
    if said.no_side(side) is None:
        rule = rule_of_side(said, side)
        assert answers == {GERMAN_RULE[rule] if rule else "nicht beurteilbar"} and amount is not None
        assert sum("nicht beurteilbar" in one for one in here) == (rule is None)
    else:
        assert answers == {"nicht beurteilbar"} and amount is None, words
        assert here and all(one.startswith("nicht beurteilbar: ") for one in here)


def check_german(said: Said, study: Study) -> None:
    """What is not known is said by nothing, what is known is said, in German."""
    terms, analysis = find_terms("de"), sacroiliac(study, said)
    report, told = describe(analysis, terms), json.loads(json.dumps(said_json(analysis, terms)))
    words = "\n".join((report.headline, *items(report)))
    for side in Side:
        check_german_side(said, words, told, side)
    expected = rule_of_study(said)
    found = set(re.findall(r"aktiven Sakroiliitis: ((?:nicht )?[a-zü]+)", words))
    assert (GERMAN_RULE[expected] if expected else "nicht beurteilbar") in found, words
    assert expected is Answer.ABSENT or "rechnerisch nicht erfüllt" not in words
    assert expected is Answer.PRESENT or "Rechnerisch erfüllt" not in words
    if said.no_class is not None:
        assert not GERMAN_STAGES.search(words) and "Spondyloarthritis" not in words.replace("eine axiale Spond", "")
        assert "nicht vorhanden" not in words
    else:
        assert GERMAN_CLASS[said.axspa] in words
        assert ("Stadium unbestimmt" in words) == (said.axspa == "undecided")
    assert not re.search(r"\d\.\d", words), "a comma stands before decimals"
    assert not OUT_OF_BOUNDS.search(words.replace(",", "."))
    assert "Dieser Wortlaut wurde von keinem deutschsprachigen Radiologen gegengelesen." in report.conclusions


GERMAN_COLUMN = {Side.RIGHT: "Rechts", Side.LEFT: "Links", None: "Gesamt"}


def check_german_page(said: Said, study: Study) -> None:
    """The summary says in German of each column, of class and stage what is known, and nothing else."""
    presentation, analysis = SacroiliacPresentation("de"), sacroiliac(study, said)
    with drawing() as drawn:
        draw_page(analysis, presentation, presentation.report(analysis), software="test")
    words = " ".join(one for _, one in drawn)
    for x, (place, head) in zip(COLUMNS, GERMAN_COLUMN.items(), strict=True):
        column = " ".join(one for left, one in drawn if left == x)
        known = rule_of_study(said) if place is None else rule_of_side(said, place)
        rule = "nicht beurteilbar" if known is None else GERMAN_RULE[known]
        if place is None:
            assert column == f"{head} {rule}", column
        elif said.no_side(place) is not None:
            assert column == f"{head} nicht beurteilbar nicht beurteilbar", column
        else:
            seen = " sichtbar" if said.no_view(place) is not None else ""
            assert re.fullmatch(rf"{head} {GERMAN_AMOUNT}{seen} {rule}", column), column
    if said.no_class is not None:
        assert "experimentell: nicht beurteilt (" in words and not GERMAN_STAGES.search(words)
        assert not any(one in words for one in GERMAN_CLASS.values())
    else:
        assert GERMAN_CLASS[said.axspa].rpartition(": ")[2] in words
        assert ("Stadium unbestimmt" in words) == (said.axspa == "undecided")
        assert ("Kein Muster heißt nicht" in words) == (said.axspa == "absent")
    assert not re.search(r"\d\.\d", words) and not OUT_OF_BOUNDS.search(words.replace(",", "."))


@pytest.mark.parametrize("said", CASES.values(), ids=CASES)
def test_the_summary_says_in_german_no_more_and_no_less_than_is_known(said: Said, study: Study) -> None:
    check_german_page(said, study)


@settings(
    max_examples=15,
    phases=(Phase.generate,),
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(said=draws())
def test_whatever_is_missing_the_german_summary_says_so(said: Said, study: Study) -> None:
    check_german_page(said, study)


def test_captions_of_heat_share_no_line_between_languages_and_say_where_there_is_none(study: Study) -> None:
    images = sacroiliac(study, Said()).images[0]
    values = np.zeros(images.shape, np.float32)
    cold = HeatMap("focused", "axspa", Site("joint"), Answer.PRESENT, images.role, values, full_scale=4.0, floor=1.0)
    warm = replace(cold, values=values + np.float32(2))
    for heat, looked in ((cold, "zu wenig zum Einzeichnen"), (warm, "Das ist keine Krankheit.")):
        english, german = (heat_caption(heat, images, 1, find_terms(code)) for code in ("en", "de"))
        assert looked in german[0] and not set(english) & set(german)
        assert german[-1].startswith("Schicht 2 von ") and not re.search(r"\d\.\d", " ".join(german))


def check_lines(said: Said, study: Study) -> None:
    """Every item is one line, each stands once in its part, and no word of English is left in German."""
    analysis = sacroiliac(study, said)
    reports = {code: describe(analysis, find_terms(code)) for code in LANGUAGES}
    for code, report in reports.items():
        for part in (
            report.findings,
            report.impression,
            report.limitations,
            report.conclusions,
            report.technique,
        ):
            assert max(map(len, part), default=0) <= LONGEST and len(part) == len(set(part)), (code, part)
        assert set(report.missing) <= set(report.limitations)
    assert not set(items(reports["en"])) & set(items(reports["de"]))


@settings(
    max_examples=60,
    phases=(Phase.generate,),
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(said=draws())
def test_german_says_no_more_than_is_known_and_every_item_is_a_line(said: Said, study: Study) -> None:
    check_german(said, study)
    check_lines(said, study)


@pytest.mark.parametrize("said", CASES.values(), ids=CASES)
def test_cases_that_a_hospital_sends_in_german(said: Said, study: Study) -> None:
    check_german(said, study)
    check_lines(said, study)


def test_the_check_of_german_would_notice(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, alone = sacroiliac(study, Said()), sacroiliac(study, Said(fluid=False))
    for said, other in ((Said(fluid=False), whole), (Said(), alone)):
        monkeypatch.setattr(f"{__name__}.sacroiliac", lambda study, said, other=other: other)
        for judge in (check_german, check_german_page):
            with pytest.raises(AssertionError):
                judge(said, study)


def test_objects_and_json_speak_german_and_codes_stay_english(study: Study) -> None:
    analysis = sacroiliac(study, Said())
    german, english = SacroiliacPresentation("de"), SacroiliacPresentation()
    made, other = (build_outputs(analysis, presentation=one) for one in (german, english))
    assert gate_findings(made.objects, analysis, presentation=german) == ()
    told = {item.kind: list(_texts(item.dataset)) for item in made.objects if item.kind == "sr-text"}
    assert "Linkes ISG: Knochenmarködem bis 10 mm vom Gelenk 4,2 ml." in told["sr-text"]
    labels = [
        str(one.SegmentLabel)
        for item in made.objects
        if item.kind == "seg-edema"
        for one in item.dataset.SegmentSequence
    ]
    assert "Knochenmarködem am ISG, links" in labels
    assert made.summary["language"] == "de" and made.summary["headline"].startswith("Knochenmarködem an den ISG")
    left, right = ([one for one in _meanings(each.objects) if one not in LANGUAGE_CODES] for each in (made, other))
    assert left == right
    for each, language in ((made, "German"), (other, "English")):
        reports = [item for item in each.objects if item.dataset.Modality == "SR"]
        assert reports and _meanings(reports).count(language) == len(reports)
    assert made.summary["classification"]["stage"] == other.summary["classification"]["stage"] == "Early"


LANGUAGE_CODES = {"de", "en", "German", "English", "DE", "US", "Germany", "United States"}


def _meanings(objects: Any) -> list[str]:
    """Every code meaning of all objects."""
    return [
        str(element.value)
        for item in objects
        for element in item.dataset.iterall()
        if element.keyword in ("CodeMeaning", "CodeValue", "CodingSchemeDesignator")
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_that_the_network_says_otherwise_stands_beside_the_class(study: Study, language: str) -> None:
    presentation, whole = SacroiliacPresentation(language), sacroiliac(study)
    differs = Limitation(LimitationCode.RULE_AND_NETWORK_DIFFER, {"probability": 0.21})
    told = []
    for analysis in (whole, replace(whole, limitations=(*whole.limitations, differs))):
        with drawing() as drawn:
            draw_page(analysis, presentation, presentation.report(analysis), software="test")
        told.append(" ".join(words for _, words in drawn))
    line = presentation.terms.say("summary-differs", probability=presentation.terms.language.number(0.21, 2))
    assert line not in told[0] and line in told[1]


def test_where_nothing_is_warm_no_heat_map_is_sent_and_that_is_said_once(study: Study) -> None:
    whole = sacroiliac(study)
    images = whole.images[0]
    values = np.zeros(images.shape, np.float32)
    cold = HeatMap(
        "focused", "axspa", Site("sacroiliac-joint"), Answer.PRESENT, images.role, values, full_scale=4.0, floor=1.0
    )
    warm = replace(cold, values=values + np.float32(2))
    for heat, sent in ((cold, 0), (warm, images.shape[0])):
        analysis = replace(whole, heatmaps=(heat,))
        made = build_outputs(analysis, kinds=frozenset({"sc-heat", "sc-heat-all", "sr-text"})).objects
        assert sum(item.kind == "sc-heat-all" for item in made) == sent
        assert any(item.kind == "sc-heat" for item in made) is bool(sent)
        terms = SacroiliacPresentation("en").terms
        said = describe(analysis, terms).conclusions
        assert said.count(terms.say("heatmap-none")) == int(not sent)
        assert said.count(terms.say("heatmap-statement")) == int(bool(sent))
