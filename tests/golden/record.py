"""Make a golden record from what the node gives from outside: files, summary, timeline."""

import hashlib
import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pydicom
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from tests import programs

Flat = dict[str, Any]

TIMES = {
    "ContentDate", "ContentTime", "InstanceCreationDate", "InstanceCreationTime", "SeriesDate", "SeriesTime",
    "DateOfSecondaryCapture", "TimeOfSecondaryCapture", "ContributionDateTime", "ObservationDateTime",
}  # fmt: skip
VOLATILE = {"timings_s", "started", "software_version", "path"}
THUMBNAIL_PX = 64
KEPT = Path(__file__).parent / "phantom"
"""The record of the shipped synthetic study."""


class Names:
    """UIDs made by the node, by the order in which they are met: they are new each time."""

    def __init__(self, known: set[str]) -> None:
        self._known = known
        self._names: dict[str, str] = {}

    def of(self, uid: str) -> str:
        """The UID itself if it is the source's or the standard's, else its number."""
        if uid in self._known or uid.startswith("1.2.840.10008."):
            return uid
        return self._names.setdefault(uid, f"uid {len(self._names) + 1}")


def write_record(study: Path, folder: Path, *, work: Path) -> None:
    """Analyse a study offline and through a node, and write ``record.json`` and ``arrays.npz``.

    Parameters
    ----------
    study : Path
        Folder of DICOM files of one study.
    folder : Path
        Where the record is written.
    work : Path
        An empty folder for files in between.
    """
    out = work / "results"
    command = [str(Path(sys.executable).with_name("axspa-node")), "process", str(study), "--out", str(out)]
    subprocess.run(command, check=True, capture_output=True)
    content, arrays = describe(study, out)
    content["way"] = way(study, work / "node")
    save(folder, content, arrays)


def save(folder: Path, content: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
    """Write a record."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(content, indent=0, ensure_ascii=False, sort_keys=True)
    (folder / "record.json").write_text(text + "\n", encoding="utf-8")
    np.savez_compressed(folder / "arrays.npz", **arrays)


def describe(study: Path, out: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The record of what ``axspa-node process`` wrote to ``out``, without the way through the node."""
    sources = [pydicom.dcmread(path, stop_before_pixels=True) for path in sorted(study.rglob("*.dcm"))]
    names = Names({str(element.value) for dataset in sources for element in dataset.iterall() if element.VR == "UI"})
    objects: dict[str, Flat] = {}
    arrays: dict[str, np.ndarray] = {}
    for path in sorted(out.rglob("*.dcm")):
        dataset = pydicom.dcmread(path)
        objects[path.stem] = dict(_elements(dataset, "", names))
        if "PixelData" in dataset:
            objects[path.stem] |= _pixels(path.stem, dataset, arrays)
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    return {"objects": objects, "summary": dict(_json(summary, "", names))}, arrays


def way(study: Path, folder: Path) -> list[list[str]]:
    """Send the study to a node that delivers to a receiver; code and sentence of each line of its timeline."""
    port = programs.free_port()
    folder.mkdir(parents=True)
    command = [programs.program("storescp"), "--output-directory", str(folder), "--fork", str(port)]
    receiver = subprocess.Popen(command, env=programs.ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with programs.node(folder / "node", destinations=[("archive", "ARCHIVE", port)]) as node:
            files = sorted(study.rglob("*.dcm"))
            programs.storescu(programs.program, files, node.dicom_port)
            node.wait_until_done(str(pydicom.dcmread(files[0], stop_before_pixels=True).StudyInstanceUID))
        with sqlite3.connect(folder / "node" / "data" / "axspa.sqlite") as database:
            return [list(row) for row in database.execute("SELECT code, sentence FROM event ORDER BY id")]
    finally:
        programs.stop(receiver)


def _elements(dataset: Dataset, place: str, names: Names) -> Iterator[tuple[str, Any]]:
    for element in dataset:
        name = f"{place}{element.keyword or element.tag}"
        if element.VR == "SQ":
            yield f"{name}.count", len(element.value)
            for number, item in enumerate(element.value):
                yield from _elements(item, f"{name}[{number}].", names)
        elif element.keyword in TIMES:
            yield name, "a time"
        elif element.keyword != "PixelData":
            yield name, _value(element.value, element.VR, names)


def _value(value: Any, kind: str, names: Names) -> Any:
    if isinstance(value, MultiValue | list | tuple):
        return [_value(one, kind, names) for one in value]
    if kind == "UI":
        return names.of(str(value))
    if isinstance(value, int | float) or kind in ("DS", "IS"):
        return None if value is None else float(value)
    if isinstance(value, bytes):
        return hashlib.sha256(value).hexdigest()
    return None if value is None else str(value)


def _pixels(name: str, dataset: Dataset, arrays: dict[str, np.ndarray]) -> Flat:
    pixels = dataset.pixel_array
    if dataset.Modality == "SEG":
        arrays[name] = np.packbits(pixels.astype(bool))
        return {"pixels.shape": list(pixels.shape), "pixels.count": int(np.count_nonzero(pixels))}
    arrays[name] = cv2.resize(pixels, (THUMBNAIL_PX, THUMBNAIL_PX), interpolation=cv2.INTER_AREA)
    return {"pixels.shape": list(pixels.shape), "pixels.sha256": hashlib.sha256(pixels.tobytes()).hexdigest()}


def _json(value: Any, place: str, names: Names) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, item in value.items():
            if key not in VOLATILE:
                yield from _json(item, f"{place}.{key}" if place else key, names)
    elif isinstance(value, list):
        yield f"{place}.count", len(value)
        for number, item in enumerate(value):
            yield from _json(item, f"{place}[{number}]", names)
    elif isinstance(value, str) and (place.endswith("_uid") or value.startswith("2.25.")):
        yield place, names.of(value)
    else:
        yield place, value
