"""Mosaics of straightened joints: one picture a patient, twelve tiles, six slices times two joints.

A folder holds ``positive`` and ``negative``, or a CSV with the columns ``file`` and ``label`` (0 or 1). The label is
the patient's, not that of a tile.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.data import Dropped, Mapping, Picture, read_gray, read_rows, whole_number

TILES, TILE_ROWS, TILE_COLUMNS = 12, 256, 128
SIDES = 2
POSITIVE, NEGATIVE = "positive", "negative"
TABLE_COLUMNS = ("file", "label")


@dataclass(frozen=True, slots=True)
class Mosaic:
    """One patient.

    Attributes
    ----------
    patient : str
    positive : bool
        What clinicians said of the patient.
    tiles : uint8 array (12, 256, 128)
        Slice by slice, one joint and then the other.
    """

    patient: str
    positive: bool
    tiles: NDArray[np.uint8]


def has_mosaics(folder: Path) -> bool:
    """True where a folder is laid out as one of mosaics."""
    return (folder / POSITIVE).is_dir() and (folder / NEGATIVE).is_dir()


def read_mosaics(folder: Path, *, table: str = "") -> list[Mosaic]:
    """Read every mosaic of a folder.

    Parameters
    ----------
    folder : Path
    table : str
        Name of a CSV with the columns ``file`` and ``label``; empty: the folders ``positive`` and ``negative`` tell.

    Raises
    ------
    ValueError
        A picture has another size or depth, a class is empty, a patient is in both, or the folder is no such.
    """
    found = [Mosaic(path.stem, positive, _tiles(path)) for path, positive in _files(folder, table)]
    names = {positive: [one.patient for one in found if one.positive == positive] for positive in (True, False)}
    for positive, word in ((True, POSITIVE), (False, NEGATIVE)):
        if not names[positive]:
            raise ValueError(f"no patient of {folder.name} is {word}: both classes are needed, received {len(found)}")
    both = sorted(set(names[True]) & set(names[False]))
    if both or len({one.patient for one in found}) < len(found):
        raise ValueError(f"{len(both) or 'some'} patients of {folder.name} appear twice: one mosaic a patient")
    return found


def import_mosaics(folder: Path, mapping: Mapping, unread: list[Dropped]) -> Iterator[Picture]:
    """Six pictures a patient, each of one slice: its two joints side by side make 256 x 256.

    Parameters
    ----------
    folder : Path
    mapping : Mapping
    unread : list of Dropped
        Stays empty: a mosaic that cannot be read is refused.
    """
    for mosaic in read_mosaics(folder):
        for number, pair in enumerate(mosaic.tiles.reshape(-1, SIDES, TILE_ROWS, TILE_COLUMNS)):
            yield Picture(
                pixels=np.concatenate(list(pair), axis=1),
                patient=mosaic.patient,
                center=mapping.center,
                contrast="stir",
                origin=f"{mosaic.patient} slice {number + 1}",
                as_status=int(mosaic.positive),
                labels={"label of": "the patient, not the slice", "slice": number},
                boxed=False,
            )


def _files(folder: Path, table: str) -> list[tuple[Path, bool]]:
    if table:
        rows = enumerate(read_rows(folder / table, TABLE_COLUMNS), start=2)
        return [(folder / row["file"], _label(row["label"], f"label in line {line} of {table}")) for line, row in rows]
    if not has_mosaics(folder):
        columns = " and ".join(TABLE_COLUMNS)
        raise ValueError(
            f"{folder} has no folders {POSITIVE} and {NEGATIVE}: make them, or name a CSV of the columns {columns} by "
            "--labels"
        )
    return [(path, word == POSITIVE) for word in (NEGATIVE, POSITIVE) for path in sorted((folder / word).glob("*.png"))]


def _label(text: str, where: str) -> bool:
    value = whole_number(text, where, most=1)
    if value is None:
        raise ValueError(f"{where} is empty: each patient is 0 or 1")
    return bool(value)


def _tiles(path: Path) -> NDArray[np.uint8]:
    values = read_gray(path)
    if values.shape != (TILE_ROWS, TILES * TILE_COLUMNS) or values.max() > 255:
        raise ValueError(
            f"{path.name} is no mosaic: expected {TILES} tiles of {TILE_COLUMNS} x {TILE_ROWS} pixels of 8 bits in a "
            f"row ({TILES * TILE_COLUMNS} x {TILE_ROWS}), received {values.shape[1]} x {values.shape[0]}, up to "
            f"{values.max():g}"
        )
    return np.ascontiguousarray(values.astype(np.uint8).reshape(TILE_ROWS, TILES, TILE_COLUMNS).transpose(1, 0, 2))
