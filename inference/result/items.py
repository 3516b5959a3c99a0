"""What can be said of images and of a study: one class for each kind of thing, and the only way to have no value."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

import numpy as np

from inference.types import BoolArray, FloatArray, Key, Reason, Side

Limitation = Reason
"""Something that could not be read, or must be read with care; its code is one of the application's limitations."""

Basis = Literal["rule", "network", "joined"]
Shape = Literal["point", "box", "outline"]


class Answer(StrEnum):
    """The values of a question that is answered with yes or no. "Not assessable" is none of them."""

    PRESENT = "present"
    ABSENT = "absent"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class NotAssessable:
    """The only way to have no value: neither 0, None nor "absent" can stand in for it."""

    because: Limitation


@dataclass(frozen=True, slots=True)
class Site:
    """Where in the body something is said of."""

    anatomy: Key
    side: Side | None = None
    level: Key = ""


@dataclass(frozen=True, slots=True)
class Place:
    """A place in one plane: a point, two corners of a box, or the corners of a closed outline.

    ``area_mm2`` is the area of what lies there, in the plane, where it was measured.
    """

    role: Key
    plane: int
    shape: Shape
    points_px: tuple[tuple[float, float], ...]
    area_mm2: float | None = None


@dataclass(frozen=True, slots=True)
class Segment:
    """Voxels of one thing, on the grid of the images of a role; ``mask`` is never empty."""

    key: Key
    site: Site
    role: Key
    mask: BoolArray


@dataclass(frozen=True, slots=True)
class Trace:
    """A line drawn through planes, a joint's surface for example.

    Attributes
    ----------
    lines_px : tuple of float32 array (n, 2)
        For each plane the points (row, column) of the line, in their order; none where it does not show.
    """

    key: Key
    site: Site
    role: Key
    lines_px: tuple[FloatArray, ...]

    @classmethod
    def across_rows(cls, key: Key, site: Site, role: Key, columns_px: FloatArray) -> "Trace":
        """A line that crosses each row of each plane at most once.

        Parameters
        ----------
        columns_px : float32 array (planes, rows)
            Column at which it crosses; NaN where it does not.
        """
        rows = [np.flatnonzero(np.isfinite(line)) for line in columns_px]
        lines = (np.stack([at, line[at]], axis=1) for at, line in zip(rows, columns_px, strict=True))
        return cls(key, site, role, tuple(line.astype(np.float32) for line in lines))


@dataclass(frozen=True, slots=True)
class Measurement:
    """A number; its unit is in the terms of its key.

    Attributes
    ----------
    of : Key
        Key of the segment, at the same site, that was measured; empty where none was.
    spread : (float, float) or None
        An interval, where one is known.
    at : tuple of Place
    """

    key: Key
    site: Site
    value: float | NotAssessable
    of: Key = ""
    spread: tuple[float, float] | None = None
    at: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Anything said from a list of values: a rule, a class, a stage, a grade.

    Attributes
    ----------
    basis : {"rule", "network", "joined"}
        A stated rule over measurements, a network, or a rule that joins both.
    probabilities : mapping
        Of every value, where they are known; they sum to 1. The value may be "undecided" beside them.
    at : tuple of Place
        Where it is seen.
    """

    key: Key
    site: Site
    value: Key | NotAssessable
    basis: Basis
    probabilities: Mapping[Key, float] = field(default_factory=dict)
    at: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class Profile:
    """One number a plane; NaN: not judged."""

    key: Key
    site: Site
    role: Key
    values: FloatArray


@dataclass(frozen=True, slots=True)
class HeatMap:
    """Where a network looked.

    Attributes
    ----------
    key : Key
        The method.
    of, towards : Key
        The evaluation, and the value of it that is explained.
    values : float32 array (planes, rows, columns)
        Not negative; NaN in every pixel of a plane that was not explained.
    full_scale : float
        The value that is shown as the most.
    floor : float
        What is less is shown as nothing.
    """

    key: Key
    of: Key
    site: Site
    towards: Key
    role: Key
    values: FloatArray
    full_scale: float = 1.0
    floor: float = 0.0

    @property
    def planes(self) -> tuple[int, ...]:
        """Planes that were explained."""
        return tuple(int(index) for index in np.flatnonzero(~np.isnan(self.values).all(axis=(1, 2))))


@dataclass(frozen=True, slots=True)
class KeySlice:
    """A plane to look at first, and why."""

    role: Key
    plane: int
    why: Key
