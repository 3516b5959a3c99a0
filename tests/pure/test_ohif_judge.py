"""The judge of what a viewer shows: what is right passes, and what is a little wrong does not."""

from collections.abc import Callable

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian

from tests.ohif.content import Fit
from tests.ohif.judge import outlines_are_drawn, picture_is_shown, segments_are_colored, text_is_whole
from tests.ohif.viewer import Shown

ROWS, COLUMNS = 40, 50
CANVAS = (300, 500)
IMAGE = "2.25.1"
OUTLINE = np.array([[10, 8], [14, 7], [19, 10], [20, 16], [16, 20], [11, 17], [9, 12], [10, 8]], float)
LINES = ("A first fact.", "Another one, of the right side.")


def item(value_type: str, code: str, **values: object) -> Dataset:
    """An item of a content tree."""
    made, name = Dataset(), Dataset()
    name.CodeValue = code
    made.ValueType, made.ConceptNameCodeSequence = value_type, [name]
    for keyword, value in values.items():
        setattr(made, keyword, value)
    return made


def dataset(**values: object) -> Dataset:
    made = Dataset()
    for keyword, value in values.items():
        setattr(made, keyword, value)
    return made


@pytest.fixture
def images() -> dict[str, Dataset]:
    """One image, whose pixels are higher than wide."""
    return {IMAGE: dataset(InstanceNumber=7, Rows=ROWS, Columns=COLUMNS, PixelSpacing=[1.25, 1.0])}


@pytest.fixture
def report() -> Dataset:
    """A report with one outline and two facts."""
    reference = item("IMAGE", "", ReferencedSOPSequence=[dataset(ReferencedSOPInstanceUID=IMAGE)])
    outline = item("SCOORD", "111030", GraphicData=list(OUTLINE.ravel()), ContentSequence=[reference])
    group = item("CONTAINER", "125007", ContentSequence=[item("UIDREF", "112040", UID="2.25.2"), outline])
    facts = [item("TEXT", "121071", TextValue=line) for line in LINES]
    return dataset(ContentSequence=[item("CONTAINER", "126010", ContentSequence=[group]), *facts])


@pytest.fixture
def segmentation() -> Dataset:
    """A segmentation of one frame."""
    source = dataset(SourceImageSequence=[dataset(ReferencedSOPInstanceUID=IMAGE)])
    made = _with_pixels(mask().astype(np.uint8)[None], samples=1)
    made.PerFrameFunctionalGroupsSequence = [dataset(DerivationImageSequence=[source])]
    return made


@pytest.fixture
def captures() -> list[Dataset]:
    """Two pictures of the same size."""
    slope = np.broadcast_to(np.linspace(0, 255, COLUMNS)[:, None], (1, ROWS, COLUMNS, 3)).astype(np.uint8)
    made = [_with_pixels(slope, samples=3), _with_pixels(255 - slope, samples=3)]
    for number, one in enumerate(made, 1):
        one.InstanceNumber = number
    return made


def _with_pixels(frames: np.ndarray, *, samples: int) -> Dataset:
    made = dataset(
        Rows=ROWS, Columns=COLUMNS, BitsAllocated=8, BitsStored=8, HighBit=7, PixelRepresentation=0,
        SamplesPerPixel=samples, NumberOfFrames=len(frames), PixelData=np.ascontiguousarray(frames).tobytes(),
        PhotometricInterpretation="RGB" if samples == 3 else "MONOCHROME2",
    )  # fmt: skip
    if samples == 3:
        made.PlanarConfiguration = 0
    made.file_meta = dataset(TransferSyntaxUID=ExplicitVRLittleEndian)
    return made


def mask(*, right: int = 0) -> np.ndarray:
    """A lesion in the image, moved to the right by some pixels."""
    found = np.zeros((ROWS, COLUMNS), bool)
    found[10:22, 12 + right : 24 + right] = True
    return found


def shown(
    *,
    picture: np.ndarray | None = None,
    lines: list[np.ndarray] | None = None,
    instance: int | None = 7,
    text: str = "",
    cut: tuple[str, ...] = (),
) -> Shown:
    place = "1/1" if instance is None else f"I:{instance} (1/9)"
    return Shown(lines or [], [], picture, f"{text}\n{place}", list(cut), 0)


def gray() -> np.ndarray:
    return np.full((*CANVAS, 3), 90, np.uint8)


def drawn(by: tuple[float, float] = (0, 0), *, on: Dataset) -> list[np.ndarray]:
    """The outline on the canvas, moved by columns and rows of the image."""
    return [Fit.of(on, CANVAS).points(OUTLINE + by)]


def test_an_outline_in_its_place_is_drawn(report: Dataset, images: dict[str, Dataset]) -> None:
    there = shown(picture=gray(), lines=drawn((0.1, 0.1), on=images[IMAGE]))
    assert outlines_are_drawn(there, report, images)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda image: shown(picture=gray(), lines=drawn((0.5, 0), on=image)),
        lambda image: shown(picture=gray(), lines=drawn((0, -0.5), on=image)),
        lambda image: shown(picture=gray(), lines=drawn(on=image), instance=8),
        lambda image: shown(picture=gray(), lines=drawn(on=image) * 2),
        lambda image: shown(picture=gray(), lines=[drawn(on=image)[0][:5]]),
        lambda image: shown(picture=gray(), lines=[np.empty((0, 2))]),
        lambda image: shown(picture=gray()),
        lambda image: shown(lines=drawn(on=image)),
    ],
    ids=[
        "half a column aside",
        "half a row up",
        "another image",
        "one more",
        "a part",
        "no points",
        "none",
        "no image",
    ],
)
def test_another_outline_is_refused(
    wrong: Callable[[Dataset], Shown], report: Dataset, images: dict[str, Dataset]
) -> None:
    assert not outlines_are_drawn(wrong(images[IMAGE]), report, images)


def colored(where: np.ndarray, image: Dataset) -> np.ndarray:
    """A gray image with a colored mask."""
    picture = gray()
    picture[Fit.of(image, CANVAS).grid(where, CANVAS).astype(bool)] = (220, 90, 40)
    return picture


def test_a_mask_in_its_place_is_colored(segmentation: Dataset, images: dict[str, Dataset]) -> None:
    there = shown(picture=colored(mask(), images[IMAGE]))
    assert segments_are_colored(there, segmentation, images)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda image: shown(picture=colored(mask(right=2), image)),
        lambda image: shown(picture=colored(mask()[:, ::-1], image)),
        lambda image: shown(picture=colored(mask() | mask(right=12), image)),
        lambda image: shown(picture=colored(mask(), image), instance=8),
        lambda image: shown(picture=gray()),
        lambda image: shown(picture=np.zeros_like(gray())),
        lambda image: shown(),
    ],
    ids=["aside", "mirrored", "twice as wide", "another image", "none", "a black canvas", "no image"],
)
def test_another_mask_is_refused(
    wrong: Callable[[Dataset], Shown], segmentation: Dataset, images: dict[str, Dataset]
) -> None:
    assert not segments_are_colored(wrong(images[IMAGE]), segmentation, images)


def fitted(capture: Dataset) -> np.ndarray:
    return Fit.of(capture, CANVAS).grid(capture.pixel_array, CANVAS)


def test_a_picture_is_known_again_by_its_number(captures: list[Dataset]) -> None:
    assert picture_is_shown(shown(picture=fitted(captures[0]), instance=1), captures)
    assert picture_is_shown(shown(picture=fitted(captures[1]), instance=2), captures)
    assert picture_is_shown(shown(picture=fitted(captures[0]), instance=None), captures[:1]), "no number beside one"


def test_another_picture_is_refused(captures: list[Dataset]) -> None:
    right = fitted(captures[0])
    assert not picture_is_shown(shown(picture=right, instance=2), captures), "that of another number"
    assert not picture_is_shown(shown(picture=right, instance=None), captures), "it might be either"
    assert not picture_is_shown(shown(picture=right[:, ::-1], instance=1), captures), "mirrored"
    assert not picture_is_shown(shown(picture=np.zeros_like(right), instance=1), captures), "a black canvas"
    assert not picture_is_shown(shown(instance=1), captures), "no canvas"


def test_a_text_is_whole_or_not(report: Dataset) -> None:
    whole = "Finding:\n" + "\nFinding:\n".join(LINES)
    assert text_is_whole(shown(text=whole), report)
    assert not text_is_whole(shown(text=whole.replace("right", "left")), report)
    assert not text_is_whole(shown(text=whole.partition("\n\n")[0][:30]), report)
    assert not text_is_whole(shown(text=whole, cut=LINES[:1]), report)


def test_what_is_seen_has_a_name(images: dict[str, Dataset]) -> None:
    black = np.zeros((*CANVAS, 3), np.uint8)
    assert shown(picture=black).verdict == "black"
    assert shown(picture=gray()).verdict == "gray"
    assert shown(picture=colored(mask(), images[IMAGE])).verdict == "colored"
    assert shown(picture=gray(), lines=drawn(on=images[IMAGE])).verdict == "drawn"
    assert shown(text="word " * 20).verdict == "text"
    assert Shown([], [], None, "", [], 1).verdict == "embedded"
