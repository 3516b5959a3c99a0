"""Everything that is said of a study, in one piece that does not contradict itself."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from inference.result.images import Images
from inference.result.items import (
    Answer,
    Evaluation,
    HeatMap,
    KeySlice,
    Limitation,
    Measurement,
    NotAssessable,
    Profile,
    Segment,
    Site,
    Trace,
)
from inference.series import Selection
from inference.types import Key, ModelIdentity, Side

Scope = Literal["full", "partial", "none"]

SUM_TOLERANCE = 0.01


@dataclass(frozen=True, slots=True)
class Analysis:
    """Everything that one application says of one study.

    ``scope`` is "none" where nothing of the study is read by this application: the selection says why, or, where series
    were chosen, the limitations.

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
        yield trace.role, f"the trace {trace.key}", (len(trace.lines_px),)
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
    said = evaluation.value
    if not isinstance(said, NotAssessable) and said not in known and said != Answer.UNDECIDED:
        yield f"{evaluation.key} is {said}, which is not among its probabilities"
    values = np.array(list(known.values()), float)
    if not np.isfinite(values).all() or values.min() < 0 or values.max() > 1 or abs(values.sum() - 1) > SUM_TOLERANCE:
        yield f"the probabilities of {evaluation.key} are none"
