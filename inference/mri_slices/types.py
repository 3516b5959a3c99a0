"""The models of the published framework, what they say, and what a manifest says of them."""

from collections.abc import Mapping
from dataclasses import asdict
from enum import StrEnum

from inference.mri_slices.cutter import CUTTER, SliceCutter
from inference.result import Answer
from inference.serving import InputSpec, Kind, ModelSpec, unknown_cutter
from inference.types import Key

SLICES: Key = "slices"
"""The role of the images, and the site of all that is said."""

SEGMENTERS: tuple[Key, ...] = ("unet", "unet-best")
CLASSIFIERS: tuple[Key, ...] = ("simple-cnn", "hybrid-v1", "hybrid-v2")
"""Roles of the five published models; the best checkpoint of the U-Net is the fifth. A bundle has any of them."""

AS_LABELS: tuple[Key, ...] = (Answer.ABSENT, Answer.PRESENT)
STAGES: tuple[Key, ...] = ("normal", "early", "moderate", "advanced")
OUTPUTS: Mapping[str, tuple[Key, ...]] = {"as": tuple(map(str, AS_LABELS)), "stage": STAGES}
REGION: Mapping[str, tuple[Key, ...]] = {"region": ("region",)}
MASK_THRESHOLD = 0.5
LAST_CONVOLUTION = "last_convolution"
GRAD_CAM: Key = "grad-cam"
FOCUSED: Key = "focused"


class LimitationCode(StrEnum):
    """What must be known of a result."""

    BRIGHTNESS = "PUBLISHED_BRIGHTNESS"
    MEAN_OF_SLICES = "PUBLISHED_MEAN_OF_SLICES"
    NO_MASK = "PUBLISHED_NO_MASK"
    BOX_FOCUS = "PUBLISHED_BOX_FOCUS"
    IRREGULAR = "PUBLISHED_IRREGULAR"


def as_key(role: Key) -> Key:
    """Key of what a classifier says of AS."""
    return f"as-{role}"


def stage_key(role: Key, stage: Key = "") -> Key:
    """Key of the stage that a classifier gives; with `stage` of the profile of its probability."""
    return f"stage-{role}-{stage}" if stage else f"stage-{role}"


def region_key(role: Key) -> Key:
    """Key of the region that a segmenter finds."""
    return f"region-{role}"


def specification(role: Key, cutter: SliceCutter, files: tuple[str, ...] = ()) -> ModelSpec:
    """What a manifest says of one of the published models.

    Parameters
    ----------
    role : Key
        One of :data:`SEGMENTERS` or :data:`CLASSIFIERS`.
    cutter : SliceCutter
    files : tuple of str

    Raises
    ------
    ValueError
        There is no such model.
    """
    if role not in (*SEGMENTERS, *CLASSIFIERS):
        raise ValueError(f"a published model is one of {', '.join((*SEGMENTERS, *CLASSIFIERS))}, received {role!r}")
    given = InputSpec(cutter.shape, CUTTER, asdict(cutter))
    if role in SEGMENTERS:
        return ModelSpec(role, Kind.SEGMENTER, given, REGION, files, thresholds={"mask": MASK_THRESHOLD})
    scores = {"as": "as_logits", "stage": "stage_logits"}
    explain = {"explain": {"layer": LAST_CONVOLUTION, "scores": scores}}
    return ModelSpec(role, Kind.CLASSIFIER, given, OUTPUTS, files, parameters=explain)


def read_spec(spec: ModelSpec) -> SliceCutter:
    """Read what a manifest says of a model.

    Raises
    ------
    BundleError
        ``BUNDLE_CUTTER``: it is none of the published models, or its input or outputs are others.
    """
    cutter = SliceCutter.of(spec)
    known = {
        **dict.fromkeys(SEGMENTERS, (Kind.SEGMENTER, REGION)),
        **dict.fromkeys(CLASSIFIERS, (Kind.CLASSIFIER, OUTPUTS)),
    }
    if spec.role not in known:
        raise unknown_cutter(spec, f"the published models are {', '.join(known)}")
    kind, outputs = known[spec.role]
    if spec.kind is not kind or dict(spec.outputs) != dict(outputs) or spec.input.shape != cutter.shape:
        raise unknown_cutter(spec, f"expected a {kind} of {cutter.shape} with the outputs {dict(outputs)}")
    return cutter
