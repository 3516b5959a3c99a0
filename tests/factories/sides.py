"""Does every object of a result keep the patient's left on the left, by its own geometry and by its source files."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.dataset import Dataset, FileDataset
from scipy.ndimage import label

from tests.factories.dicom import set_pixels
from tests.factories.orientations import Way
from tests.factories.sources import Chain, rewrite

MIDLINE_X_MM = 2.0
LEFT, RIGHT = "7771000", "24028007"
COLORFUL = 60

POSITIONS: dict[str, tuple[Way, list[str]]] = {
    "HFS": (("rows",), ["L", "F"]),
    "HFP": (("rows", "columns"), ["R", "F"]),
    "FFS": (("columns",), ["R", "H"]),
    "FFP": ((), ["L", "H"]),
    "HFDR": (("rows", "transposed"), ["F", "L"]),
    "HFDL": (("rows", "columns", "transposed"), ["F", "R"]),
    "FFDL": (("columns", "transposed"), ["H", "R"]),
    "FFDR": (("transposed",), ["H", "L"]),
}
"""How a plane is stored that keeps to the room while the patient lies in each position, and its Patient Orientation; of
decubitus, with rows that run along the body."""


def mark_left(paths: Sequence[Path]) -> None:
    """Make everything on the patient's left brighter, as the files' own geometry has it."""

    def mark(dataset: FileDataset) -> None:
        x = _x_mm(dataset, *np.mgrid[0 : dataset.Rows, 0 : dataset.Columns])
        pixels = dataset.pixel_array.astype(np.uint16)
        set_pixels(dataset, np.where(x > MIDLINE_X_MM, pixels + 400, pixels // 2).astype(np.uint16))

    rewrite(paths, mark)


def store(paths: Sequence[Path], way: Way, position: str) -> list[Path]:
    """The same patient in other pixels: PS3.3 C.7.6.2.1.1, a step at a time."""

    def turn(dataset: FileDataset) -> None:
        pixels = dataset.pixel_array
        row, column = np.array(dataset.ImageOrientationPatient, float).reshape(2, 3)
        down, along = (float(value) for value in dataset.PixelSpacing)
        place = np.array(dataset.ImagePositionPatient, float)
        if "columns" in way:
            pixels, place, row = pixels[:, ::-1], place + row * along * (pixels.shape[1] - 1), -row
        if "rows" in way:
            pixels, place, column = pixels[::-1], place + column * down * (pixels.shape[0] - 1), -column
        if "transposed" in way:
            pixels, row, column, down, along = pixels.T, column, row, along, down
        set_pixels(dataset, np.ascontiguousarray(pixels))
        dataset.ImagePositionPatient = [f"{value:.8f}" for value in place]
        dataset.ImageOrientationPatient = [f"{value:.10f}" for value in (*row, *column)]
        dataset.PixelSpacing = [f"{down:.6f}", f"{along:.6f}"]
        dataset.PatientPosition = position

    return rewrite(paths, turn)


def assert_left_stays_left(result: Chain, letters: list[str]) -> None:
    """Of each kind of object, with what it was made of."""
    assert result.findings == ()
    sources = {str(one.SOPInstanceUID): one for one in map(dcmread, _paths(result))}
    labels = {
        (str(seg.SOPInstanceUID), int(segment.SegmentNumber)): str(segment.SegmentLabel).split()[0].lower()
        for seg in result.objects("seg-")
        for segment in seg.SegmentSequence
    }
    assert {"left", "right"} <= set(labels.values())
    for seg in result.objects("seg-"):
        _check_frames(seg, labels, sources)
    for capture in result.objects("sc-heat"):
        assert list(capture.PatientOrientation) == letters
        _check_picture(capture, sources[str(capture.SourceImageSequence[0].ReferencedSOPInstanceUID)])
    reports = [
        one for kind in result.kinds if kind.startswith("sr-") and kind != "sr-text" for one in result.objects(kind)
    ]
    judged = [side for report in reports for side in _check_groups(report, labels, sources)]
    assert set(judged) == {"left", "right"}


def _paths(result: Chain) -> set[Path]:
    return {image.path for images in result.analysis.images for image in images.sources}


def _x_mm(dataset: Dataset, rows: Any, columns: Any) -> NDArray[np.float64]:
    """Where pixels lie along the patient's left."""
    place, directions = dataset.ImagePositionPatient, dataset.ImageOrientationPatient
    down, along = dataset.PixelSpacing
    x: NDArray[np.float64] = float(place[0]) + columns * float(directions[0]) * float(along)
    return x + rows * float(directions[3]) * float(down)


def _is_left(x_mm: Any) -> bool:
    return float(np.mean(x_mm)) > MIDLINE_X_MM


def _check_frames(seg: Dataset, labels: dict[tuple[str, int], str], sources: dict[str, FileDataset]) -> None:
    """Each frame lies on its side by its own place, and its source image is bright or dark under it."""
    shared = seg.SharedFunctionalGroupsSequence[0]
    for groups, pixels in zip(seg.PerFrameFunctionalGroupsSequence, seg.pixel_array, strict=True):
        named = groups.get("SegmentIdentificationSequence") or shared.SegmentIdentificationSequence
        side = labels[str(seg.SOPInstanceUID), int(named[0].ReferencedSegmentNumber)]
        if side not in ("left", "right"):
            continue
        source = sources[str(groups.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID)]
        plane = Dataset()
        plane.ImagePositionPatient = groups.PlanePositionSequence[0].ImagePositionPatient
        plane.ImageOrientationPatient = shared.PlaneOrientationSequence[0].ImageOrientationPatient
        plane.PixelSpacing = shared.PixelMeasuresSequence[0].PixelSpacing
        inside = np.nonzero(pixels)
        assert _is_left(_x_mm(plane, *inside)) is (side == "left")
        assert (source.pixel_array[inside].mean() > source.pixel_array.mean()) is np.bool_(side == "left")


def _check_picture(capture: Dataset, source: FileDataset) -> None:
    """A heat map lies on the left joint, over the pixels of its source; its caption lies beside and below them."""
    rgb = capture.pixel_array[: source.Rows, : source.Columns].astype(int)
    colorful = np.ptp(rgb, axis=2)
    parts, _ = label(colorful > COLORFUL)
    largest = np.bincount(parts.ravel())[1:].argmax() + 1  # letters are smaller
    assert _is_left(_x_mm(capture, *np.nonzero(parts == largest)))
    plain = np.argwhere((colorful == 0) & (rgb[..., 0] > 0))
    gray, stored = (image[tuple(plain.T)] for image in (rgb[..., 0], source.pixel_array))
    assert np.corrcoef(gray, stored)[0, 1] > 0.5  # the banner is not of the source


def _check_groups(
    report: Dataset, labels: dict[tuple[str, int], str], sources: dict[str, FileDataset]
) -> Iterator[str]:
    """The side of each group of a report that names one; its outlines and segments lie there."""
    for group in _items(report, "125007"):
        sides = {
            {LEFT: "left", RIGHT: "right"}.get(str(one.ConceptCodeSequence[0].CodeValue))
            for one in _items(group, "272741003")
        }
        parts = list(_walk(group))
        outlines = [one for one in parts if one.ValueType == "SCOORD"]
        segments = [one.ReferencedSOPSequence[0] for one in parts if one.ValueType == "IMAGE"]
        if sides not in ({"left"}, {"right"}):
            continue
        (side,) = sides
        for outline in outlines:
            columns, rows = np.array(outline.GraphicData, float).reshape(-1, 2).T - 0.5
            source = sources[str(outline.ContentSequence[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID)]
            assert _is_left(_x_mm(source, rows, columns)) is (side == "left")
        for named in segments:
            if "ReferencedSegmentNumber" in named:
                assert labels[str(named.ReferencedSOPInstanceUID), int(named.ReferencedSegmentNumber)] == side
        yield str(side)


def _walk(item: Dataset) -> Iterator[Dataset]:
    for child in item.get("ContentSequence", ()):
        yield child
        yield from _walk(child)


def _items(item: Dataset, code: str) -> Iterator[Dataset]:
    for child in _walk(item):
        name = child.get("ConceptNameCodeSequence")
        if name and str(name[0].get("CodeValue", "")) == code:
            yield child
