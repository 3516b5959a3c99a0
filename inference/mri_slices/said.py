"""What was read, in the language of results: what the published models say, never that it is so."""

from collections.abc import Iterator

import numpy as np

from inference.mri_slices.reading import Judged, Read
from inference.mri_slices.types import (
    AS_LABELS,
    FOCUSED,
    GRAD_CAM,
    SLICES,
    STAGES,
    LimitationCode,
    as_key,
    region_key,
    stage_key,
)
from inference.result import (
    Analysis,
    Evaluation,
    HeatMap,
    Images,
    KeySlice,
    Limitation,
    Profile,
    Segment,
    Site,
)
from inference.series import Selection
from inference.types import FloatArray, Key, ModelIdentity, Reason

SITE = Site(SLICES)


def say(
    read: Read,
    images: Images,
    *,
    whose: tuple[Key, str, str],
    selection: Selection,
    bundle: ModelIdentity,
    seconds: dict[str, float],
) -> Analysis:
    """Say what the models say of one series, or of one picture.

    Parameters
    ----------
    read : Read
        Of the planes of `images`.
    whose : (application, version, study UID)
    """
    warnings = (Limitation.of(LimitationCode.IRREGULAR, warning=one) for one in images.warnings)
    return Analysis(
        *whose,
        "full",
        selection,
        bundle,
        images=(images,),
        segments=tuple(
            Segment(region_key(role), SITE, SLICES, mask) for role, mask in read.masks.items() if mask.any()
        ),
        evaluations=tuple(one for role, judged in read.judged.items() for one in _evaluations(role, judged)),
        profiles=tuple(one for role, judged in read.judged.items() for one in _profiles(role, judged)),
        heatmaps=tuple(one for role, judged in read.judged.items() for one in _heat(role, judged)),
        key_slices=(_key_slice(read),),
        limitations=(*_limitations(read, len(images.sources)), *warnings),
        seconds=seconds,
    )


def _evaluations(role: Key, judged: Judged) -> Iterator[Evaluation]:
    for key, labels, values in ((as_key(role), AS_LABELS, judged.present), (stage_key(role), STAGES, judged.stages)):
        shares = _mean(values)
        known = {label: float(share) for label, share in zip(labels, shares, strict=True)}
        yield Evaluation(key, SITE, labels[int(shares.argmax())], "network", known)


def _mean(values: FloatArray) -> FloatArray:
    """Of the slices; it sums to 1."""
    shares = np.asarray(values, np.float64).mean(axis=0)
    return np.asarray(shares / shares.sum(), np.float32)


def _profiles(role: Key, judged: Judged) -> Iterator[Profile]:
    yield Profile(as_key(role), SITE, SLICES, judged.present[:, 1])
    for number, stage in enumerate(STAGES):
        yield Profile(stage_key(role, stage), SITE, SLICES, judged.stages[:, number])


def _heat(role: Key, judged: Judged) -> Iterator[HeatMap]:
    towards = AS_LABELS[int(_mean(judged.present).argmax())]
    for key, values in ((FOCUSED, judged.focus), (GRAD_CAM, judged.heat)):
        if values is not None:
            yield HeatMap(key, as_key(role), SITE, towards, SLICES, values)


def _key_slice(read: Read) -> KeySlice:
    """That with the largest region; without one, that of the surest AS."""
    sizes = [mask.sum(axis=(1, 2)) for mask in read.masks.values() if mask.any()]
    if sizes:
        return KeySlice(SLICES, int(sizes[0].argmax()), "largest-region")
    sure = [judged.present[:, 1] for judged in read.judged.values()]
    return KeySlice(SLICES, int(sure[0].argmax()) if sure else 0, "most-present")


def _limitations(read: Read, planes: int) -> Iterator[Limitation]:
    yield Limitation(LimitationCode.BRIGHTNESS)
    if planes > 1 and read.judged:
        yield Limitation.of(LimitationCode.MEAN_OF_SLICES, slices=planes)
    for role, mask in read.masks.items():
        if not mask.any():
            yield Limitation.of(LimitationCode.NO_MASK, model=Reason(f"model-{role}"))
    if read.boxes:
        yield Limitation.of(LimitationCode.BOX_FOCUS, slices=read.boxes)
