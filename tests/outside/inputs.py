"""The studies that are sent: the shipped synthetic one, altered, and real ones where they are here."""

import copy
import hashlib
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pydicom
from pydicom.dataset import Dataset, FileDataset

T1, FLUID = 2, 3  # series numbers of the shipped study, and of the wrapped real ones
Images = list[FileDataset]
Pixels = npt.NDArray[np.float64]


class Missing(Exception):
    """Data that the test needs is not here."""


class Inputs:
    """Makes studies as folders of DICOM files, each once.

    Parameters
    ----------
    folder : where they are written.
    sample : the archive of the shipped study.
    shared : the folder of real data, which need not be there.
    """

    def __init__(self, folder: Path, *, sample: Path, shared: Path) -> None:
        self.folder, self.shared = folder, shared
        with zipfile.ZipFile(sample) as archive:
            archive.extractall(folder / "shipped")
        self._shipped = read(folder / "shipped")

    def shipped(self, *numbers: int) -> Images:
        """A copy of the shipped study, or of these series of it."""
        return [copy.deepcopy(one) for one in self._shipped if not numbers or int(one.SeriesNumber) in numbers]

    def made(self, name: str, make: Callable[[], Images]) -> Path:
        """The folder of a study under this name, which is made when it is first asked for."""
        folder = self.folder / name
        if not folder.is_dir():
            write(folder, renamed(make(), name))
        return folder

    def real(self, subject: str, *numbers: int) -> Path:
        """A real subject as a DICOM study, or these series of it.

        Raises
        ------
        Missing : the folder of real data is not here.
        """
        tool = self.shared / "tools" / "sij_to_dicom.py"
        if not tool.is_file() or not (self.shared / "data" / "sij").is_dir():
            raise Missing(f"no real data ({self.shared})")
        whole = self.folder / "real" / subject
        if not whole.is_dir():
            subprocess.run([sys.executable, str(tool), subject, str(whole.parent)], check=True, capture_output=True)
        if not numbers:
            return whole
        return self.made(
            "-".join(["real", subject, *map(str, numbers)]),
            lambda: [one for one in read(whole) if int(one.SeriesNumber) in numbers],
        )


def read(folder: Path) -> Images:
    """All images of a folder, by series and number."""
    images = [pydicom.dcmread(path) for path in sorted(folder.rglob("*")) if path.is_file()]
    return sorted(images, key=lambda one: (int(one.SeriesNumber), int(one.InstanceNumber)))


def write(folder: Path, images: Iterable[FileDataset]) -> list[Path]:
    """Write images as files; their paths in the same order."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number, image in enumerate(images):
        paths.append(folder / f"{number:04d}.dcm")
        image.save_as(paths[-1], enforce_file_format=True)
    return paths


def uid(*parts: object) -> str:
    """A UID that follows from its parts."""
    return "2.25." + str(int(hashlib.sha256(repr(parts).encode()).hexdigest()[:31], 16))


def renamed(images: Images, name: str) -> Images:
    """The same images as another study: UIDs and patient follow from the name."""
    for image in images:
        for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"):
            setattr(image, keyword, uid(name, str(image[keyword].value)))
        image.file_meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID
        image.PatientID, image.PatientName = f"OUT-{name}"[:64], "Outside^Test"
        image.AccessionNumber = hashlib.sha256(name.encode()).hexdigest()[:12]
    return images


def pixels(image: Dataset) -> Pixels:
    """The pixels of an image of 12 bits, as stored."""
    return np.frombuffer(image.PixelData, "<u2").reshape(image.Rows, image.Columns).astype(np.float64)


def put(image: Dataset, values: Pixels) -> None:
    """Give an image other pixels, of any size."""
    image.Rows, image.Columns = values.shape
    image.PixelData = np.clip(np.rint(values), 0, 4095).astype("<u2").tobytes()


def transposed(images: Images) -> Images:
    """The same pictures with rows for columns: each pixel stays where it is in the patient."""
    for image in images:
        put(image, pixels(image).T)
        along_row, along_column = image.ImageOrientationPatient[:3], image.ImageOrientationPatient[3:]
        image.ImageOrientationPatient = [*along_column, *along_row]
        image.PixelSpacing = [image.PixelSpacing[1], image.PixelSpacing[0]]
    return images


def rolled(images: Images, degrees: float) -> Images:
    """The patient turned in the plane of the images, about their middle."""
    turn = np.deg2rad(degrees)
    for image in images:
        values = pixels(image)
        row, column = np.indices(values.shape) - (np.array(values.shape).reshape(2, 1, 1) - 1) / 2
        source = [np.cos(turn) * row - np.sin(turn) * column, np.sin(turn) * row + np.cos(turn) * column]
        put(image, _at(values, *(part + (size - 1) / 2 for part, size in zip(source, values.shape, strict=True))))
    return images


def _at(values: Pixels, row: Pixels, column: Pixels) -> Pixels:
    """Values between pixels, linear; 0 outside."""
    inside = (row >= 0) & (column >= 0) & (row <= values.shape[0] - 1) & (column <= values.shape[1] - 1)
    r = np.clip(np.floor(row).astype(int), 0, values.shape[0] - 2)
    c = np.clip(np.floor(column).astype(int), 0, values.shape[1] - 2)
    down, right = np.clip(row - r, 0, 1), np.clip(column - c, 0, 1)
    mixed = (values[r, c] * (1 - right) + values[r, c + 1] * right) * (1 - down)
    mixed += (values[r + 1, c] * (1 - right) + values[r + 1, c + 1] * right) * down
    return np.asarray(mixed * inside)


def places(image: Dataset) -> Pixels:
    """Where the pixels are in the patient, in mm to the left, back and up: (rows, columns, 3)."""
    row, column = np.indices((image.Rows, image.Columns))
    directions = np.array(image.ImageOrientationPatient, float).reshape(2, 3)
    spacing = np.array(image.PixelSpacing, float)
    at = np.array(image.ImagePositionPatient, float) + column[..., None] * spacing[1] * directions[0]
    return np.asarray(at + row[..., None] * spacing[0] * directions[1])


def middle(images: Images) -> Pixels:
    """The middle of a series in the patient, in mm."""
    return np.asarray(np.mean([places(image).reshape(-1, 3).mean(0) for image in images], 0))


def painted(images: Images, paint: Callable[[Pixels], Pixels]) -> Images:
    """Other pixels for the same images: ``paint`` gets places from the middle of the images, in mm."""
    center = middle(images)
    random = np.random.default_rng(7)
    for image in images:
        values = paint(places(image) - center)
        put(image, values + random.normal(0, 12, values.shape))
    return images


def told(images: Images, **values: Any) -> Images:
    """The same images with other values in their headers; None takes an attribute away."""
    for image in images:
        for keyword, value in values.items():
            if value is not None:
                setattr(image, keyword, value)
            elif keyword in image:
                delattr(image, keyword)
    return images
