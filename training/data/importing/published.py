"""The four published sources of lumbar images: ``data/processed_SOURCE_jpgs``, ``data/processed_SOURCE`` and tables.

``coords_pretrain.csv`` names five disc points an image. ``coords_rsna_improved.csv`` names points in images of a
challenge, which lie under ``train_images/STUDY/SERIES/INSTANCE.dcm`` where somebody put them there.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.data.curate import gray_levels, squared
from training.data.pictures import Label, Picture
from training.data.quality import Dropped, read_gray
from training.data.tables import Row, label_of, read_rows

COORDS, RSNA_COORDS = "coords_pretrain.csv", "coords_rsna_improved.csv"
COLUMNS = ("filename", "source", "x", "y", "level", "relative_x", "relative_y")
RSNA_COLUMNS = ("series_id", "study_id", "instance_number", "level", "side", "condition", "relative_x", "relative_y")
SOURCES = {"lsd": "t2w", "spider": "t2w", "osf": "t1w", "tseg": "ct"}
CONTRAST_IN_NAME = re.compile(r"_(t1|t2)$")
SOURCE = "published lumbar images (sources lsd, spider, osf, tseg) with disc points"


def import_published(folder: Path, unread: list[Dropped]) -> Iterator[Picture]:
    """Every image of the four sources, with its disc points as labels.

    Parameters
    ----------
    folder : Path
        Holds ``coords_pretrain.csv`` and ``data``.
    unread : list of Dropped
        Filled with what cannot be read, and with ``.npy`` files that a ``.jpg`` of the same name stands for.

    Raises
    ------
    ValueError
        A table lacks a column, or none of the sources is there.
    """
    points: dict[tuple[str, str], dict[str, Label]] = {}
    for number, row in enumerate(read_rows(folder / COORDS, COLUMNS), start=2):
        key = (row["source"], Path(row["filename"]).stem)
        points.setdefault(key, {}).update(_points(row, f"line {number} of {COORDS}"))
    rsna = read_rows(folder / RSNA_COORDS, RSNA_COLUMNS) if (folder / RSNA_COORDS).is_file() else []
    files = [(source, path) for source in SOURCES for path in _files(folder, source, unread)]
    if not files:
        raise ValueError(f"{folder} has {COORDS} but no images in data/processed_SOURCE_jpgs or data/processed_SOURCE")
    for source, path in files:
        yield from _picture(path, source, points.get((source, path.stem), {}), unread)
    yield from _challenge(folder, rsna, unread)


def _files(folder: Path, source: str, unread: list[Dropped]) -> list[Path]:
    pictures = sorted((folder / "data" / f"processed_{source}_jpgs").glob("*.jpg"))
    arrays = sorted((folder / "data" / f"processed_{source}").glob("*.npy"))
    names = {path.stem for path in pictures}
    doubles = [path for path in arrays if path.stem in names]
    unread += [Dropped(f"{source}/{path.name}", f"duplicate of {path.stem}.jpg: the same name") for path in doubles]
    return pictures + [path for path in arrays if path.stem not in names]


def _picture(path: Path, source: str, labels: dict[str, Label], unread: list[Dropped]) -> Iterator[Picture]:
    origin = f"{source}/{path.name}"
    try:
        values = read_gray(path)
    except ValueError as error:
        unread.append(Dropped(origin, str(error)))
        return
    named = CONTRAST_IN_NAME.search(path.stem)
    yield Picture(
        pixels=squared(_eight_bits(values, path)),
        patient=f"{source}-{CONTRAST_IN_NAME.sub('', path.stem)}",
        center=source,
        contrast=f"{named.group(1)}w" if named else SOURCES[source],
        origin=origin,
        labels=labels,
    )


def _challenge(folder: Path, rows: list[dict[str, str]], unread: list[Dropped]) -> Iterator[Picture]:
    by_image: dict[tuple[str, str, str], dict[str, Label]] = {}
    for number, row in enumerate(rows, start=2):
        key = (row["study_id"], row["series_id"], row["instance_number"])
        side = f"{row['side']} {row['condition']} " if row["condition"] else ""
        by_image.setdefault(key, {}).update(_points(row, f"line {number} of {RSNA_COORDS}", side))
    for (study, series, instance), labels in by_image.items():
        path = folder / "train_images" / study / series / f"{instance}.dcm"
        if path.is_file():
            yield from _dicom_picture(path, f"rsna-{study}", labels, unread)


def _dicom_picture(path: Path, patient: str, labels: dict[str, Label], unread: list[Dropped]) -> Iterator[Picture]:
    from pydicom import dcmread

    origin = "/".join(path.parts[-3:])
    try:
        pixels = np.asarray(dcmread(path).pixel_array, np.float32)
    except Exception as error:  # noqa: BLE001  a foreign file may fail in any way; it is listed
        unread.append(Dropped(origin, f"corrupt: {path.name} cannot be read ({type(error).__name__})"))
        return
    if pixels.ndim == 2:
        yield Picture(squared(gray_levels(pixels)), patient=patient, center="rsna", origin=origin, labels=labels)


def _points(row: Row, where: str, prefix: str = "") -> dict[str, Label]:
    names = {f"{prefix}{row['level']} {axis}": row[f"relative_{axis}"] for axis in ("x", "y")}
    return {name: label_of(text, f"{name} in {where}") for name, text in names.items()}


def _eight_bits(values: NDArray[np.float32], path: Path) -> NDArray[np.uint8]:
    """Pictures of 8 bits as they are; arrays of any depth from their lowest to their highest percentile."""
    if path.suffix != ".npy":
        return np.asarray(values, np.uint8)
    return gray_levels(values)
