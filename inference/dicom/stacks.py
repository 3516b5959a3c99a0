"""The stacks of parallel planes within one series.

A series may hold several orientations (a localizer), echoes, Dixon components, b-values or time points. Only planes
that belong together make a stack, with one plane at each position.
"""

import itertools
import math
from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import median

import numpy as np

from inference.types import ImageHeader, Reason, Vector

PARALLEL_COSINE = 0.9998  # about one degree
SAME_POSITION_MM = 0.1
_KINDS = {
    "water": {"W", "WATER", "DIXON_WATER", "DIXON_W", "WATER_IMAGE"},
    "fat": {"F", "FAT", "DIXON_FAT", "DIXON_F", "FAT_IMAGE"},
    "in phase": {"IP", "IN", "IN_PHASE", "IN-PHASE", "INPHASE", "DIXON_IN"},
    "opposed phase": {"OP", "OPP", "OPP_PHASE", "OPPOSED", "OPPOSED_PHASE", "OUT_PHASE", "OUT_OF_PHASE", "OUTPHASE"},
    "phase": {"P", "PHASE", "PHASE MAP", "PHASE_MAP", "B0", "FIELD_MAP"},
    "real or imaginary": {"R", "I", "REAL", "IMAGINARY"},
}
_DIXON = frozenset().union(*(_KINDS[name] for name in ("water", "fat", "in phase", "opposed phase")))


@dataclass(frozen=True)
class Stack:
    """Parallel planes of one kind, sorted along their normal, one at each position.

    Attributes
    ----------
    images : tuple of ImageHeader
    kind : str
        Dixon component or complex part ("water", "fat", "in phase", ...); empty for plain magnitude images.
    repeats : int
        Planes left out because another one at their position was kept.
    kept : Reason or None
        Which of the repeats was kept; None without repeats.
    """

    images: tuple[ImageHeader, ...]
    kind: str = ""
    repeats: int = 0
    kept: Reason | None = None

    @cached_property
    def normal(self) -> Vector | None:
        """Unit normal, turned to the back (y positive); None without an orientation."""
        return _normal(self.images[0], facing_back=True)

    @property
    def tilt_deg(self) -> float | None:
        """Angle of the normal in the sagittal plane from straight back: 0 coronal, 90 axial.

        Positive as the sacrum lies: the plane runs from above in front to below behind.
        """
        normal = self.normal
        return None if normal is None else math.degrees(math.atan2(normal[2], normal[1]))

    @property
    def lean_deg(self) -> float | None:
        """Angle between the plane and the patient's left-right axis: 0 coronal or axial, 90 sagittal."""
        normal = self.normal
        return None if normal is None else math.degrees(math.asin(min(1.0, abs(normal[0]))))

    @property
    def spacing_mm(self) -> float | None:
        """Median distance of neighboring planes."""
        places = [place for image in self.images if (place := along(image)) is not None]
        gaps = [b - a for a, b in itertools.pairwise(places)]
        return median(gaps) if gaps else None

    @property
    def coverage_mm(self) -> float | None:
        """Distance from the first plane to the last."""
        first, last = along(self.images[0]), along(self.images[-1])
        return None if first is None or last is None else abs(last - first)

    @property
    def pixel_mm(self) -> float | None:
        """The larger in-plane pixel spacing."""
        spacing = self.images[0].pixel_spacing_mm
        return max(spacing) if spacing else None

    @property
    def field_of_view_mm(self) -> float | None:
        """The larger side of the image."""
        image = self.images[0]
        if not image.pixel_spacing_mm or not image.rows or not image.columns:
            return None
        return max(image.rows * image.pixel_spacing_mm[0], image.columns * image.pixel_spacing_mm[1])

    def typical(self, name: str) -> float | None:
        """Median of a numeric header attribute over the planes that have it."""
        values = [value for image in self.images if (value := getattr(image, name)) is not None]
        return float(median(values)) if values else None

    def words(self, name: str) -> frozenset[str]:
        """All words of a header attribute (``scanning_sequence``, ``image_type``, ...) in any plane."""
        return frozenset(word for image in self.images for word in getattr(image, name))


def along(image: ImageHeader) -> float | None:
    """Place of a plane along its own normal ``row x column``, in millimeters."""
    normal = _normal(image)
    if normal is None or image.position_mm is None:
        return None
    return sum(a * b for a, b in zip(normal, image.position_mm, strict=True))


def stacks_of(images: Sequence[ImageHeader]) -> tuple[Stack, ...]:
    """Split the planes of a series into stacks.

    Parameters
    ----------
    images : sequence of ImageHeader
        All planes of one series, in any order.

    Returns
    -------
    tuple of Stack
        Largest first.
    """
    groups: list[list[ImageHeader]] = [list(images)] if images else []
    for split in (
        _by_orientation,
        _by(_matrix),
        _by(_image_kind),
        _by_value("b_value", 5.0),
        _by_value("echo_time_ms", 2.0),
    ):
        groups = [part for group in groups for part in split(group)]
    groups = [part for group in groups for part in _by_value("inversion_time_ms", 20.0)(group)]
    made = [_one_each(group) for group in groups]
    return tuple(sorted(made, key=lambda stack: (-len(stack.images), stack.images[0].sop_instance_uid)))


def orientations(found: Sequence[Stack]) -> int:
    """Number of different plane orientations among stacks."""
    normals: list[Vector] = []
    for stack in found:
        normal = stack.normal
        if normal is not None and not any(abs(float(np.dot(normal, other))) > 0.98 for other in normals):
            normals.append(normal)
    return len(normals)


def kind(image: ImageHeader) -> str:
    """Dixon component or complex part that the image type names; empty for plain magnitude images."""
    values = set(image.image_type[2:])
    return next((name for name, marks in _KINDS.items() if values & marks), "")


def names_dixon(image_type: Collection[str]) -> bool:
    """True where parts of an image type, in capitals, name a component of a Dixon series."""
    return bool(_DIXON & frozenset(image_type))


def _normal(image: ImageHeader, *, facing_back: bool = False) -> Vector | None:
    if image.row_direction is None or image.column_direction is None:
        return None
    normal = np.cross(image.row_direction, image.column_direction)
    normal = normal / np.linalg.norm(normal)
    if facing_back and (normal[1] < 0 or (normal[1] == 0 and normal[2] < 0)):
        normal = -normal
    return float(normal[0]), float(normal[1]), float(normal[2])


def _matrix(image: ImageHeader) -> Hashable:
    spacing = image.pixel_spacing_mm
    rounded = None if spacing is None else (round(spacing[0], 3), round(spacing[1], 3))
    return image.rows, image.columns, rounded, image.has_pixels, image.frame is None, image.position_mm is None


def _image_kind(image: ImageHeader) -> Hashable:
    return kind(image), image.image_type[:2]


def _by(key: Callable[[ImageHeader], Hashable]) -> Callable[[list[ImageHeader]], list[list[ImageHeader]]]:
    def split(images: list[ImageHeader]) -> list[list[ImageHeader]]:
        parts: dict[Hashable, list[ImageHeader]] = defaultdict(list)
        for image in images:
            parts[key(image)].append(image)
        return list(parts.values())

    return split


def _by_value(name: str, width: float) -> Callable[[list[ImageHeader]], list[list[ImageHeader]]]:
    """Split where the sorted values leave a gap wider than ``width``; planes without a value stay together."""

    def split(images: list[ImageHeader]) -> list[list[ImageHeader]]:
        known = sorted((i for i in images if getattr(i, name) is not None), key=lambda i: float(getattr(i, name)))
        unknown = [i for i in images if getattr(i, name) is None]
        parts: list[list[ImageHeader]] = []
        for image in known:
            if parts and getattr(image, name) - getattr(parts[-1][-1], name) <= width:
                parts[-1].append(image)
            else:
                parts.append([image])
        if unknown and len(parts) == 1:
            parts[0] += unknown
        elif unknown:
            parts.append(unknown)
        return parts

    return split


def _by_orientation(images: list[ImageHeader]) -> list[list[ImageHeader]]:
    parts: list[list[ImageHeader]] = []
    for image in images:
        home = next((part for part in parts if _parallel(part[0], image)), None)
        if home is None:
            parts.append([image])
        else:
            home.append(image)
    return parts


def _parallel(a: ImageHeader, b: ImageHeader) -> bool:
    pairs = ((a.row_direction, b.row_direction), (a.column_direction, b.column_direction))
    for one, other in pairs:
        if one is None or other is None:
            if one is not other:
                return False
        elif sum(x * y for x, y in zip(one, other, strict=True)) < PARALLEL_COSINE:
            return False
    return True


def _order(image: ImageHeader) -> tuple[int, int, int, str, int]:
    last = 1 << 30
    numbers = (image.temporal_position, image.acquisition_number, image.instance_number)
    first, second, third = (last if value is None else value for value in numbers)
    return first, second, third, image.sop_instance_uid, image.frame or 0


def _one_each(images: list[ImageHeader]) -> Stack:
    """A stack with one plane at each position; of repeats the first in time is kept."""
    name = kind(images[0])
    places = [(place, image) for image in images if (place := along(image)) is not None]
    if len(places) < len(images):
        return Stack(tuple(sorted(images, key=_order)), name)
    shelves: list[tuple[float, list[ImageHeader]]] = []
    for place, image in sorted(places, key=lambda pair: (pair[0], _order(pair[1]))):
        if shelves and place - shelves[-1][0] <= SAME_POSITION_MM:
            shelves[-1][1].append(image)
        else:
            shelves.append((place, [image]))
    for attribute, kept in (
        ("temporal_position", "kept-temporal-position"),
        ("acquisition_number", "kept-acquisition"),
    ):
        complete = _complete_sets(shelves, attribute)
        if complete is not None:
            first, chosen = complete
            return Stack(chosen, name, len(images) - len(chosen), Reason.of(kept, number=first))
    chosen = tuple(min(shelf, key=_order) for _, shelf in shelves)
    repeats = len(images) - len(chosen)
    return Stack(chosen, name, repeats, Reason("kept-lowest-number") if repeats else None)


def _complete_sets(
    shelves: list[tuple[float, list[ImageHeader]]], attribute: str
) -> tuple[int, tuple[ImageHeader, ...]] | None:
    """The first value of the attribute that has exactly one plane on every shelf, where there are several values."""
    values = sorted({v for _, shelf in shelves for i in shelf if (v := getattr(i, attribute)) is not None})
    if len(values) < 2 or all(len(shelf) == 1 for _, shelf in shelves):
        return None
    for value in values:
        picked = [[image for image in shelf if getattr(image, attribute) == value] for _, shelf in shelves]
        if all(len(shelf) == 1 for shelf in picked):
            return int(value), tuple(shelf[0] for shelf in picked)
    return None
