"""Pictures cut from any block of voxels as a scanner would lay semicoronal planes for the sacroiliac joints."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from inference.testing import write_series

PLANES, SIZE, GAP_MM, PIXEL_MM = 25, 256, 3.3, 0.8
_TILT = np.radians(35.0)
SEMICORONAL = (1.0, 0.0, 0.0, 0.0, float(np.sin(_TILT)), float(-np.cos(_TILT)))
T1 = {"SeriesDescription": "t1_tse_obl cor ISG", "RepetitionTime": 610.0, "EchoTime": 8.0, "EchoTrainLength": 3}
STIR = {
    "SeriesDescription": "t2_tirm_obl cor ISG",
    "ScanningSequence": ["SE", "IR"],
    "RepetitionTime": 4000.0,
    "EchoTime": 60.0,
    "InversionTime": 150.0,
    "EchoTrainLength": 15,
}
Block = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Picture:
    """What is shown, under a name that says sacroiliac joints.

    Attributes
    ----------
    name, kind : str
        Of this picture, and of the group it is counted in.
    person : str
        Whose it is; halves go by it.
    voxels : array (planes, rows, columns)
    spacing_mm : (float, float, float)
        Between planes, rows, columns.
    taken : str
        The series that it was taken as, "t1" or "stir"; empty where it may go under either name.
    """

    name: str
    kind: str
    person: str
    voxels: Block
    spacing_mm: tuple[float, float, float] = (GAP_MM, PIXEL_MM, PIXEL_MM)
    taken: str = ""

    def write(self, folder: Path, *series: str) -> Path:
        """Write it as a DICOM study with the series asked for: "t1", "stir"."""
        low, high = np.percentile(self.voxels, [0.5, 99.8])
        signal = np.clip((self.voxels - low) / max(float(high - low), 1e-6), 0, 1)
        for name in series:
            attributes: dict[str, Any] = T1 if name == "t1" else STIR
            shown = signal if name in ("t1", self.taken) else np.sqrt(signal) * 0.9
            write_series(
                folder,
                np.rint(shown * 4000).astype(np.uint16),
                number=2 if name == "t1" else 3,
                orientation=SEMICORONAL,
                spacing_mm=self.spacing_mm[1:],
                gap_mm=self.spacing_mm[0],
                **attributes,
            )
        return folder


def cut(
    block: NDArray[Any], spacing_mm: Sequence[float], *, middle: Sequence[float] = (0.5, 0.5, 0.5), zoom: float = 1.0
) -> Block:
    """25 planes of 205 mm, 3.3 mm apart, out of a block.

    Parameters
    ----------
    block : array (front to back, head to feet, across)
    spacing_mm : three floats
        Of the block.
    middle : three floats
        Where in the block the middle of the planes lies, 0 to 1.
    zoom : float
        Above 1 everything is shown larger than it is.
    """
    spacing = np.asarray(spacing_mm, float)
    shape = np.array([PLANES, SIZE, SIZE])
    step = np.array([GAP_MM, PIXEL_MM, PIXEL_MM]) / zoom / spacing
    start = np.asarray(middle) * (np.asarray(block.shape) - 1) - step * (shape - 1) / 2
    return ndimage.affine_transform(
        np.asarray(block, np.float32), step, offset=start, output_shape=tuple(shape), order=1, mode="constant"
    ).astype(np.float32)
