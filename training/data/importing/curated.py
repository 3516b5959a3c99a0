"""The curated layout as others wrote it: every file checked, patients taken from a table where there is one."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference.types import BoolArray
from training.data.importing.patients import read_patients
from training.data.mapping import Mapping
from training.data.pictures import ANNOTATIONS, COLUMNS, SIZE, STAGES, Picture, drawn_box
from training.data.quality import Dropped, read_gray
from training.data.tables import read_rows, whole_number

BOX_OVERLAP = 0.95


def import_curated(folder: Path, mapping: Mapping, unread: list[Dropped]) -> Iterator[Picture]:
    """Every picture of a curated data set.

    Parameters
    ----------
    folder : Path
        Holds ``annotations/dataset.csv``.
    mapping : Mapping
        Its table of patients is looked up by ``image_id``.
    unread : list of Dropped
        Filled with pictures that cannot be read.

    Raises
    ------
    ValueError
        A column is missing, a label is none, a picture or a mask has another size or depth than the layout.
    """
    patients = read_patients(folder, mapping)
    for number, row in enumerate(read_rows(folder / ANNOTATIONS, COLUMNS), start=2):
        where = f"line {number} of {ANNOTATIONS}"
        path = folder / row["image_path"]
        try:
            values = read_gray(path)
        except ValueError as error:
            unread.append(Dropped(row["image_path"], str(error)))
            continue
        mask = _mask(folder / row["mask_path"], where)
        patient, center, labels = patients.get(row["image_id"], ("", mapping.center, {}))
        drawn = mask is not None and _is_drawn_box(mask)
        yield Picture(
            pixels=_checked(values, where),
            mask=None if drawn else mask,
            patient=patient,
            center=center,
            origin=row["image_path"],
            as_status=whole_number(row["AS_status"], f"AS_status in {where}", most=1),
            stage=whole_number(row["stage"], f"stage in {where}", most=len(STAGES) - 1),
            labels=labels,
            boxed=drawn,
        )


def _mask(path: Path, where: str) -> BoolArray | None:
    if not path.is_file():
        return None
    values = read_gray(path)
    if values.shape != (SIZE, SIZE):
        raise ValueError(
            f"the mask in {where} does not fit its picture: expected {SIZE} x {SIZE}, received "
            f"{values.shape[0]} x {values.shape[1]}"
        )
    return np.asarray(values > values.max() / 2 if values.max() > 0 else values > 0)


def _checked(values: NDArray[np.float32], where: str) -> NDArray[np.uint8]:
    deepest = float(values.max())
    if values.shape != (SIZE, SIZE) or deepest > 255:
        depth = "8 bits" if deepest <= 255 else "16 bits"
        raise ValueError(
            f"the picture in {where} does not have the size and depth of the layout: expected {SIZE} x {SIZE} of 8 "
            f"bits, received {values.shape[0]} x {values.shape[1]} of {depth}; import it as a folder with a table "
            "([pictures] of a mapping file), which resizes"
        )
    return values.astype(np.uint8)


def _is_drawn_box(mask: BoolArray) -> bool:
    box = drawn_box()
    return bool((mask & box).sum() >= BOX_OVERLAP * (mask | box).sum())
