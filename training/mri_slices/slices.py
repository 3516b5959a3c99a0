"""A curated cohort as arrays, and the four figures of brightness that its labels were computed from."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.mri_slices import SliceCutter
from inference.types import BoolArray, FloatArray
from training.data import Cohort, brightness_figures

REGION, DRAWN_BOX = "region", "drawn_box"
AS_STATUS, STAGE = "AS_status", "stage"


@dataclass(frozen=True, slots=True)
class Slices:
    """Pictures with their labels.

    Attributes
    ----------
    names, patients : array of str (n,)
    images : float32 array (n, size_px, size_px, 1)
        As the models are given them, 0 to 1.
    status, stage : int array (n,)
        0 or 1; 0 to 3.
    regions, boxes : bool array (n, size_px, size_px)
        The region that somebody drew, and the published box.
    drawn : bool array (n,)
        True where somebody drew a region.
    figures : float array (n, 4)
        Mean, spread, mean of the lower half, share of edges.
    """

    names: NDArray[np.str_]
    patients: NDArray[np.str_]
    images: FloatArray
    status: NDArray[np.int64]
    stage: NDArray[np.int64]
    regions: BoolArray
    boxes: BoolArray
    drawn: BoolArray
    figures: NDArray[np.float64]

    def places(self, names: tuple[str, ...]) -> NDArray[np.intp]:
        """Where these pictures stand in the arrays, (n,) ascending."""
        return np.flatnonzero(np.isin(self.names, names))


def load_slices(cohort: Cohort, *, size_px: int) -> Slices:
    """Read every picture of a cohort that is no copy.

    Parameters
    ----------
    cohort : Cohort
        Of pictures, labeled.
    size_px : int
        Rows and columns of the models' input.

    Raises
    ------
    ValueError
        It holds no pictures, or a picture has no label.
    """
    if cohort.kind != "pictures":
        raise ValueError(f"{cohort.name} must hold pictures, which axspa-train curate makes; received {cohort.kind}")
    items = [item for item in cohort.items if not item.labels.get("copy_of")]
    unlabeled = [item.name for item in items if None in (item.labels.get(AS_STATUS), item.labels.get(STAGE))]
    if unlabeled:
        raise ValueError(f"each picture needs the labels {AS_STATUS} and {STAGE}; received none of {unlabeled[0]}")
    pictures = [cohort.image(item.name).astype(np.uint8) for item in items]
    drawn = np.array([REGION in item.masks for item in items])
    empty = np.zeros((size_px, size_px), np.bool_)
    regions = [_sized(cohort.mask(item.name, REGION), size_px) if REGION in item.masks else empty for item in items]
    boxes = [_sized(cohort.mask(item.name, DRAWN_BOX), size_px) for item in items]
    cutter = SliceCutter(size_px)
    return Slices(
        names=np.array([item.name for item in items]),
        patients=np.array([item.patient for item in items]),
        images=np.concatenate([cutter.cut(picture[None]) for picture in pictures]),
        status=np.array([int(float(item.labels[AS_STATUS] or 0)) for item in items]),
        stage=np.array([int(float(item.labels[STAGE] or 0)) for item in items]),
        regions=np.stack(regions),
        boxes=np.stack(boxes),
        drawn=drawn,
        figures=brightness_figures(pictures),
    )


def _sized(mask: BoolArray, size_px: int) -> BoolArray:
    resized = cv2.resize(mask.astype(np.uint8), (size_px, size_px), interpolation=cv2.INTER_NEAREST)
    return np.asarray(resized > 0)
