"""The page on the conclusion: what is counted, and its exact intervals."""

import pytest

from inference.sij_mri import Stage
from inference.types import Side
from training.sij_mri.conclusion.evaluate import Judged, ReadScan
from training.sij_mri.conclusion.page import conclusion_page, share
from training.sij_mri.edema.cutoffs import NOT_JUDGED


def judged(source: str, anatomy: str, truth: Stage, said: str, stage: str, **other: str) -> Judged:
    """A patient of whom rule and conclusion say the same, and the network too where nothing else is given."""
    words = {"rule": said, "rule_with_fluid": said, "network": said, "network_stage": stage, **other}
    return Judged(source, anatomy, truth, edema=truth is Stage.EARLY, axspa=said, stage=stage, **words)


JUDGED = (
    judged("real", "a", Stage.EARLY, "present", "Early", network="absent", network_stage="Normal"),
    judged("real", "a", Stage.NORMAL, "undecided", "undecided", rule_with_fluid="present"),
    judged("phantom", "b", Stage.NORMAL, "absent", "Normal"),
    judged("phantom", "c", Stage.NORMAL, NOT_JUDGED, NOT_JUDGED),
)
MET, UNMET = dict.fromkeys((*map(str, Side), "study"), "present"), dict.fromkeys((*map(str, Side), "study"), "absent")
SCAN = ReadScan(
    subject="77",
    ours={"left": "present", "right": "undecided", "study": "present"},
    ours_with_fluid=MET,
    readers={"R11": MET, "R12": UNMET},
    volumes_ml={"left": (0.5, 1.0, 1.5), "right": (0.1, 0.2, 0.3)},
    readers_ml={"left": [0.9, 1.6], "right": [0.0, 0.3]},
    network=0.2,
    joined=0.8,
    axspa="present",
    stage="Early",
    network_alone="absent",
)


def test_intervals_are_exact() -> None:
    assert share(0, 36) == "0 of 36: 0.00 (0.00 to 0.10)"
    assert share(36, 36) == "36 of 36: 1.00 (0.90 to 1.00)"


@pytest.mark.parametrize("answer", ["present", "absent", "undecided", NOT_JUDGED])
def test_each_answer_is_counted(answer: str) -> None:
    page = conclusion_page(JUDGED, (), command="x")
    assert f"| {answer} | 1 of 4: 0.25 (0.01 to 0.81) |" in page
    assert "Real scans" not in page


def test_truth_stands_beside_what_is_said() -> None:
    page = conclusion_page(JUDGED, (SCAN,), command="x")
    none = "0 of 1: 0.00 (0.00 to 0.97)"
    assert f"| Normal | no | 1 | 1 undecided | {none} | 1 | 1 undecided | 1 undecided | 1 undecided |" in page
    row = next(line for line in page.splitlines() if line.startswith("| 77 "))
    assert row.startswith("| 77 | +?+ | +++ | +++ --- | 1.00 (0.50 to 1.50) | 0.90 to 1.60 |")
    assert row.endswith("| 0.20 | 0.80 | present | Early | absent |")
    assert "| present | 1 of 1: 1.00 (0.03 to 1.00) | 0 of 1: 0.00 (0.00 to 0.97) |" in page
    assert "Volumes of the readings between strict and loose: 2 of 4." in page


def test_the_conclusion_stands_beside_the_network_alone_and_the_commonest_answer() -> None:
    page = conclusion_page(JUDGED, (), command="x")
    rows = {line.split(" | ")[0].strip("| "): line.split(" | ")[1:4] for line in page.splitlines() if "of 4: " in line}
    counts = {title: [cell.split(":")[0] for cell in cells] for title, cells in rows.items()}
    assert counts["rule and network joined"] == ["2 of 4", "2 of 4", "0 of 4"]
    assert counts["network alone"] == ["1 of 4", "2 of 4", "1 of 4"]
    assert counts["null model (always absent, Normal)"] == ["3 of 4", "0 of 4", "1 of 4"]


@pytest.mark.parametrize(("rule", "met"), [("present", 1), ("undecided", 0)])
def test_a_normal_that_meets_the_rule_is_said(rule: str, met: int) -> None:
    page = conclusion_page((*JUDGED, judged("requested", "d", Stage.NORMAL, rule, "Early")), (), command="x")
    assert f"The rule was met in {share(met, 4)} of the simulated *Normal*" in page
    assert f"{met} of 1 (phantom with lesions of its own making)" in page
    assert f"{1 + met} of the *Normal* would meet it" in page
