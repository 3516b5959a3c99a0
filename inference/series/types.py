"""What the choice of series gives: candidates with their evidence, and which of them were taken."""

from collections.abc import Mapping
from dataclasses import dataclass

from inference.types import ImageHeader


@dataclass(frozen=True, slots=True)
class Evidence:
    """One criterion of a candidate's score. ``points`` may be negative."""

    criterion: str
    points: float
    text: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """One series judged for one role."""

    series_instance_uid: str
    series_number: int | None
    description: str
    role: str
    score: float  # 0 to 100
    eligible: bool
    chosen: bool
    sentence: str
    evidence: tuple[Evidence, ...] = ()
    images: tuple[ImageHeader, ...] = ()  # the planes to use, one at each position


@dataclass(frozen=True, slots=True)
class Selection:
    """The candidate table of a study, and the choice."""

    candidates: tuple[Candidate, ...]
    chosen: Mapping[str, Candidate]  # by role
    sentence: str  # what was chosen and why, or why nothing applies
