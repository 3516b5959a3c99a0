"""Which series are read: the engine that scores candidates. An application brings roles and criteria."""

from inference.series.case import Case
from inference.series.choice import ELIGIBLE_SCORE, WantedSeries, choose
from inference.series.exclusions import refuse_kind
from inference.series.mr_contrast import judge_fluid, judge_t1
from inference.series.types import Candidate, Evidence, Selection, StackFacts
from inference.series.words import Meaning, meanings

__all__ = [
    "ELIGIBLE_SCORE",
    "Candidate",
    "Case",
    "Evidence",
    "Meaning",
    "Selection",
    "StackFacts",
    "WantedSeries",
    "choose",
    "judge_fluid",
    "judge_t1",
    "meanings",
    "refuse_kind",
]
