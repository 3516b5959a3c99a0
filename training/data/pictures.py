"""The curated layout: 256 x 256 8-bit gray PNG, a mask each, ``annotations/dataset.csv`` and ``dataset_info.txt``.

``dataset.csv`` has exactly the columns of the published data set. What it has no column for (patient, center, contrast,
further labels, what the mask is, SHA-256 of each file) stands in ``cohort.json`` beside it.
"""

import csv
import hashlib
import io
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.types import BoolArray, FloatArray
from training.data.picture import DRAWN_BOX, REGION, SIZE, STAGES, Label, Picture, bounding_box, drawn_box
from training.data.whole import whole_folder

IMAGES, MASKS = "images", "masks"
ANNOTATIONS = "annotations/dataset.csv"
INFO_FILE = "dataset_info.txt"
COHORT_FILE = "cohort.json"
COLUMNS = (
    "image_id",
    "image_path",
    "mask_path",
    "AS_status",
    "stage",
    "stage_name",
    "bbox_x1",
    "bbox_y1",
    "bbox_x2",
    "bbox_y2",
)


@dataclass(frozen=True, slots=True)
class PictureFiles:
    """One picture of the curated layout, by its files and what is known of it."""

    name: str
    patient: str
    center: str
    contrast: str
    origin: str
    labels: Mapping[str, Label]
    mask_kind: str
    image_path: str
    mask_path: str
    image_sha256: str
    mask_sha256: str

    @property
    def masks(self) -> tuple[str, ...]:
        """Names of its masks: the drawn box can always be had where the layout means one."""
        return {REGION: (REGION, DRAWN_BOX), DRAWN_BOX: (DRAWN_BOX,)}.get(self.mask_kind, ())

    def image(self, folder: Path) -> FloatArray:
        """The picture, float32 (rows, columns), 0 to 255; a changed file is refused with a ValueError."""
        return _read_gray(folder / self.image_path, self.image_sha256).astype(np.float32)

    def mask(self, folder: Path) -> BoolArray:
        """The mask, bool (rows, columns); a changed file is refused with a ValueError."""
        return np.asarray(_read_gray(folder / self.mask_path, self.mask_sha256) > 127)

    def drawn_box(self) -> BoolArray:
        """The drawn box of the published framework, (rows, columns)."""
        return drawn_box()


@dataclass(frozen=True, slots=True)
class PicturesOnDisk:
    """A curated data set as it was read."""

    name: str
    source: str
    terms: str
    files: tuple[PictureFiles, ...]


def write_pictures(
    out: Path, pictures: Iterable[Picture], *, name: str, source: str, terms: str, notes: Sequence[str] = ()
) -> Path:
    """Write a data set in the curated layout, whole or not at all.

    Parameters
    ----------
    out : Path
        A curated data set that is there already is replaced.
    pictures : iterable of Picture
    name, source, terms : str
        Of the data set; source and terms reach card and manifest of a bundle made of it.
    notes : sequence of str
        How it was made, for ``dataset_info.txt``.

    Returns
    -------
    Path
        Of ``dataset.csv``.

    Raises
    ------
    ValueError
        There are no pictures, or ``out`` holds something else.
    """
    with whole_folder(out, replaces=(COHORT_FILE,)) as folder:
        for part in (IMAGES, MASKS, "annotations"):
            (folder / part).mkdir()
        rows, items = [], {}
        for number, picture in enumerate(pictures):
            row, item = _write_one(folder, number, picture)
            rows.append(row)
            items[str(row["image_id"])] = item
        if not rows:
            raise ValueError(f"no picture is left for {out.name}: nothing was written")
        table = _table(rows)
        (folder / ANNOTATIONS).write_text(table, encoding="utf-8", newline="")
        content: dict[str, Any] = {"name": name, "kind": "pictures", "source": source, "terms": terms}
        content |= {"table_sha256": _sha256(table.encode()), "items": items}
        (folder / COHORT_FILE).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        (folder / INFO_FILE).write_text(_info(rows, items, content, notes), encoding="utf-8")
    return out / ANNOTATIONS


def read_pictures(folder: Path) -> PicturesOnDisk:
    """Read the tables of a curated data set that was imported or made here.

    Raises
    ------
    ValueError
        ``dataset.csv`` is not the one that was written, or lacks a column.
    """
    content: dict[str, Any] = json.loads((folder / COHORT_FILE).read_text(encoding="utf-8"))
    raw = (folder / ANNOTATIONS).read_bytes()
    if _sha256(raw) != content["table_sha256"]:
        raise ValueError(
            f"{ANNOTATIONS} of {folder.name} was changed since it was written: import the folder again to take "
            "changed labels over"
        )
    rows = read_table(io.StringIO(raw.decode("utf-8"), newline=""), where=ANNOTATIONS)
    files = tuple(_files(row, content["items"][row["image_id"]]) for row in rows)
    return PicturesOnDisk(content["name"], content["source"], content["terms"], files)


def read_table(text: Iterable[str], *, where: str) -> list[dict[str, str]]:
    """Rows of a ``dataset.csv``.

    Raises
    ------
    ValueError
        A column is missing.
    """
    reader = csv.DictReader(text)
    missing = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
    if missing:
        raise ValueError(
            f"{where} lacks the column {', '.join(missing)}; received {', '.join(reader.fieldnames or ()) or 'nothing'}"
        )
    return list(reader)


def _write_one(folder: Path, number: int, picture: Picture) -> tuple[dict[str, Any], dict[str, Any]]:
    image_path, mask_path = f"{IMAGES}/img_{number:04d}.png", f"{MASKS}/mask_{number:04d}.png"
    mask = picture.mask_file()
    hashes = [
        _write_gray(folder / image_path, picture.pixels),
        _write_gray(folder / mask_path, mask.astype(np.uint8) * 255),
    ]
    name = Path(image_path).stem
    stage_name = STAGES[picture.stage] if picture.stage is not None else ""
    values = (name, image_path, mask_path, _cell(picture.as_status), _cell(picture.stage), stage_name)
    row = dict(zip(COLUMNS, (*values, *bounding_box(mask)), strict=True))
    item = {
        "patient": picture.patient,
        "center": picture.center,
        "contrast": picture.contrast,
        "origin": picture.origin,
        "mask": picture.mask_kind,
        "labels": dict(picture.labels),
        "image_sha256": hashes[0],
        "mask_sha256": hashes[1],
    }
    return row, item


def _files(row: Mapping[str, str], item: Mapping[str, Any]) -> PictureFiles:
    numbers = {column: _number(row[column]) for column in ("AS_status", "stage", *COLUMNS[6:])}
    return PictureFiles(
        name=row["image_id"],
        patient=item["patient"],
        center=item["center"],
        contrast=item["contrast"],
        origin=item["origin"],
        labels={**numbers, "stage_name": row["stage_name"] or None, **item["labels"]},
        mask_kind=item["mask"],
        image_path=row["image_path"],
        mask_path=row["mask_path"],
        image_sha256=item["image_sha256"],
        mask_sha256=item["mask_sha256"],
    )


def _info(
    rows: Sequence[Mapping[str, Any]], items: Mapping[str, Any], content: Mapping[str, Any], notes: Sequence[str]
) -> str:
    patients = {item["patient"] for item in items.values()}
    known = len(patients - {""})
    counts = {
        "AS_status": Counter(str(row["AS_status"]) or "not labeled" for row in rows),
        "stage": Counter(str(row["stage_name"]) or "not labeled" for row in rows),
        "mask": Counter(str(item["mask"]) for item in items.values()),
        "contrast": Counter(str(item["contrast"]) for item in items.values()),
    }
    lines = [
        f"Name: {content['name']}",
        f"Source: {content['source']}",
        f"Terms: {content['terms']}",
        f"Images: {len(rows)}, {SIZE} x {SIZE}, 8-bit gray PNG",
        f"Patients: {known if known else 'unknown'}" + (" and some unknown" if known and "" in patients else ""),
    ]
    lines += [
        f"{key}: " + ", ".join(f"{name} {count}" for name, count in sorted(c.items())) for key, c in counts.items()
    ]
    return "\n".join([*lines, *notes]) + "\n"


def _table(rows: Sequence[Mapping[str, Any]]) -> str:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _write_gray(path: Path, pixels: NDArray[np.uint8]) -> str:
    content = cv2.imencode(".png", pixels)[1].tobytes()
    path.write_bytes(content)
    return _sha256(content)


def _read_gray(path: Path, expected: str) -> NDArray[np.uint8]:
    content = path.read_bytes()
    if _sha256(content) != expected:
        raise ValueError(
            f"{path.name} is not the file that was imported: expected {expected}, received {_sha256(content)}"
        )
    return np.asarray(cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_GRAYSCALE), np.uint8)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _cell(value: int | None) -> int | str:
    return "" if value is None else value


def _number(text: str) -> int | None:
    return int(text) if text.strip() else None
