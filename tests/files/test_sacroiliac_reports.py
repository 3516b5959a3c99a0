"""What reports of sacroiliac studies say: their order, their codes, the images that they send a reader to."""

from collections.abc import Iterator

import pytest
from pydicom.dataset import Dataset

from inference.result import Analysis, Answer
from inference.sij_mri import Role
from inference.types import Reason, Side
from reporting.outputs import Outputs
from reporting.sij_mri.report import describe
from reporting.sij_mri.terms import TERMS
from tests.factories.analysis import build_outputs, gate_findings, headers_of
from tests.factories.sacroiliac import Said, Study, nothing_recognized, sacroiliac, with_warning, write_study


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return write_study(tmp_path_factory.mktemp("study"))


@pytest.fixture(scope="module")
def whole(study: Study) -> Analysis:
    return sacroiliac(study)


@pytest.fixture(scope="module")
def outputs(whole: Analysis) -> Outputs:
    return build_outputs(whole)


def lead_of(outputs: Outputs) -> Dataset:
    return next(item.dataset for item in outputs.objects if item.kind in ("sr-edema", "sr-joints"))


def groups_of(outputs: Outputs) -> dict[str, list[Dataset]]:
    """Content of the measurement groups of all reports, by tracking identifier."""
    groups: dict[str, list[Dataset]] = {}
    for report in (item.dataset for item in outputs.objects if item.kind in ("sr-edema", "sr-joints")):
        for container in report.ContentSequence:
            for group in container.get("ContentSequence", ()):
                if group.ConceptNameCodeSequence[0].CodeValue == "125007":
                    groups.setdefault(str(group.ContentSequence[0].TextValue), []).extend(group.ContentSequence)
    return groups


def results_of(outputs: Outputs) -> list[Dataset]:
    """What the report that leads says of the study."""
    (container,) = named(list(lead_of(outputs).ContentSequence), "C0034375")
    return list(container.ContentSequence)


def named(items: list[Dataset], code: str) -> list[Dataset]:
    return [item for item in items if item.ConceptNameCodeSequence[0].CodeValue == code]


def sites(items: list[Dataset]) -> list[tuple[str, str]]:
    """Part of the body and side, in words."""
    return [
        (
            str(item.ConceptCodeSequence[0].CodeMeaning),
            " ".join(str(part.ConceptCodeSequence[0].CodeMeaning) for part in item.get("ContentSequence", ())),
        )
        for item in named(items, "363698007")
    ]


def texts(item: Dataset, code: str) -> Iterator[Dataset]:
    for part in item.get("ContentSequence", ()):
        if part.ConceptNameCodeSequence[0].CodeValue == code:
            yield part
        yield from texts(part, code)


def stage_line(analysis: Analysis) -> str:
    (line,) = (one for one in describe(analysis, TERMS).impression if one.startswith("Stage"))
    return line


def test_evidence_comes_first_then_the_class_then_the_stage(whole: Analysis) -> None:
    report = describe(whole, TERMS)
    for words in (report.headline, " ".join(report.impression)):
        places = [words.index(one) for one in ("ASAS", "AI class (AS yes/no): pattern suggestive of", "Stage: Early")]
        assert places == sorted(places)
    assert report.headline.startswith(
        "Bone marrow edema at the joints: right 1.8 ml, left 4.2 ml; ASAS rule: met (left)."
    )
    assert sum("learned from simulated lesions only; not validated" in line for line in report.impression) == 1
    assert "Structural lesions: not measured." in report.findings
    assert any("not told apart" in line for line in report.conclusions)
    assert any("a further 0.9 ml of it reaches deeper" in line and line.startswith("Left") for line in report.findings)
    assert any("3.4 to 5.0 ml by a stricter and a looser cut-off" in line for line in report.findings)
    assert not any(line.startswith("Right") and "deeper" in line for line in report.findings)


@pytest.mark.parametrize(
    ("shares", "words"),
    [
        ((0.1, 0.41, 0.41, 0.08), "Stage: Early, hardly more likely than Moderate (0.41, 0.41)"),
        ((0.1, 0.60, 0.22, 0.08), "Stage: Early (0.60)"),
        ((0.45, 0.40, 0.10, 0.05), "Stage: Early (0.40)"),
        ((0.01, 0.01, 0.01, 0.97), "Stage: Advanced (over 0.95)"),
    ],
)
def test_stages_that_are_close_are_named_together(study: Study, shares: tuple[float, ...], words: str) -> None:
    said = Said(shares=dict(zip(("normal", "early", "moderate", "advanced"), shares, strict=True)))
    assert stage_line(sacroiliac(study, said)) == f"{words}."


def test_normal_is_no_likeliest_stage_where_the_rule_is_met(study: Study) -> None:
    unmet = dict.fromkeys(Side, Answer.UNDECIDED)
    met, undecided = (
        stage_line(sacroiliac(study, one)) for one in (Said(axspa="undecided"), Said(axspa="undecided", asas=unmet))
    )
    assert met == "Stage undecided." and undecided == "Stage undecided; likeliest Normal (0.48)."


def test_nobody_has_a_finding_of_ankylosing_spondylitis_and_a_pattern_only_suggests_it(study: Study) -> None:
    for axspa, suggested in (("present", ["9631008"]), ("absent", []), ("undecided", [])):
        asas = dict.fromkeys(Side, Answer.UNDECIDED if axspa == "undecided" else Answer.ABSENT)
        analysis = sacroiliac(study, Said(axspa=axspa, asas=asas))
        outputs = build_outputs(analysis)
        said = [*groups_of(outputs).values(), results_of(outputs)]
        findings = {item.ConceptCodeSequence[0].CodeValue for one in said for item in named(one, "121071")}
        assert "9631008" not in findings and "SIJ_EXAMINED" in findings
        told = [item.ConceptCodeSequence[0].CodeValue for item in named(results_of(outputs), "SUGGESTS")]
        assert told == suggested


def test_a_side_is_a_modifier_and_edema_elsewhere_is_of_no_joint(study: Study) -> None:
    outputs = build_outputs(sacroiliac(study, Said(elsewhere_mm3=700.0)))
    groups = groups_of(outputs)
    for side in ("LEFT", "RIGHT"):
        edema = groups[f"AXSPA-EDEMA-{side}"]
        assert set(sites(edema)) == {("Sacroiliac joint", side.capitalize())}
        assert named(edema, "118565006") and named(edema, "ASAS_RULE")
    assert set(sites(groups["AXSPA-EDEMA-ELSEWHERE"])) == {("Sacrum", ""), ("Ilium", "Bilateral")}
    assert "AXSPA-REGION" not in groups


def test_what_was_looked_for_and_not_found_is_a_number_at_its_side(study: Study) -> None:
    nothing = dict.fromkeys(Side, 0.0)
    said = Said(edema_mm3={Side.LEFT: 20.0, Side.RIGHT: 0.0}, deep_mm3=nothing)
    outputs = build_outputs(sacroiliac(study, said))
    (none,) = named(results_of(outputs), "BME_VOL")
    assert none.ValueType == "TEXT" and none.TextValue == "0 cm3" and sites([*none.ContentSequence])
    assert sites(list(none.ContentSequence)) == [("Sacroiliac joint", "Right")]


def test_edema_cites_the_series_that_it_was_measured_on(whole: Analysis, outputs: Outputs) -> None:
    fluid, t1 = whole.of_role(Role.FLUID), whole.of_role(Role.T1W)
    assert fluid is not None and t1 is not None
    groups = groups_of(outputs)
    for name, images in (("AXSPA-EDEMA-LEFT", fluid), ("AXSPA-JOINT-LEFT", t1)):
        (region,), (series,) = (named(groups[name], code) for code in ("111030", "121232"))
        cited = region.ContentSequence[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID
        assert cited in {one.sop_instance_uid for one in images.sources}
        assert images.series_instance_uid == series.UID
    told = {(one["key"], one["site"]["side"]): one for one in outputs.summary["said"]}
    assert told["edema-volume", "left"]["role"] == Role.FLUID and told["joint-volume", "left"]["role"] == Role.T1W


def test_slices_to_look_at_say_why_and_those_that_show_a_joint_are_named(whole: Analysis, outputs: Outputs) -> None:
    first = whole.of_role(Role.T1W)
    assert first is not None
    keys = list(texts(lead_of(outputs), "KEY_SLICE"))
    assert [str(one.TextValue) for one in keys] == [one["words"] for one in outputs.summary["look_first"]]
    assert "most edema at the joints" in keys[0].TextValue
    shown = list(texts(lead_of(outputs), "SHOWN_IN"))
    assert len(shown) == 2 and "joint traced in 4 of 6 slices" in shown[0].TextValue
    for text, planes in ((keys[0], [2]), (shown[0], [1, 2, 3, 4])):
        cited = [part.ReferencedSOPSequence[0].ReferencedSOPInstanceUID for part in text.ContentSequence]
        assert cited == [first.sources[plane].sop_instance_uid for plane in planes]
    assert [one["planes"] for one in outputs.summary["shown_in"]] == [[1, 2, 3, 4]] * 2


def test_a_probability_beyond_the_bound_is_coded_at_it_with_a_word(study: Study, outputs: Outputs) -> None:
    sure = build_outputs(
        sacroiliac(study, Said(shares={"normal": 0.00004, "early": 0.99994, "moderate": 1e-5, "advanced": 1e-5}))
    )
    for made, words in ((sure, "over 0.95. No probability"), (outputs, "0.6")):
        (number,) = named(results_of(made), "P1")
        assert str(number.TextValue).startswith(words)
    shares = next(one for one in sure.summary["said"] if one["key"] == "stage")["probabilities"]
    assert {one["value"]: (one["p"], one["p_words"]) for one in shares}["early"] == (0.99994, "over 0.95")


def test_pictures_without_a_recognized_joint_give_one_reason_once(study: Study, whole: Analysis) -> None:
    nothing, headers = nothing_recognized(study), headers_of(whole)
    report = describe(nothing, TERMS)
    assert report.headline == ("Not analysed: the pictures do not show sacroiliac joints that could be recognized.")
    made = build_outputs(nothing, headers)
    assert [item.kind for item in made.objects] == ["sr-text"] and gate_findings(made.objects, nothing, headers) == ()
    lines = [
        str(one.TextValue)
        for one in (*texts(made.objects[0].dataset, "121071"), *texts(made.objects[0].dataset, "121077"))
    ]
    assert sum("could be recognized" in line for line in lines) == 1 and len(lines) == len(set(lines)) <= 12
    assert "Not judged: joint line, edema, ASAS rule, class, stage." in lines
    assert any("neither normal nor abnormal" in line for line in lines)
    assert made.summary["reasons"][0].startswith("The pictures do not show") and made.summary["said"] == []
    assert not describe(whole, TERMS).headline.startswith("Not analysed")


def test_a_warning_of_a_series_stands_once(whole: Analysis) -> None:
    report = describe(with_warning(whole, Reason.of("repeated-positions", dropped=2)), TERMS)
    assert [line for line in report.limitations if "2 slices repeat a position" in line] == [
        "T1-weighted series: 2 slices repeat a position and are left out."
    ]
    assert describe(whole, TERMS).limitations == ()
