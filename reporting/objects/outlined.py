"""Which reports an analysis gives, and in which planes each of their segments is outlined."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.result import Analysis, Images, Segment
from reporting.objects.outlines import without_outline
from reporting.objects.seg import segments_on
from reporting.presentation import SegmentGroup, Terms

MOST_FURTHER = 3
"""Planes in which a segment is outlined, beside that in which it is largest."""

LEAST_MM2 = 20.0
"""Beside the largest part of a segment in a plane, those of this area or more are outlined."""


@dataclass(frozen=True, slots=True)
class PlannedReport:
    """The segments of one group on one series, which one report outlines.

    Attributes
    ----------
    group : SegmentGroup
    images : Images
    segments : tuple of Segment
        The finding itself first, and of each kind the one that is largest in a plane.
    place : int
        Among the reports of a result, from 0; the first leads.
    """

    group: SegmentGroup
    images: Images
    segments: tuple[Segment, ...]
    place: int


def plan_reports(analysis: Analysis, groups: Sequence[SegmentGroup], kinds: Collection[str]) -> list[PlannedReport]:
    """The reports of those kinds: of each group and each series on which it has segments, in their order."""
    found = [
        (group, images, segments)
        for group in groups
        if group.report in kinds
        for images in analysis.images
        if (segments := segments_on(analysis, group, images))
    ]
    return [
        PlannedReport(group, images, _largest_first(segments, group), place)
        for place, (group, images, segments) in enumerate(found)
    ]


def _largest_first(segments: Sequence[Segment], group: SegmentGroup) -> tuple[Segment, ...]:
    return tuple(sorted(segments, key=lambda one: (group.keys.index(one.key), -int(sizes(one).max()))))


def sizes(segment: Segment) -> NDArray[np.int64]:
    """Pixels of a segment in each plane, (planes,)."""
    return np.array([np.count_nonzero(plane) for plane in segment.mask], np.int64)  # faster than the sum of a mask


def further_planes(segment: Segment, analysis: Analysis, terms: Terms) -> list[int]:
    """Planes in which a segment is outlined beside that in which it is largest, the larger ones first.

    Those in which something is said of it, and those to look at first; the second largest, where there is none.
    """
    size = sizes(segment)
    largest = int(size.argmax())
    named = {plane for plane in _named_planes(segment, analysis, terms) if plane != largest and size[plane]}
    order = [int(plane) for plane in np.argsort(-size, kind="stable") if size[plane] and plane != largest]
    return [plane for plane in order if plane in named][:MOST_FURTHER] or order[:1]


def least_px(images: Images) -> float:
    """Pixels of the smallest part that is outlined beside the largest; any, where no pixel has a size."""
    if images.grid is None and not images.sources[0].pixel_spacing_mm:
        return 0.0
    down, across = images.pixel_spacing_mm
    return LEAST_MM2 / (down * across)


def parts_left_out(planned: Sequence[PlannedReport], analysis: Analysis, terms: Terms) -> int:
    """How many parts have no outline in the planes in which their segments are outlined."""
    return sum(
        without_outline(segment.mask[plane], least_px=least_px(one.images))
        for one in planned
        for segment in one.segments
        for plane in (int(sizes(segment).argmax()), *further_planes(segment, analysis, terms))
    )


def _named_planes(segment: Segment, analysis: Analysis, terms: Terms) -> Iterator[int]:
    for one in analysis.key_slices:
        if one.role == segment.role:
            yield one.plane
    measured = [one.at for one in analysis.measurements if (one.of, one.site) == (segment.key, segment.site)]
    judged = [
        one.at
        for one in analysis.evaluations
        if (terms.evaluations[one.key].of, one.site) == (segment.key, segment.site)
    ]
    for place in (place for places in (*measured, *judged) for place in places):
        if place.role == segment.role:
            yield place.plane
