"""The page on the conclusion: what is counted, and its exact intervals."""

import pytest

from inference.sij_mri import Stage
from inference.types import Side
from training.sij_mri.conclusion.evaluate import NOT_JUDGED, Judged, ReadScan
from training.sij_mri.conclusion.page import conclusion_page, share

JUDGED = (
    Judged("real", "a", Stage.EARLY, True, "present", "present", "Early"),
    Judged("real", "a", Stage.NORMAL, False, "undecided", "undecided", "undecided"),
    Judged("phantom", "b", Stage.NORMAL, False, "absent", "absent", "Normal"),
    Judged("phantom", "c", Stage.NORMAL, False, NOT_JUDGED, NOT_JUDGED, NOT_JUDGED),
)
MET, UNMET = dict.fromkeys((*map(str, Side), "study"), "present"), dict.fromkeys((*map(str, Side), "study"), "absent")
SCAN = ReadScan(
    subject="77",
    ours={"left": "present", "right": "undecided", "study": "present"},
    readers={"R11": MET, "R12": UNMET},
    volumes_ml={"left": (0.5, 1.0, 1.5), "right": (0.1, 0.2, 0.3)},
    readers_ml={"left": [0.9, 1.6], "right": [0.0, 0.3]},
    network=0.2,
    joined=0.8,
    axspa="present",
    stage="Early",
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
    assert "| Normal | no | 1 | 1 undecided | 1 undecided | 1 undecided |" in page
    assert "| Normal | no | 2 | 1 absent, 1 not judged | 1 absent, 1 not judged | 1 Normal, 1 not judged |" in page
    row = next(line for line in page.splitlines() if line.startswith("| 77 "))
    assert row.startswith("| 77 | +?+ | +++ --- | 1.00 (0.50 to 1.50) | 0.90 to 1.60 |")
    assert "Undecided: 0 of 1. Volumes of the readings between strict and loose: 2 of 4." in page
