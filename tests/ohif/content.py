"""What our objects say, and where the viewer must draw it: read with pydicom alone, nothing of the node's code."""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset

IMAGING_MEASUREMENTS = "126010"
TRACKING_UID = "112040"
LEAST_CHROMA = 25.0


@dataclass(frozen=True, slots=True)
class Outline:
    """One outline of a report: the image that it lies on, and column and row of its points (points, 2)."""

    image: str
    points: NDArray[np.float64]


def walk(dataset: Dataset) -> Iterator[Dataset]:
    """Every item of a content tree, in order."""
    for item in dataset.get("ContentSequence", ()):
        yield item
        yield from walk(item)


def concept(item: Dataset) -> str:
    """Code value of the name of an item."""
    names = item.get("ConceptNameCodeSequence")
    return str(names[0].CodeValue) if names else ""


def groups_of(report: Dataset) -> list[Dataset]:
    """The measurement groups of a measurement report."""
    holders = [item for item in walk(report) if concept(item) == IMAGING_MEASUREMENTS]
    return [group for holder in holders for group in holder.ContentSequence]


def outlines_of(report: Dataset) -> list[Outline]:
    """The outlines that a viewer draws: of each tracking UID the first."""
    found: dict[str, Outline] = {}
    for group in groups_of(report):
        uid = next(str(item.UID) for item in group.ContentSequence if concept(item) == TRACKING_UID)
        for item in group.ContentSequence:
            if item.ValueType == "SCOORD":
                image = str(item.ContentSequence[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID)
                points = np.array(item.GraphicData, float).reshape(-1, 2)
                found.setdefault(uid, Outline(image, points))
    return list(found.values())


def lines_of(report: Dataset) -> list[str]:
    """The texts of a report."""
    return [str(item.TextValue) for item in walk(report) if item.ValueType == "TEXT"]


def masks_of(segmentation: Dataset) -> dict[str, NDArray[np.bool_]]:
    """Where there is any segment: image -> mask (rows, columns)."""
    frames = np.asarray(segmentation.pixel_array, bool).reshape(-1, segmentation.Rows, segmentation.Columns)
    found: dict[str, NDArray[np.bool_]] = {}
    for frame, groups in zip(frames, segmentation.PerFrameFunctionalGroupsSequence, strict=True):
        image = str(groups.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID)
        found[image] = found.get(image, np.zeros_like(frame)) | frame
    return {image: mask for image, mask in found.items() if mask.any()}


def clearest(segmentation: Dataset) -> str:
    """The image with the largest mask, if possible one on which every segment has a color that is told from gray."""
    pale = {int(one.SegmentNumber) for one in segmentation.SegmentSequence if _chroma(one) < LEAST_CHROMA}
    unclear = set()
    shared = segmentation.SharedFunctionalGroupsSequence[0]
    for groups in segmentation.PerFrameFunctionalGroupsSequence:
        segment = groups if "SegmentIdentificationSequence" in groups else shared
        if int(segment.SegmentIdentificationSequence[0].ReferencedSegmentNumber) in pale:
            unclear.add(str(groups.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID))
    masks = masks_of(segmentation)
    return max(masks.keys() - unclear or masks.keys(), key=lambda image: int(masks[image].sum()))


def _chroma(segment: Dataset) -> float:
    """Distance of a segment's color from gray, in CIELab (PS3.3 C.10.7.1.1)."""
    _, a, b = (float(value) * 255 / 65535 - 128 for value in segment.RecommendedDisplayCIELabValue)
    return float(np.hypot(a, b))


@dataclass(frozen=True, slots=True)
class Fit:
    """An image that fills a canvas as far as its shape lets it, in the middle.

    Attributes
    ----------
    left, top : float
        Of the image, in pixels of the canvas.
    across, down : float
        Pixels of the canvas for each column and row.
    """

    left: float
    top: float
    across: float
    down: float

    @classmethod
    def of(cls, image: Dataset, canvas: Sequence[int]) -> "Fit":
        """How an image fills a canvas (rows, columns)."""
        down_mm, across_mm = (float(one) for one in image.get("PixelSpacing", (1, 1)))
        scale = min(canvas[1] / (image.Columns * across_mm), canvas[0] / (image.Rows * down_mm))
        across, down = across_mm * scale, down_mm * scale
        return cls((canvas[1] - image.Columns * across) / 2, (canvas[0] - image.Rows * down) / 2, across, down)

    def points(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Columns and rows (points, 2) on the canvas; the upper left corner of the image is 0, 0."""
        return points * (self.across, self.down) + (self.left, self.top)

    def grid(self, values: NDArray[np.generic], canvas: Sequence[int]) -> NDArray[np.generic]:
        """Values of pixels (rows, columns, ...) on the canvas, nearest pixel; 0 beside the image."""
        column = np.floor((np.arange(canvas[1]) + 0.5 - self.left) / self.across).astype(int)
        row = np.floor((np.arange(canvas[0]) + 0.5 - self.top) / self.down).astype(int)
        inside = ((row >= 0) & (row < values.shape[0]))[:, None] & ((column >= 0) & (column < values.shape[1]))
        spread = values[np.clip(row, 0, values.shape[0] - 1)][:, np.clip(column, 0, values.shape[1] - 1)]
        spread[~inside] = 0
        return spread


def center_of(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The center of a mask, as shares of width and height."""
    rows, columns = np.nonzero(mask)
    return np.array([(columns.mean() + 0.5) / mask.shape[1], (rows.mean() + 0.5) / mask.shape[0]])


def shrunk(picture: NDArray[np.uint8], size: int = 64) -> NDArray[np.float64]:
    """A picture of so few pixels that how it was scaled does not matter (size, size, 3)."""
    return np.asarray(Image.fromarray(picture).resize((size, size), Image.Resampling.BOX), float)


def without_outlines(report: Dataset) -> Dataset:
    """A copy of a measurement report whose groups have lost their outlines."""
    robbed = deepcopy(report)
    for group in groups_of(robbed):
        group.ContentSequence = [item for item in group.ContentSequence if item.ValueType != "SCOORD"]
    return robbed
