"""Which series are read: the engine that scores candidates. An application brings roles and criteria."""

from inference.series.case import MR_CLASSES, Case
from inference.series.choice import ELIGIBLE_SCORE, WantedSeries, choose
from inference.series.exclusions import is_made_of_others, refuse_kind
from inference.series.gaps import header_gaps
from inference.series.mr_contrast import judge_fluid, judge_t1
from inference.series.types import Candidate, Evidence, Selection, StackFacts
from inference.series.words import Meaning, meanings

__all__ = [
    "ELIGIBLE_SCORE",
    "MR_CLASSES",
    "Candidate",
    "Case",
    "Evidence",
    "Meaning",
    "Selection",
    "StackFacts",
    "WantedSeries",
    "choose",
    "header_gaps",
    "is_made_of_others",
    "judge_fluid",
    "judge_t1",
    "meanings",
    "refuse_kind",
]
