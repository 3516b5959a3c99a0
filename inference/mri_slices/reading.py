"""What the models say of slices: masks, probabilities, heat; arrays alone."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from inference.mri_slices.cutter import ByteArray, back_to
from inference.mri_slices.focus import focused, normalized
from inference.mri_slices.types import CLASSIFIERS, MASK_THRESHOLD, SEGMENTERS, read_spec
from inference.types import BoolArray, FloatArray, Key


@dataclass(frozen=True, slots=True)
class Judged:
    """What one classifier says.

    Attributes
    ----------
    present : float32 array (planes, 2)
        Probabilities of AS absent and present.
    stages : float32 array (planes, 4)
    heat, focus : float32 array (planes, rows, columns) or None
        Grad-CAM and focused Grad-CAM for the answer that the mean of the slices gives; None: it cannot be explained.
    """

    present: FloatArray
    stages: FloatArray
    heat: FloatArray | None = None
    focus: FloatArray | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """What all models of a bundle say of slices.

    Attributes
    ----------
    masks : mapping of Key to bool array (planes, rows, columns)
        By segmenter.
    judged : mapping of Key to Judged
        By classifier.
    boxes : int
        Slices whose heat was focused on the published box.
    """

    masks: Mapping[Key, BoolArray]
    judged: Mapping[Key, Judged]
    boxes: int = field(default=0)


def read_slices(gray: ByteArray, models: Mapping[Key, Any], *, apart: bool = False) -> Read:
    """Ask every model.

    Parameters
    ----------
    gray : uint8 array (planes, rows, columns)
    models : mapping of Key to Predictor
        Of a bundle, by role.
    apart : bool
        The planes are pictures that have nothing to do with each other: each is explained for its own answer, and has
        no neighbors.

    Returns
    -------
    Read
    """
    masks = {role: _mask(gray, models[role], apart) for role in SEGMENTERS if role in models}
    region = next(iter(masks.values()), np.zeros(gray.shape, np.bool_))
    judged, boxes = {}, 0
    for role in CLASSIFIERS:
        if role in models:
            judged[role], boxes = _judge(gray, models[role], region, apart)
    return Read(masks, judged, boxes)


def parted(read: Read, place: int) -> Read:
    """What was read of one of several pictures, which were read apart."""
    part = slice(place, place + 1)
    masks = {role: mask[part] for role, mask in read.masks.items()}
    judged = {
        role: Judged(
            one.present[part],
            one.stages[part],
            None if one.heat is None else one.heat[part],
            None if one.focus is None else one.focus[part],
        )
        for role, one in read.judged.items()
    }
    explained = any(one.focus is not None for one in judged.values())
    return Read(masks, judged, int(explained and not any(mask.any() for mask in list(masks.values())[:1])))


def _given(gray: ByteArray, model: Any, apart: bool) -> FloatArray:
    cutter = read_spec(model.spec)
    return np.concatenate([cutter.cut(one[None]) for one in gray]) if apart else cutter.cut(gray)


def _mask(gray: ByteArray, model: Any, apart: bool) -> BoolArray:
    found, _ = model.predict(_given(gray, model, apart))
    planes = [back_to(plane[..., 0], gray.shape[1:]) for plane in found]
    return np.asarray(np.stack(planes) > model.spec.thresholds.get("mask", MASK_THRESHOLD))


def _judge(gray: ByteArray, model: Any, region: BoolArray, apart: bool) -> tuple[Judged, int]:
    given = _given(gray, model, apart)
    said, _ = model.predict(given)
    present, stages = said["as"], said["stage"]
    if "as" not in model.explainable:
        return Judged(present, stages), 0
    answers = present.argmax(axis=1) if apart else np.full(len(gray), int(present.mean(axis=0).argmax()))
    heat = np.zeros(gray.shape, np.float32)
    for answer in np.unique(answers):
        (planes,) = np.nonzero(answers == answer)
        small = model.activation(given[planes], "as", class_index=int(answer))
        heat[planes] = np.stack([back_to(plane, gray.shape[1:]) for plane in small])
    focus, boxes = focused(heat, region)
    return Judged(present, stages, normalized(heat), focus), boxes
