"""How a source image says that it is to be shown: rescale and window, for presentation states that must repeat them.

References
----------
PS3.3 C.11.1 (Modality LUT), C.11.2 (VOI LUT), C.7.6.16.2.9 and C.7.6.16.2.10 (the same of frames).
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from pydicom.dataset import Dataset

from inference.dicom import tolerant
from inference.result import Images
from inference.types import FloatArray
from reporting.objects.sources import read_header

KEYWORDS = (
    "PhotometricInterpretation",
    "RescaleSlope",
    "RescaleIntercept",
    "WindowCenter",
    "WindowWidth",
    "VOILUTFunction",
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
)
FUNCTIONS = ("LINEAR", "LINEAR_EXACT", "SIGMOID")


@dataclass(frozen=True, slots=True)
class Shading:
    """From stored values to shown ones.

    Attributes
    ----------
    slope, intercept : float
        From stored values to those of the modality.
    center, width : float
        Window, in values of the modality.
    function : str
        VOI LUT Function.
    inverse : bool
        The lowest value is white.
    """

    slope: float
    intercept: float
    center: float
    width: float
    function: str = "LINEAR"
    inverse: bool = False

    @property
    def of_stored_values(self) -> "Shading":
        """The same without a rescale: its window is in stored values."""
        center, width = (self.center - self.intercept) / self.slope, self.width / self.slope
        return replace(self, slope=1.0, intercept=0.0, center=center, width=width)


def shadings(images: Images) -> tuple[Shading, ...]:
    """The shading of each plane: its own window, else one that fits the series.

    Raises
    ------
    UnusableInput
        A source file can no longer be read.
    """
    headers: dict[str, Dataset] = {}
    for image in images.sources:
        if image.sop_instance_uid not in headers:
            headers[image.sop_instance_uid] = read_header(image.path, KEYWORDS)
    fitting = _fitting(images.pixels)
    with tolerant():
        return tuple(_shading(headers[one.sop_instance_uid], one.frame, fitting) for one in images.sources)


def alike(found: tuple[Shading, ...]) -> tuple[Shading, ...]:
    """The same shadings with one rescale, which is all that a presentation state can hold."""
    one_rescale = len({(one.slope, one.intercept) for one in found}) == 1
    return found if one_rescale else tuple(one.of_stored_values for one in found)


def _shading(header: Dataset, frame: int | None, fitting: tuple[float, float]) -> Shading:
    slope = next(_numbers(header, frame, "PixelValueTransformationSequence", "RescaleSlope"), 1.0)
    intercept = next(_numbers(header, frame, "PixelValueTransformationSequence", "RescaleIntercept"), 0.0)
    center = next(_numbers(header, frame, "FrameVOILUTSequence", "WindowCenter"), None)
    width = next(_numbers(header, frame, "FrameVOILUTSequence", "WindowWidth"), None)
    said = next(_values(header, frame, "FrameVOILUTSequence", "VOILUTFunction"), "LINEAR")
    function = str(said) if said in FUNCTIONS else "LINEAR"
    if center is None or width is None or width < 1:
        (center, width), function = fitting, "LINEAR"
    inverse = header.get("PhotometricInterpretation") == "MONOCHROME1"
    return Shading(slope if slope > 0 else 1.0, intercept, center, width, function, inverse)


def _numbers(header: Dataset, frame: int | None, group: str, keyword: str) -> Iterator[float]:
    """The first of each value that is a number."""
    for value in _values(header, frame, group, keyword):
        try:
            number = float(value)
        except (TypeError, ValueError):
            continue
        if math.isfinite(number):
            yield number


def _values(header: Dataset, frame: int | None, group: str, keyword: str) -> Iterator[Any]:
    """What a header says of a plane, of which viewers take the first: of its frame, of all frames, of the instance."""
    places = [header]
    if frame is not None:
        own = header.get("PerFrameFunctionalGroupsSequence") or []
        groups = [*own[frame - 1 : frame], *(header.get("SharedFunctionalGroupsSequence") or [])]
        places = [item for one in groups for item in one.get(group) or []] + places
    for place in places:
        value = place.get(keyword)
        if value is not None and value != "":
            yield value if isinstance(value, str | float | int) else np.atleast_1d(np.asarray(value, object))[0]


def _fitting(pixels: FloatArray) -> tuple[float, float]:
    """Center and width of a window from the 1st to the 99.3rd percentile of the pixels above zero."""
    sample = pixels[:, ::4, ::4]
    bright = sample[sample > 0]
    low, high = (float(value) for value in np.percentile(bright, (1.0, 99.3))) if bright.size else (0.0, 1.0)
    return (low + high) / 2, max(high - low, 1.0)
