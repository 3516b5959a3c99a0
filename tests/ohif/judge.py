"""Whether what the viewer shows is what an object says."""

from collections.abc import Mapping, Sequence

import numpy as np
from pydicom.dataset import Dataset

from tests.ohif.content import Fit, center_of, lines_of, masks_of, outlines_of, shrunk
from tests.ohif.viewer import Shown

WIDEST = 0.25  # between an outline and its line, in pixels of the image
LEAST_OVERLAP = 0.8  # of the colored pixels and the mask: what both have beside what either has
FARTHEST_CENTER = 0.02  # of the sides of the canvas
LARGEST_DIFFERENCE = 4.0  # of two pictures, of 255, in the mean


def outlines_are_drawn(shown: Shown, report: Dataset, images: Mapping[str, Dataset]) -> bool:
    """The lines in the viewport are the outlines that a report has on the image there: these, no others, in their
    places.
    """
    if shown.picture is None:
        return False
    wanted = [one for one in outlines_of(report) if images[one.image].InstanceNumber == shown.instance]
    if not wanted or len(wanted) != len(shown.outlines):
        return False
    return all(
        min(_apart(fit.points(one.points), line) for line in shown.outlines) <= WIDEST * fit.across
        for one in wanted
        for fit in [Fit.of(images[one.image], shown.picture.shape)]
    )


def _apart(points: np.ndarray, line: np.ndarray) -> float:
    """The largest way from a point of either to the nearest point of the other."""
    if not len(line):
        return float("inf")
    ways = np.linalg.norm(points[:, None] - line[None], axis=2)
    return float(max(ways.min(axis=0).max(), ways.min(axis=1).max()))


def segments_are_colored(shown: Shown, segmentation: Dataset, images: Mapping[str, Dataset]) -> bool:
    """The colored pixels in the viewport are those of the segments on the image there."""
    masks = {images[uid].InstanceNumber: (images[uid], mask) for uid, mask in masks_of(segmentation).items()}
    if shown.picture is None or shown.instance not in masks or not shown.colorful.any():
        return False
    image, mask = masks[shown.instance]
    wanted = Fit.of(image, shown.picture.shape).grid(mask, shown.picture.shape).astype(bool)
    overlap = (wanted & shown.colorful).sum() / (wanted | shown.colorful).sum()
    aside = np.abs(center_of(wanted) - center_of(shown.colorful)).max()
    return bool(overlap >= LEAST_OVERLAP and aside <= FARTHEST_CENTER)


def picture_is_shown(shown: Shown, captures: Sequence[Dataset]) -> bool:
    """The picture in the viewport is that of the secondary capture, of these, whose number stands there.

    The viewer writes no number where a series has one image without a place.
    """
    number = captures[0].InstanceNumber if len(captures) == 1 and shown.instance is None else shown.instance
    capture = next((one for one in captures if one.InstanceNumber == number), None)
    if shown.picture is None or capture is None:
        return False
    wanted = Fit.of(capture, shown.picture.shape).grid(capture.pixel_array, shown.picture.shape)
    return bool(np.abs(shrunk(wanted) - shrunk(shown.picture)).mean() <= LARGEST_DIFFERENCE)


def text_is_whole(shown: Shown, report: Dataset) -> bool:
    """Every text of a report is in the viewport, and no line of it leaves the viewport."""
    written = " ".join(shown.text.split())
    return not shown.cut and all(" ".join(line.split()) in written for line in lines_of(report))
