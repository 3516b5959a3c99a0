"""Has an image ever been compressed with loss, and how; once lossy, always lossy.

References
----------
PS3.3 C.7.6.1.1.5 (Lossy Image Compression); PS3.5 sections 8.2 and 10 (transfer syntaxes that allow loss).
"""

from dataclasses import dataclass
from pathlib import Path

from pydicom import uid
from pydicom.dataset import Dataset
from pydicom.encaps import generate_frames

from inference.dicom.fields import first, words
from inference.dicom.file import open_with_pixels, reading

_ALWAYS = {uid.JPEGBaseline8Bit: "ISO_10918_1", uid.JPEGExtended12Bit: "ISO_10918_1"}
_UNLESS_DENIED = {
    uid.JPEGLSNearLossless: "ISO_14495_1",
    uid.JPEG2000: "ISO_15444_1",
    uid.JPEG2000MC: "ISO_15444_2",
    uid.HTJ2K: "ISO_15444_15",
}


@dataclass(frozen=True, slots=True)
class Losses:
    """The lossy compressions of an image, one after the other, as far as they are known.

    Attributes
    ----------
    methods : tuple of str
        Lossy Image Compression Method.
    ratios : tuple of float
        Lossy Image Compression Ratio of each method; empty where they are not known.
    """

    methods: tuple[str, ...] = ()
    ratios: tuple[float, ...] = ()


def is_lossy(dataset: Dataset) -> bool:
    """True where the header says so, or the transfer syntax cannot do without.

    A transfer syntax that can, but is there for loss (JPEG 2000, but not JPEG 2000 Lossless Only), counts as lossy
    unless the header denies it.
    """
    said = first(dataset, "LossyImageCompression")
    syntax = _syntax(dataset)
    return said == "01" or syntax in _ALWAYS or (syntax in _UNLESS_DENIED and said != "00")


def losses_of(path: Path) -> Losses:
    """How the image in a file was compressed with loss: what its header says, else what its own pixels show.

    Raises
    ------
    UnusableInput
        The file is gone or damaged.
    """
    with reading():
        dataset = open_with_pixels(path)
        methods = words(dataset, "LossyImageCompressionMethod")
        if methods:
            ratios = tuple(map(float, words(dataset, "LossyImageCompressionRatio")))
            return Losses(methods, ratios if len(ratios) == len(methods) else ())
        syntax = _syntax(dataset)
        method = _ALWAYS.get(syntax) or _UNLESS_DENIED.get(syntax)
        return Losses((method,), (_ratio(dataset),)) if method else Losses()


def _syntax(dataset: Dataset) -> uid.UID:
    return uid.UID(first(getattr(dataset, "file_meta", Dataset()), "TransferSyntaxUID"))


def _ratio(dataset: Dataset) -> float:
    """Bytes of the pixels before compression, by those after it; two decimals, for it is approximate."""
    frames = int(dataset.get("NumberOfFrames") or 1)
    stored = sum(len(frame) for frame in generate_frames(dataset.PixelData, number_of_frames=frames))
    plain = (
        float(frames) * dataset.Rows * dataset.Columns * dataset.get("SamplesPerPixel", 1) * dataset.BitsAllocated / 8
    )
    return round(float(plain / stored), 2)
