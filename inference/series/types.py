"""What the choice of series gives: candidates with their evidence, and which of them were taken."""

from collections.abc import Mapping
from dataclasses import dataclass

from inference.types import ImageHeader, Key, Reason


@dataclass(frozen=True, slots=True)
class Evidence:
    """One criterion of a candidate's score. ``points`` may be negative."""

    criterion: Key
    points: float
    reason: Reason


@dataclass(frozen=True, slots=True)
class StackFacts:
    """Which images of a series are meant, where it holds several kinds of them, or repeats.

    Attributes
    ----------
    kinds : int
        Of images in the series.
    planes : int
        Of the kind that is meant.
    kind : Key
        Dixon component or complex part of it; empty for plain magnitude images.
    repeats : int
        Planes left out, because another one at their position was kept.
    kept : Reason or None
        Which of the repeats was kept.
    """

    kinds: int = 1
    planes: int = 0
    kind: Key = ""
    repeats: int = 0
    kept: Reason | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """One series judged for one role."""

    series_instance_uid: str
    series_number: int | None
    description: str
    role: Key
    score: float  # 0 to 100
    eligible: bool
    chosen: bool
    evidence: tuple[Evidence, ...] = ()
    images: tuple[ImageHeader, ...] = ()  # the planes to use, one at each position
    refusals: tuple[Reason, ...] = ()  # any of them rules it out
    notes: tuple[Reason, ...] = ()
    stack: StackFacts = StackFacts()
    modality: str = ""


@dataclass(frozen=True, slots=True)
class Selection:
    """The candidate table of a study, and the choice."""

    candidates: tuple[Candidate, ...]
    chosen: Mapping[Key, Candidate]  # by role
    wanted: tuple[Key, ...] = ()  # the roles that were looked for; empty: those that were found
    plausible: bool = True  # the study might be one to read; only of interest where nothing was chosen
