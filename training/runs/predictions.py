"""What a run says of the items that it has not learned from, with the truth, and what null models say of the same."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
from numpy.typing import NDArray

from inference.space import network_mapping
from inference.types import BoolArray, FloatArray
from training.data import Cohort, Item, Subject
from training.loop.checkpoint import write_whole
from training.loop.samples import Samples, Source
from training.plans import Plan
from training.runs.folder import write_json
from training.runs.sources import class_indices, read_sources

ITEMS_FILE, ARRAYS_FILE = "predictions.json", "predictions.npz"
VALIDATION, HELD_BACK, LEARNED = "validation", "held back", "learned from"
THRESHOLD = 0.5
SHOWN = 12
BATCH = 16
FEATURES = ("mean", "standard deviation", "mean of the lower half", "share of edges")

Reader = Callable[[keras.Model, Plan, Subject, str], BoolArray]
"""From network, plan, scan and contrast to the mask that the node would find, bool (slices, rows, columns)."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One item.

    Attributes
    ----------
    part : str
        :data:`VALIDATION`, :data:`HELD_BACK` or, for the null models, :data:`LEARNED`.
    groups : dict of str to str
        Center, contrast and what else the plan names.
    shape : tuple of int
        Of a mask.
    spacing : tuple of float
        Of a mask, in mm; ones for pictures, whose lengths are pixels.
    """

    name: str
    patient: str
    part: str
    groups: dict[str, str] = field(default_factory=dict)
    shape: tuple[int, ...] = ()
    spacing: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Predictions:
    """All of them.

    Attributes
    ----------
    items : tuple of Judged
    arrays : mapping of str to array
        Classes: ``features`` (items, 4), and by output ``truth/...`` (items,) and ``chance/...`` (items, classes), NaN
        where the item was learned from. Masks: packed bits ``found/N``, ``truth/N``, ``mean mask/N`` and
        ``brightest/N`` of item N, and ``picture/N`` for some.
    """

    items: tuple[Judged, ...]
    arrays: Mapping[str, NDArray[Any]]

    def of(self, part: str) -> NDArray[np.intp]:
        """Numbers of the items of a part, int array (items,)."""
        return np.flatnonzero([item.part == part for item in self.items])

    def mask(self, what: str, number: int) -> BoolArray:
        """A mask of one item, bool (slices, rows, columns)."""
        shape = self.items[number].shape
        bits = np.unpackbits(self.arrays[f"{what}/{number}"], count=int(np.prod(shape)))
        return np.asarray(bits.reshape(shape), np.bool_)


def read_predictions(folder: Path) -> Predictions:
    """Read what :func:`save_predictions` wrote."""
    rows = json.loads((folder / ITEMS_FILE).read_text(encoding="utf-8"))
    items = tuple(Judged(**{**row, "shape": tuple(row["shape"]), "spacing": tuple(row["spacing"])}) for row in rows)
    with np.load(folder / ARRAYS_FILE, allow_pickle=False) as content:
        return Predictions(items, {name: content[name] for name in content.files})


def save_predictions(folder: Path, found: Predictions) -> None:
    """Write them, arrays first."""

    def write(path: Path) -> None:
        with path.open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, **found.arrays)

    write_whole(folder / ARRAYS_FILE, write)
    write_json(folder / ITEMS_FILE, [asdict(item) for item in found.items])


def predict(
    network: keras.Model,
    plan: Plan,
    cohort: Cohort,
    parts: Mapping[str, Sequence[str]],
    *,
    learned: Samples,
    reader: Reader | None = None,
) -> Predictions:
    """Let a network judge what it has not learned from.

    Parameters
    ----------
    network : keras.Model
        As it is served.
    plan : Plan
    cohort : Cohort
    parts : mapping of str to sequence of str
        By part: names of items; those of :data:`LEARNED` are for the null models.
    learned : Samples
        What it learned from.
    reader : callable, optional
        Who finds masks in volumes, bool (slices, rows, columns); without it the frame does.
    """
    if plan.task.kind == "classify":
        return _classes(network, plan, cohort, parts)
    return _masks(network, plan, cohort, parts, learned=learned, reader=reader)


def image_features(image: FloatArray) -> FloatArray:
    """Four figures of brightness: :data:`FEATURES`, what a null model judges by.

    Parameters
    ----------
    image : float32 array (rows, columns)
        From 0 to 255.

    Returns
    -------
    float32 array (4,)
    """
    edges = cv2.Canny(np.clip(image, 0, 255).astype(np.uint8), 50, 150) > 0
    lower = image[image.shape[0] // 2 :]
    return np.array([image.mean(), image.std(), lower.mean(), edges.mean()], np.float32)


def _classes(network: keras.Model, plan: Plan, cohort: Cohort, parts: Mapping[str, Sequence[str]]) -> Predictions:
    items, features = [], []
    truth: dict[str, list[int]] = {head.output: [] for head in plan.task.heads}
    chance: dict[str, list[FloatArray]] = {head.output: [] for head in plan.task.heads}
    for part, names in parts.items():
        if not names:
            continue
        for name in names:
            item = cohort.item(name)
            items.append(Judged(name, item.patient, part, _groups(item, plan, "")))
            features.append(image_features(cohort.image(name)))
            for output, index in class_indices(item, plan).items():
                truth[output].append(index)
        if part == LEARNED:
            for head in plan.task.heads:
                chance[head.output].append(np.full((len(names), len(head.values)), np.nan, np.float32))
            continue
        for pictures, _ in Samples(read_sources(cohort, plan, names), plan, seed=plan.seed).plain(BATCH):
            answers = network.predict_on_batch(pictures)
            for output, values in chance.items():
                values.append(np.asarray(answers[output], np.float32))
    arrays: dict[str, NDArray[Any]] = {"features": np.stack(features)}
    arrays |= {f"truth/{output}": np.array(values, np.int64) for output, values in truth.items()}
    arrays |= {f"chance/{output}": np.concatenate(values) for output, values in chance.items()}
    return Predictions(tuple(items), arrays)


def _masks(
    network: keras.Model,
    plan: Plan,
    cohort: Cohort,
    parts: Mapping[str, Sequence[str]],
    *,
    learned: Samples,
    reader: Reader | None,
) -> Predictions:
    items: list[Judged] = []
    arrays: dict[str, NDArray[Any]] = {}
    usual = learned.mean_mask() if any(parts.values()) else np.zeros((0, 0), np.float32)
    shown = 0
    for part in (VALIDATION, HELD_BACK):
        for name in parts.get(part, ()):
            for source in read_sources(cohort, plan, [name]):
                assert source.mask is not None  # noqa: S101 - items without it were left out
                number, item = len(items), cohort.item(name)
                spacing = _spacing(cohort, name)
                groups = _groups(item, plan, source.contrast)
                items.append(Judged(name, item.patient, part, groups, source.mask.shape, spacing))
                found = _find(network, plan, cohort, source, reader)
                null = mean_mask_of(usual, plan, source)
                masks = {"found": found, "truth": source.mask, "mean mask": null}
                masks["brightest"] = brightest(source.planes, int(null.sum()))
                arrays |= {f"{what}/{number}": np.packbits(mask) for what, mask in masks.items()}
                if part == HELD_BACK and shown < SHOWN:
                    arrays[f"picture/{number}"] = _picture(source.planes[_middle(source.mask)])
                    shown += 1
    return Predictions(tuple(items), arrays)


def mean_mask_of(usual: FloatArray, plan: Plan, source: Source) -> BoolArray:
    """The null model of place: where the mask most often is, as large as it is on average, the same in every slice.

    Parameters
    ----------
    usual : float32 array (size_px, size_px)
        Mean of the masks on the network's grid.
    plan : Plan
    source : Source

    Returns
    -------
    bool array (slices, rows, columns)
    """
    step = plan.input.spacing_mm or 1.0
    shape = (source.planes.shape[1], source.planes.shape[2])
    rows, columns = (
        (np.arange(count, dtype=np.float32) - (count - 1) / 2) * np.float32(gap / step)
        + np.float32((len(usual) - 1) / 2)
        for count, gap in zip(shape, source.spacing, strict=True)
    )
    maps = np.meshgrid(columns.astype(np.float32), rows.astype(np.float32))
    plane = cv2.remap(usual, maps[0], maps[1], cv2.INTER_LINEAR) >= THRESHOLD
    return np.repeat(plane[None], len(source.planes), axis=0)


def brightest(planes: FloatArray, count: int) -> BoolArray:
    """The null model of brightness: so many of the brightest voxels.

    Parameters
    ----------
    planes : float32 array (slices, rows, columns)
    count : int

    Returns
    -------
    bool array (slices, rows, columns)
    """
    chosen = np.zeros(planes.size, np.bool_)
    if count:
        chosen[np.argpartition(planes.ravel(), -count)[-count:]] = True
    return chosen.reshape(planes.shape)


def _find(network: keras.Model, plan: Plan, cohort: Cohort, source: Source, reader: Reader | None) -> BoolArray:
    if reader is not None:
        return reader(network, plan, cohort.subject(source.name), source.contrast)
    batches = Samples([source], plan, seed=plan.seed).plain(BATCH)
    chances = np.concatenate([np.asarray(_mask_of(network.predict_on_batch(p)))[..., 0] for p, _ in batches])
    if cohort.kind == "volumes":
        volume = cohort.subject(source.name).volume(source.contrast)
        mapping = network_mapping(volume, spacing_mm=plan.input.spacing_mm, size_px=plan.input.size_px)
        return mapping.to_source(chances) >= THRESHOLD
    size = (source.planes.shape[2], source.planes.shape[1])
    return np.stack([cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR) >= THRESHOLD for plane in chances])


def _mask_of(answer: Any) -> Any:
    return answer["mask"] if isinstance(answer, dict) else answer


def _groups(item: Item, plan: Plan, contrast: str) -> dict[str, str]:
    groups = {"center": item.center, "contrast": contrast or next(iter(item.contrasts), "")}
    groups |= {name: str(item.labels.get(name, "")) for name in plan.task.subgroups}
    return {name: value for name, value in groups.items() if value}


def _spacing(cohort: Cohort, name: str) -> tuple[float, ...]:
    if cohort.kind != "volumes":
        return (1.0, 1.0, 1.0)
    subject = cohort.subject(name)
    return (subject.slice_spacing_mm, *subject.pixel_spacing_mm)


def _middle(mask: BoolArray) -> int:
    """The slice with most of a mask."""
    return int(np.argmax(mask.sum(axis=(1, 2))))


def _picture(plane: FloatArray) -> NDArray[np.uint8]:
    low, high = np.percentile(plane, (1.0, 99.5))
    return np.asarray(np.clip((plane - low) / max(high - low, 1e-6), 0, 1) * 255, np.uint8)
