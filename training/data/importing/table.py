"""A folder of pictures with a CSV: a mapping file says which column is what."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference.types import BoolArray
from training.data.curate import gray_levels, squared, squared_mask
from training.data.mapping import Mapping, PictureMapping
from training.data.pictures import STAGES, Picture
from training.data.quality import Dropped, read_gray
from training.data.tables import Row, label_of, read_rows, whole_number


def import_table(folder: Path, mapping: Mapping, unread: list[Dropped]) -> Iterator[Picture]:
    """Every picture that the table names; pictures of any size are padded to squares and resized.

    Parameters
    ----------
    folder : Path
    mapping : Mapping
        Its ``pictures`` say which column is what.
    unread : list of Dropped
        Filled with pictures that cannot be read.

    Raises
    ------
    ValueError
        A column is missing, a mask does not fit its picture, a label is none, or a patient is missing.
    """
    columns = mapping.pictures
    if columns is None:
        raise ValueError("the mapping file has no table [pictures]: it says which column is what")
    for number, row in enumerate(read_rows(folder / columns.table, columns.columns), start=2):
        where = f"line {number} of {columns.table}"
        try:
            values = read_gray(inside(folder, row[columns.image], where))
        except ValueError as error:
            unread.append(Dropped(row[columns.image], str(error)))
            continue
        yield Picture(
            pixels=squared(_eight_bits(values)),
            mask=_mask(folder, row, columns, values.shape, where),
            patient=_patient(row, columns, where),
            center=row[columns.center].strip() if columns.center else mapping.center,
            contrast=(row[columns.contrast].strip() if columns.contrast else "") or "gray",
            origin=row[columns.image],
            as_status=whole_number(row[columns.as_status], f"AS_status in {where}", most=1)
            if columns.as_status
            else None,
            stage=whole_number(row[columns.stage], f"stage in {where}", most=len(STAGES) - 1)
            if columns.stage
            else None,
            labels={name: label_of(row[name], f"{name} in {where}") for name in columns.labels},
        )


def inside(folder: Path, name: str, where: str) -> Path:
    """A file of the folder.

    Raises
    ------
    ValueError
        The name leads out of the folder, or nowhere.
    """
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()) or not path.is_file():
        raise ValueError(f"corrupt: the file in {where} is not in the folder")
    return path


def _patient(row: Row, columns: PictureMapping, where: str) -> str:
    if columns.each_its_own_patient:
        return row[columns.image]
    if not columns.patient:
        return ""
    if not row[columns.patient].strip():
        raise ValueError(f"{where} names no patient: splits go by it")
    return row[columns.patient].strip()


def _mask(folder: Path, row: Row, columns: PictureMapping, shape: tuple[int, ...], where: str) -> BoolArray | None:
    if not columns.mask or not row[columns.mask].strip():
        return None
    values = read_gray(inside(folder, row[columns.mask].strip(), where))
    if values.shape != shape:
        raise ValueError(
            f"the mask in {where} does not fit its picture: expected {shape[0]} x {shape[1]}, received "
            f"{values.shape[0]} x {values.shape[1]}"
        )
    return squared_mask(np.asarray(values > 0))


def _eight_bits(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    if values.max() > 255 or values.min() < 0:
        return gray_levels(values)
    return values.astype(np.uint8)
