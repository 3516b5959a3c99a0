"""One picture of the curated layout, before it is on disk, and the boxes about its mask."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from inference.types import BoolArray

SIZE = 256
STAGES = ("Normal", "Early", "Moderate", "Advanced")

REGION, DRAWN_BOX, NO_MASK = "region", "drawn_box", "none"
BOX_ROWS, BOX_COLUMNS = (0.4, 0.8), (0.3, 0.7)

Label = str | float | None


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture on its way into the curated layout.

    Attributes
    ----------
    pixels : uint8 array (256, 256)
    mask : bool array (256, 256) or None
        A mask of the region that somebody drew or checked; ``None``: there is none.
    patient, center, contrast : str
        Empty where unknown.
    origin : str
        What it was made of, in words of the data set (scan and slice, or a file's name).
    as_status : int or None
        0 or 1; ``None``: not labeled.
    stage : int or None
        0 to 3.
    labels : mapping
        Further labels.
    boxed : bool
        Without a mask, the drawn box of the published framework stands in its place.
    """

    pixels: NDArray[np.uint8]
    mask: BoolArray | None = None
    patient: str = ""
    center: str = ""
    contrast: str = "gray"
    origin: str = ""
    as_status: int | None = None
    stage: int | None = None
    labels: Mapping[str, Label] = field(default_factory=dict)
    boxed: bool = True

    def __post_init__(self) -> None:
        """Refuse what the layout cannot hold."""
        what = self.origin or "a picture"
        if self.pixels.shape != (SIZE, SIZE) or self.pixels.dtype != np.uint8:
            raise ValueError(
                f"{what}: expected {SIZE} x {SIZE} pixels of uint8, received {self.pixels.shape} of {self.pixels.dtype}"
            )
        if self.mask is not None and self.mask.shape != self.pixels.shape:
            raise ValueError(f"{what}: the mask does not fit: expected {self.pixels.shape}, received {self.mask.shape}")
        if self.as_status not in (None, 0, 1) or (self.stage is not None and not 0 <= self.stage < len(STAGES)):
            raise ValueError(
                f"{what}: AS_status must be 0 or 1 and stage 0 to {len(STAGES) - 1}, "
                f"received {self.as_status} and {self.stage}"
            )

    @property
    def mask_kind(self) -> str:
        """What lies in its mask file."""
        return REGION if self.mask is not None else DRAWN_BOX if self.boxed else NO_MASK

    def mask_file(self) -> BoolArray:
        """What is written as its mask, (rows, columns)."""
        if self.mask is not None:
            return self.mask
        return drawn_box() if self.boxed else np.zeros((SIZE, SIZE), np.bool_)


def drawn_box(size: int = SIZE) -> BoolArray:
    """The box (rows, columns) that the published framework drew for all: rows 0.4 to 0.8, columns 0.3 to 0.7."""
    box = np.zeros((size, size), np.bool_)
    (top, bottom), (left, right) = ((round(a * size), round(b * size)) for a, b in (BOX_ROWS, BOX_COLUMNS))
    box[top:bottom, left:right] = True
    return box


def bounding_box(mask: BoolArray) -> tuple[int, int, int, int]:
    """x1, y1, x2, y2 about a mask (rows, columns), the last two exclusive; four zeros where it is empty."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        return 0, 0, 0, 0
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
