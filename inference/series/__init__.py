"""Which series are read: the engine that scores candidates. An application brings roles and criteria."""

from inference.series.case import Case
from inference.series.choice import WantedSeries, choose
from inference.series.exclusions import refuse_kind
from inference.series.mr_contrast import judge_fluid, judge_t1
from inference.series.types import Candidate, Selection
from inference.series.words import Meaning

__all__ = [
    "Candidate",
    "Case",
    "Meaning",
    "Selection",
    "WantedSeries",
    "choose",
    "judge_fluid",
    "judge_t1",
    "refuse_kind",
]
