"""What summary.json said of a sacroiliac study before results had a language of their own: those keys go on."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from inference.result import Analysis, Answer, Evaluation, Images, Key, NotAssessable
from inference.sij_mri import Role
from inference.types import Side
from reporting.presentation import Terms
from reporting.sij_mri.asas_words import lesions, rule_sentence
from reporting.sij_mri.terms import TERMS
from reporting.words import image_name

Json = dict[str, Any]

VOLUMES: tuple[tuple[str, str, Key, Side | None], ...] = (
    ("region_mm3", "volume-region", "region-volume", None),
    ("left_joint_mm3", "volume-joint-left", "joint-volume", Side.LEFT),
    ("right_joint_mm3", "volume-joint-right", "joint-volume", Side.RIGHT),
    ("left_edema_mm3", "volume-edema-left", "edema-volume", Side.LEFT),
    ("right_edema_mm3", "volume-edema-right", "edema-volume", Side.RIGHT),
)


def summary(analysis: Analysis, terms: Terms) -> Mapping[str, Any]:
    """The keys ``classification``, ``volumes``, ``edema``, ``asas``, ``joints`` and ``key_slices``.

    What could not be judged, or is undecided, is None or left out: which of both, and why, stands under ``said``.
    """
    return {
        "classification": _classification(analysis, terms),
        "volumes": {
            name: {"label": terms.say(label), "value": round(value, 1), "unit": "mm3"}
            for name, label, key, side in VOLUMES
            if (value := _number(analysis, key, side)) is not None
        },
        "edema": _edema(analysis),
        "asas": _asas(analysis, terms),
        "joints": {side.value: _joint(analysis, side) for side in Side} if analysis.applicable else dict.fromkeys(Side),
        "key_slices": [one.plane for one in analysis.key_slices],
    }


def _number(analysis: Analysis, key: Key, side: Side | None = None) -> float | None:
    measured = analysis.measurement(key, side)
    return None if measured is None or isinstance(measured.value, NotAssessable) else float(measured.value)


def _answered(analysis: Analysis, key: Key) -> Evaluation | None:
    evaluation = analysis.evaluation(key)
    return None if evaluation is None or isinstance(evaluation.value, NotAssessable) else evaluation


def _yes(one: Evaluation | None) -> bool | None:
    """True or False where the question is decided, else None."""
    if one is None or isinstance(one.value, NotAssessable) or one.value == Answer.UNDECIDED:
        return None
    return one.value == Answer.PRESENT


def _classification(analysis: Analysis, terms: Terms) -> Json | None:
    present, stage = _answered(analysis, "axspa"), _answered(analysis, "stage")
    profile = analysis.profile("axspa")
    if present is None or stage is None or profile is None:
        return None
    images = analysis.of_role(profile.role)
    judged = np.flatnonzero(np.isfinite(profile.values))
    return {
        "as_present": _yes(present),
        "as_probability": round(present.probabilities[Answer.PRESENT], 4),
        "stage": _stage_words(str(stage.value)),
        "stage_probabilities": {_stage_words(key): round(value, 4) for key, value in stage.probabilities.items()},
        "statement": terms.say("learned-long"),
        "slices": [] if images is None else [_slice(analysis, stage, images, int(plane), terms) for plane in judged],
    }


def _slice(analysis: Analysis, stage: Evaluation, images: Images, plane: int, terms: Terms) -> Json:
    return {
        "slice": plane,
        "name": image_name(images, plane, terms.language),
        "as_probability": _at(analysis, "axspa", plane),
        "stage_probabilities": {_stage_words(key): _at(analysis, key, plane) for key in stage.probabilities},
    }


def _at(analysis: Analysis, key: Key, plane: int) -> float | None:
    profile = analysis.profile(key)
    return None if profile is None else round(float(profile.values[plane]), 4)


def _stage_words(key: Key) -> str:
    """A stage as it always was called here, whatever the language: programs look for these words."""
    return TERMS.evaluations["stage"].values[key].words


def _edema(analysis: Analysis) -> Json | None:
    left, right = (_number(analysis, "edema-volume", side) for side in Side)
    threshold, mean, spread = (_number(analysis, key) for key in ("edema-threshold", "marrow-mean", "marrow-sd"))
    if left is None or right is None or threshold is None or mean is None or spread is None:
        return None
    return {
        "left_mm3": round(left, 1),
        "right_mm3": round(right, 1),
        "threshold": round(threshold, 2),
        "normal_mean": round(mean, 2),
        "normal_sd": round(spread, 2),
    }


def _asas(analysis: Analysis, terms: Terms) -> Json | None:
    rule, fluid = _answered(analysis, "asas"), analysis.of_role(Role.FLUID)
    if rule is None or fluid is None:
        return None
    sides = {side: analysis.evaluation("asas", side) for side in Side}
    return {
        "positive": _yes(rule),
        **{f"{side}_positive": _yes(one) for side, one in sides.items()},
        "sentence": rule_sentence(analysis, terms),
        "lesions": [
            {
                "side": side.value,
                "slice": place.plane,
                "name": image_name(fluid, place.plane, terms.language),
                "area_mm2": None if place.area_mm2 is None else round(place.area_mm2, 1),
            }
            for side, place in lesions(analysis)
        ],
    }


def _joint(analysis: Analysis, side: Side) -> Json | None:
    profile = analysis.profile("joint-visibility", side)
    if profile is None:
        return None
    return {
        "slices": [int(plane) for plane in np.flatnonzero(np.isfinite(profile.values))],
        "visibility": [round(float(value), 2) for value in np.nan_to_num(profile.values)],
    }
