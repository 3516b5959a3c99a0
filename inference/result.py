"""The language of results: what an application says of a study, in keys; never in sentences, DICOM codes or colors.

A key is a word of the application's own terms (:mod:`reporting.presentation` gives words, codes, units and colors for
it). There is no value without its evidence, and nothing that could be taken for "absent": what could not be judged is
:class:`NotAssessable`, with its reason. Builders, gate, summary, delivery and panel know this language and no
application.

Voxel arrays are (plane, row, column); points in a plane are (row, column) in pixels, the center of the first pixel
being (0, 0).
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from inference.series import Selection
from inference.types import BoolArray, FloatArray, ImageHeader, ModelIdentity, Reason, Side, Vector, Volume
from inference.types import Key as Key

Limitation = Reason
"""Something that could not be read, or must be read with care; its code is one of the application's limitations."""

Scope = Literal["full", "partial", "none"]
Basis = Literal["rule", "network", "joined"]
Shape = Literal["point", "box", "outline"]

SUM_TOLERANCE = 0.01


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
class Grid:
    """The place of parallel planes in the patient; the fields are those of :class:`~inference.types.Volume`."""

    positions_mm: NDArray[np.float64]
    row_direction: Vector
    column_direction: Vector
    pixel_spacing_mm: tuple[float, float]
    slice_spacing_mm: float
    frame_of_reference_uid: str = ""


@dataclass(frozen=True, slots=True)
class Images:
    """One series that was read, in the source's own pixels.

    Attributes
    ----------
    role : Key
    pixels : float32 array (planes, rows, columns)
    sources : tuple of ImageHeader
        The source of each plane.
    grid : Grid or None
        None: the images have no place in the patient.
    """

    role: Key
    pixels: FloatArray
    sources: tuple[ImageHeader, ...]
    grid: Grid | None
    series_instance_uid: str
    warnings: tuple[Reason, ...] = ()

    @classmethod
    def of(cls, role: Key, volume: Volume) -> "Images":
        """The images of a volume."""
        grid = Grid(
            volume.positions_mm,
            volume.row_direction,
            volume.column_direction,
            volume.pixel_spacing_mm,
            volume.slice_spacing_mm,
            volume.frame_of_reference_uid,
        )
        return cls(role, volume.voxels, volume.images, grid, volume.series_instance_uid, volume.warnings)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(planes, rows, columns)."""
        planes, rows, columns = self.pixels.shape
        return planes, rows, columns

    @property
    def placed(self) -> bool:
        """True where a segmentation or a point in space can refer to it: it has a grid in a frame of reference."""
        return self.grid is not None and bool(self.grid.frame_of_reference_uid)

    @property
    def pixel_spacing_mm(self) -> tuple[float, float]:
        """Between rows, between columns; 1 by 1 where it is not known."""
        if self.grid is not None:
            return self.grid.pixel_spacing_mm
        return self.sources[0].pixel_spacing_mm or (1.0, 1.0)

    @property
    def volume(self) -> Volume:
        """The images as a volume; the pixels are shared.

        Raises
        ------
        ValueError
            They have no grid.
        """
        if self.grid is None:
            raise ValueError(f"images without a grid are no volume, received the role {self.role}")
        return Volume(
            voxels=self.pixels,
            positions_mm=self.grid.positions_mm,
            row_direction=self.grid.row_direction,
            column_direction=self.grid.column_direction,
            pixel_spacing_mm=self.grid.pixel_spacing_mm,
            slice_spacing_mm=self.grid.slice_spacing_mm,
            series_instance_uid=self.series_instance_uid,
            frame_of_reference_uid=self.grid.frame_of_reference_uid,
            images=self.sources,
            warnings=self.warnings,
        )


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
    columns_px : float32 array (planes, rows)
        Column at which the line crosses each row of each plane; NaN where it does not.
    """

    key: Key
    site: Site
    role: Key
    columns_px: FloatArray


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
        Of every value, where they are known; they sum to 1. "Undecided" has none of its own.
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
    """

    key: Key
    of: Key
    site: Site
    towards: Key
    role: Key
    values: FloatArray
    full_scale: float = 1.0

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


@dataclass(frozen=True, slots=True)
class Analysis:
    """Everything that one application says of one study.

    ``scope`` is "none" where nothing of the study is read by this application; the selection says why.

    Raises
    ------
    ValueError
        It contradicts itself: a (key, site) comes twice, a role is not among the images, a mask does not fit them, a
        value is not among its probabilities, or they do not sum to 1.
    """

    application: Key
    application_version: str
    study_instance_uid: str
    scope: Scope
    selection: Selection
    bundle: ModelIdentity
    images: tuple[Images, ...] = ()
    segments: tuple[Segment, ...] = ()
    traces: tuple[Trace, ...] = ()
    measurements: tuple[Measurement, ...] = ()
    evaluations: tuple[Evaluation, ...] = ()
    profiles: tuple[Profile, ...] = ()
    heatmaps: tuple[HeatMap, ...] = ()
    key_slices: tuple[KeySlice, ...] = ()
    limitations: tuple[Limitation, ...] = ()
    seconds: dict[str, float] = field(default_factory=dict)  # of each step

    def __post_init__(self) -> None:
        problem = next(_problems(self), "")
        if problem:
            raise ValueError(f"an analysis must not contradict itself: {problem}")

    @property
    def applicable(self) -> bool:
        """True where something was read."""
        return self.scope != "none"

    def of_role(self, role: Key) -> Images | None:
        """The images of a role, if they were read."""
        return next((images for images in self.images if images.role == role), None)

    def segment(self, key: Key, side: Side | None = None) -> Segment | None:
        """The segment of a key, on one side where the key has sides."""
        return next((one for one in self.segments if one.key == key and one.site.side == side), None)

    def trace(self, key: Key, side: Side | None = None, *, role: Key) -> Trace | None:
        """The trace of a key and side on the images of a role."""
        return next((one for one in self.traces if (one.key, one.site.side, one.role) == (key, side, role)), None)

    def measurement(self, key: Key, side: Side | None = None) -> Measurement | None:
        """The measurement of a key and side."""
        return next((one for one in self.measurements if one.key == key and one.site.side == side), None)

    def evaluation(self, key: Key, side: Side | None = None) -> Evaluation | None:
        """The evaluation of a key and side."""
        return next((one for one in self.evaluations if one.key == key and one.site.side == side), None)

    def profile(self, key: Key, side: Side | None = None) -> Profile | None:
        """The profile of a key and side."""
        return next((one for one in self.profiles if one.key == key and one.site.side == side), None)

    def heatmap(self, key: Key) -> HeatMap | None:
        """The first heat map of a method."""
        return next((one for one in self.heatmaps if one.key == key), None)


def _problems(analysis: Analysis) -> Iterator[str]:
    yield from _repeated(analysis)
    shapes = {images.role: images.shape for images in analysis.images}
    if analysis.applicable != bool(shapes):
        yield f"scope {analysis.scope} with {len(shapes)} series"
    for role, what, shape in _arrays(analysis):
        if role not in shapes:
            yield f"{what} is of the role {role}, of which there are no images"
        elif shape != shapes[role][: len(shape)]:
            yield f"{what} has the shape {shape}, its images {shapes[role]}"
    for segment in analysis.segments:
        if not segment.mask.any():
            yield f"the segment {segment.key} is empty"
    for evaluation in analysis.evaluations:
        yield from _improbable(evaluation)


def _repeated(analysis: Analysis) -> Iterator[str]:
    named: list[tuple[str, Key, Site, Key]] = []
    named += [("segment", one.key, one.site, "") for one in analysis.segments]
    named += [("trace", one.key, one.site, one.role) for one in analysis.traces]
    named += [("measurement", one.key, one.site, "") for one in analysis.measurements]
    named += [("evaluation", one.key, one.site, "") for one in analysis.evaluations]
    named += [("profile", one.key, one.site, "") for one in analysis.profiles]
    for (what, key, site, _), times in Counter(named).items():
        if times > 1:
            yield f"the {what} {key} comes {times} times at {site}"


def _arrays(analysis: Analysis) -> Iterator[tuple[Key, str, tuple[int, ...]]]:
    for segment in analysis.segments:
        yield segment.role, f"the segment {segment.key}", segment.mask.shape
    for trace in analysis.traces:
        yield trace.role, f"the trace {trace.key}", trace.columns_px.shape
    for profile in analysis.profiles:
        yield profile.role, f"the profile {profile.key}", profile.values.shape
    for heat in analysis.heatmaps:
        yield heat.role, f"the heat map {heat.key}", heat.values.shape
    places = [place for one in analysis.measurements for place in one.at]
    places += [place for one in analysis.evaluations for place in one.at]
    for place in places:
        yield place.role, "a place", ()
    for key_slice in analysis.key_slices:
        yield key_slice.role, "a key slice", ()


def _improbable(evaluation: Evaluation) -> Iterator[str]:
    known = evaluation.probabilities
    if not known:
        return
    if not isinstance(evaluation.value, NotAssessable) and evaluation.value not in (*known, Answer.UNDECIDED):
        yield f"{evaluation.key} is {evaluation.value}, which is not among its probabilities"
    values = np.array(list(known.values()), float)
    if not np.isfinite(values).all() or values.min() < 0 or values.max() > 1 or abs(values.sum() - 1) > SUM_TOLERANCE:
        yield f"the probabilities of {evaluation.key} are none"
