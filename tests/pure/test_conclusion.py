"""The rule that joins evidence and network: its table, and what no input may ever give."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.result import Answer
from inference.sij_mri.conclusion import answer_of, conclude
from inference.sij_mri.types import Stage

PRESENT, ABSENT, UNDECIDED = Answer.PRESENT, Answer.ABSENT, Answer.UNDECIDED
SURELY_NORMAL = (0.97, 0.01, 0.01, 0.01)
EARLY = (0.10, 0.80, 0.06, 0.04)
MODERATE = (0.12, 0.30, 0.50, 0.08)
DOUBTFUL = (0.50, 0.30, 0.10, 0.10)


@pytest.mark.parametrize(
    ("rule", "network", "axspa", "stage", "stages"),
    [
        (PRESENT, SURELY_NORMAL, PRESENT, Stage.EARLY, (0.20, 0.78, 0.01, 0.01)),
        (PRESENT, EARLY, PRESENT, Stage.EARLY, EARLY),
        (PRESENT, MODERATE, PRESENT, Stage.MODERATE, MODERATE),
        (PRESENT, DOUBTFUL, PRESENT, Stage.EARLY, (0.20, 0.60, 0.10, 0.10)),
        (UNDECIDED, SURELY_NORMAL, UNDECIDED, None, (0.70, 0.28, 0.01, 0.01)),
        (UNDECIDED, DOUBTFUL, UNDECIDED, None, DOUBTFUL),
        (UNDECIDED, MODERATE, PRESENT, Stage.MODERATE, MODERATE),
        (ABSENT, SURELY_NORMAL, ABSENT, Stage.NORMAL, SURELY_NORMAL),
        (ABSENT, DOUBTFUL, UNDECIDED, None, DOUBTFUL),
        (ABSENT, MODERATE, PRESENT, Stage.MODERATE, MODERATE),
        (ABSENT, EARLY, UNDECIDED, None, (0.30, 0.60, 0.06, 0.04)),
    ],
)
def test_each_row_of_the_table(
    rule: Answer, network: tuple[float, ...], axspa: Answer, stage: Stage | None, stages: tuple[float, ...]
) -> None:
    concluded = conclude(rule, network)
    assert (concluded.axspa, concluded.stage) == (axspa, stage)
    assert concluded.stages == pytest.approx(stages)
    assert concluded.probability == pytest.approx(1 - stages[0])


@given(st.sampled_from((PRESENT, ABSENT, UNDECIDED)), st.lists(st.floats(0, 1), min_size=4, max_size=4).filter(any))
def test_class_and_stage_never_quarrel_with_each_other_or_with_the_rule(rule: Answer, weights: list[float]) -> None:
    network = [weight / sum(weights) for weight in weights]
    concluded = conclude(rule, network)
    assert sum(concluded.stages) == pytest.approx(1)
    assert min(concluded.stages) >= -1e-12
    assert (concluded.stage is None) == (concluded.axspa is UNDECIDED)
    assert (concluded.stage is Stage.NORMAL) == (concluded.axspa is ABSENT)
    assert concluded.axspa is answer_of(concluded.probability)
    if rule is PRESENT:
        assert concluded.axspa is PRESENT
    if rule is not ABSENT:
        assert concluded.axspa is not ABSENT
    if rule is ABSENT and concluded.axspa is PRESENT:
        assert max(network[2:]) > network[1]


def test_the_bounds_themselves_are_undecided() -> None:
    assert [answer_of(p) for p in (0.2999, 0.3, 0.5, 0.7, 0.7001)] == [ABSENT, *[UNDECIDED] * 3, PRESENT]
