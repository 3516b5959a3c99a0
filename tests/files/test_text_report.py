"""The text report as a radiologist reads it: an impression, each thing once, right before left, short sentences."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import EnhancedSRStorage

from config.codes import GapCode, SourceCode
from inference.result import Analysis, Answer
from inference.sij_mri import LimitationCode
from inference.types import Reason, Side
from reporting.sij_mri import SacroiliacPresentation
from reporting.sij_mri.report import describe
from reporting.sij_mri.terms import LANGUAGES, TERMS, find_terms
from reporting.types import Predecessor
from reporting.words import LONGEST
from tests.factories.analysis import build_outputs, not_applicable
from tests.factories.sacroiliac import Said, Study, sacroiliac, write_study

ABSENT = dict.fromkeys(Side, Answer.ABSENT)
TECHNIQUE = "Current Procedure Descriptions"
CASES = {
    "whole": Said(),
    "not met": Said(asas=ABSENT, axspa="absent"),
    "nothing found": Said(
        edema_mm3=dict.fromkeys(Side, 0.0),
        deep_mm3=dict.fromkeys(Side, 0.0),
        elsewhere_mm3=0.0,
        asas=ABSENT,
        axspa="absent",
    ),
    "traces": Said(edema_mm3=dict.fromkeys(Side, 20.0), deep_mm3=dict.fromkeys(Side, 20.0)),
    "undecided": Said(asas=dict.fromkeys(Side, Answer.UNDECIDED), axspa="undecided"),
    "T1-weighted alone": Said(fluid=False),
    "fluid-sensitive alone": Said(t1=False, joints=dict.fromkeys(Side, False)),
    "no normal marrow": Said(marrow=False),
    "both joints in part": Said(asas=ABSENT, covered=dict.fromkeys(Side, False)),
    "left joint in part": Said(covered={Side.LEFT: False, Side.RIGHT: True}, edema_mm3=dict.fromkeys(Side, 0.0)),
    "right joint alone": Said(joints={Side.LEFT: False, Side.RIGHT: True}),
}
PARTIAL = {name for name, said in CASES.items() if said.no_class is not None}


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return write_study(tmp_path_factory.mktemp("study"))


def sections(analysis: Analysis) -> dict[str, list[str]]:
    """The lines of the text report, by heading."""
    text = next(item.dataset for item in build_outputs(analysis).objects if item.kind == "sr-text")
    return {
        str(one.ConceptNameCodeSequence[0].CodeMeaning): list(_lines(one))
        for one in text.ContentSequence
        if one.ValueType == "CONTAINER"
    }


def _lines(section: Dataset) -> Iterator[str]:
    for item in section.ContentSequence:
        yield str(item.TextValue)


@pytest.mark.parametrize("name", CASES)
def test_every_report_has_an_impression_and_says_each_thing_once_shortly_and_right_before_left(
    name: str, study: Study
) -> None:
    said = sections(sacroiliac(study, CASES[name]))
    assert list(said) == ["Impressions", "Findings", "Conclusions", TECHNIQUE] and all(said.values())
    lines = [line for section in said.values() for line in section]
    assert len(lines) == len(set(lines)) and max(map(len, lines)) <= LONGEST
    for line in lines:
        sides = re.findall(r"\b(right|left)\b", line.replace("Left and right", ""), re.I)
        assert sorted(sides, reverse=True) == sides or line.startswith(("Judged: ", "Not judged: ")), line
        assert not re.search(r"\b1 (areas|slices|images)\b|ml of it reach\b", line), line
    by_side = [line.split()[0] for line in said["Findings"] if re.match("(Right|Left) joint", line)]
    assert by_side == sorted(by_side, reverse=True)


@pytest.mark.parametrize("name", CASES)
def test_a_partial_report_says_first_what_is_missing_with_its_reason_once(name: str, study: Study) -> None:
    analysis = sacroiliac(study, CASES[name])
    said, report = sections(analysis), describe(analysis, TERMS)
    lines = [line for section in said.values() for line in section]
    assert lines[0] == "AI RESEARCH RESULT - NOT FOR DIAGNOSIS"
    if name not in PARTIAL:
        assert lines[1] == report.impression[0] and not any("Not judged" in line for line in lines)
        return
    first = lines.index(report.impression[0])
    assert lines[1].startswith("Partial result. ") and lines[first - 1].startswith("Not judged: ")
    for one in report.missing:
        assert sum(one in line for line in lines) == 1
    assert not any(line.startswith("Limitation: The study has no") for line in lines)


def test_what_was_read_and_how_comes_last(study: Study) -> None:
    said = sections(sacroiliac(study))
    assert [line.partition(" ")[0] for line in said[TECHNIQUE]][:4] == ["Read", "Read", "Slices", "Edema"]
    assert said[TECHNIQUE][-2].startswith("Software ") and said[TECHNIQUE][-1].startswith("Manifest ")
    assert not any("Software" in line or "Read as" in line for name in said if name != TECHNIQUE for line in said[name])


def test_a_report_without_an_impression_begins_its_findings_with_the_headline(tmp_path: Path) -> None:
    analysis, headers = not_applicable(tmp_path)
    text = next(item.dataset for item in build_outputs(analysis, headers).objects if item.kind == "sr-text")
    findings = next(one for one in text.ContentSequence if one.ValueType == "CONTAINER")
    assert findings.ConceptNameCodeSequence[0].CodeMeaning == "Findings"
    assert list(_lines(findings))[1].startswith("Not analysed")


@pytest.mark.parametrize(
    ("name", "judged", "unjudged"),
    [
        ("T1-weighted alone", "joint line", "edema, ASAS rule, class, stage"),
        ("fluid-sensitive alone", "nothing at the joints", "joint line, edema, ASAS rule, class, stage"),
        ("both joints in part", "joint line, edema of the part seen", "ASAS rule, class, stage"),
        ("left joint in part", "joint line, edema (right), edema of the part seen (left), ASAS rule", "class, stage"),
        (
            "right joint alone",
            "joint line (right), edema (right), ASAS rule (right)",
            "joint line (left), edema (left), ASAS rule (left, study), class, stage",
        ),
    ],
)
def test_what_was_judged_and_what_was_not(name: str, judged: str, unjudged: str, study: Study) -> None:
    findings = sections(sacroiliac(study, CASES[name]))["Impressions"]
    place = findings.index(f"Judged: {judged}.")
    assert findings[place + 1] == f"Not judged: {unjudged}."


def test_a_met_rule_says_that_healthy_people_meet_it_and_an_unmet_one_that_it_excludes_nothing(study: Study) -> None:
    met, unmet, undecided, nothing = (
        " ".join(sections(sacroiliac(study, CASES[name]))["Impressions"])
        for name in ("whole", "not met", "undecided", "T1-weighted alone")
    )
    healthy, excludes = "11 of 47 volunteers (de Winter 2018)", "That does not exclude axial spondyloarthritis"
    assert healthy in met and "this software's rule is not known" in met and excludes not in met
    assert excludes in unmet and healthy not in unmet
    assert not any(words in said for words in (healthy, excludes) for said in (undecided, nothing))


def test_no_pattern_is_not_said_as_no_disease(study: Study) -> None:
    absent, present = (sacroiliac(study, CASES[name]) for name in ("not met", "whole"))
    words = "o pattern does not mean no disease"
    assert words in describe(absent, TERMS).headline and words in " ".join(describe(absent, TERMS).impression)
    assert words not in describe(present, TERMS).headline and words not in " ".join(describe(present, TERMS).impression)


def test_other_causes_are_named_where_there_is_edema(study: Study) -> None:
    found, nothing = (sections(sacroiliac(study, CASES[name]))["Conclusions"] for name in ("whole", "nothing found"))
    assert any("Other causes of edema" in line for line in found)
    assert not any("Other causes of edema" in line for line in nothing)


def test_a_gap_stands_before_all_else_and_once(study: Study) -> None:
    whole = sacroiliac(study)
    gap = Reason(GapCode.IMAGES_REFUSED, {"count": 22})
    findings = sections(replace(whole, limitations=(gap,)))["Impressions"]
    assert findings[1] == "The study is incomplete."
    assert findings[2].startswith("Images that this node could not store")
    assert sum("could not store" in line for line in findings) == 1
    assert not any("incomplete" in line for section in sections(whole).values() for line in section)


def test_a_limitation_that_another_reason_explains_is_left_out_and_stays_where_it_is_the_reason(study: Study) -> None:
    alone = replace(
        sacroiliac(study, CASES["fluid-sensitive alone"]),
        limitations=(Reason(LimitationCode.NO_T1), Reason(LimitationCode.NOT_CLASSIFIED)),
    )
    whole = replace(sacroiliac(study), limitations=(Reason(LimitationCode.NOT_CLASSIFIED),))
    words = "No slice that shows a sacroiliac joint was found"
    assert not any(words in line for line in sections(alone)["Findings"])
    assert any(words in line for line in sections(whole)["Findings"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_item_is_a_line_whatever_stands_in_it(study: Study, language: str) -> None:
    """A result that replaces another, with a model of a long name, of sources with many attributes that were mended."""
    earlier = Predecessor("sr-text", EnhancedSRStorage, "2.25.71", "2.25.72")
    mended = Reason.of(SourceCode.IDENTITY_SHORTENED, attributes=", ".join(["Patient's Birth Date"] * 6))
    whole = sacroiliac(study)
    long = replace(
        whole,
        bundle=replace(whole.bundle, name="sacroiliac-joints-" * 4),
        limitations=(*whole.limitations, mended),
    )
    made = build_outputs(
        long,
        presentation=SacroiliacPresentation(language),
        predecessors=[earlier],
        revision=12,
        software_version="1" * 40,
    )
    (report,) = (item.dataset for item in made.objects if item.kind == "sr-text")
    lines, terms = list(_items(report)), find_terms(language)
    assert max(map(len, lines)) <= LONGEST
    assert terms.say("replaces", revision=12) in lines and terms.say("research-line") in lines
    assert sum(line.count("Birth Date") for line in lines) == 6


def _items(item: Dataset) -> Iterator[str]:
    for part in item.get("ContentSequence", ()):
        if part.ValueType == "TEXT" and part.RelationshipType == "CONTAINS":
            yield str(part.TextValue)
        yield from _items(part)
