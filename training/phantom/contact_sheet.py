"""A picture of a phantom: slices of both contrasts with the truth drawn in."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.sij_mri import Role
from inference.types import BoolArray, Volume
from training.phantom.phantom import Phantom

Pixels = NDArray[np.uint8]

_COLUMNS = 4
_TILE_PX = 240
_REGION, _JOINT, _LESION = (60, 220, 250), (250, 170, 60), (70, 70, 250)  # blue, green, red


def write_picture(phantom: Phantom, path: Path) -> None:
    """Write eight slices of each contrast as a PNG: T1W above, with region and joints; fluid below, with lesions.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    rows = [_rows(phantom, role) for role in (Role.T1W, Role.FLUID)]
    path.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(path), np.vstack(rows)):
        raise OSError(f"the picture could not be written, received {path.name}")


def _rows(phantom: Phantom, role: Role) -> Pixels:
    volume = phantom.t1 if role is Role.T1W else phantom.fluid
    shown = np.linspace(0.08, 0.92, 2 * _COLUMNS) * (volume.shape[0] - 1)
    tiles = [_tile(phantom, volume, role, round(index)) for index in shown.tolist()]
    rows: Pixels = np.vstack([np.hstack(tiles[i : i + _COLUMNS]) for i in range(0, len(tiles), _COLUMNS)])
    return rows


def _tile(phantom: Phantom, volume: Volume, role: Role, index: int) -> Pixels:
    white = float(np.percentile(volume.voxels, 99.3))
    gray = (np.clip(volume.voxels[index] / white, 0.0, 1.0) * 255).astype(np.uint8)
    picture = cv2.cvtColor(gray, cv2.COLOR_GRAY2BGR)
    if role is Role.T1W:
        _outline(picture, phantom.region[index], _REGION)
        for surface in phantom.surfaces.values():
            rows = np.flatnonzero(np.isfinite(surface[index]))
            picture[rows, np.rint(surface[index][rows]).astype(int)] = _JOINT
    for lesion in phantom.lesions:
        if lesion.role is role:
            _outline(picture, lesion.mask[index], _LESION)
    tile = cv2.resize(picture, (_TILE_PX, _TILE_PX), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.putText(tile, str(index), (6, 18), 0, 0.5, (200, 200, 200), 1, cv2.LINE_AA), np.uint8)


def _outline(picture: Any, mask: BoolArray, color: tuple[int, int, int]) -> None:
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(picture, contours, -1, color, 1)
