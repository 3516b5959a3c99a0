"""Places along a stack where slices are missing."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

GAP_FACTOR = 1.5
"""Neighbors further apart than this many spacings have lost a slice between them: half way from one step to two."""


@dataclass(frozen=True, slots=True)
class Hole:
    """A place where slices are missing.

    Attributes
    ----------
    after : int
        Index of the slice before it.
    gap_mm : float
        Distance of the slices on both sides.
    missing : int
        How many slices fit in between.
    """

    after: int
    gap_mm: float
    missing: int


def find_gaps(places_mm: Sequence[float], *, spacing_mm: float) -> list[Hole]:
    """Where neighboring slices are more than one and a half spacings apart.

    Parameters
    ----------
    places_mm : sequence of float
        Places along the normal, ascending.
    spacing_mm : float
        The usual distance of neighbors.

    Examples
    --------
    >>> find_gaps([0.0, 4.0, 8.0, 20.0], spacing_mm=4.0)
    [Hole(after=2, gap_mm=12.0, missing=2)]
    """
    return [
        Hole(after, high - low, max(1, round((high - low) / spacing_mm) - 1))
        for after, (low, high) in enumerate(pairwise(places_mm))
        if high - low > GAP_FACTOR * spacing_mm
    ]
