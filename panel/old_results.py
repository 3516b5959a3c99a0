"""Rows that were written before results had a language of their own (schema 1): read as what the panel reads now.

Only sacroiliac results were written then; their keys and words stand here and nowhere else in the panel. What could not
be judged was left out or called absent; of the rule it can still be told where a joint or the edema is missing. The
class is called what it is today, and evidence stands before it.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from panel.words import probability

Json = Mapping[str, Any]

_CLASS = ("pattern suggestive of axial spondyloarthritis", "no pattern of axial spondyloarthritis")
_STAGES = ("Normal", "Early", "Moderate", "Advanced")
_VOLUMES = (
    ("Bone marrow edema", "left_edema_mm3", "left"),
    ("Bone marrow edema", "right_edema_mm3", "right"),
    ("Joint band", "left_joint_mm3", "left"),
    ("Joint band", "right_joint_mm3", "right"),
    ("Bone region", "region_mm3", None),
)
_PANES = {"t1": "T1-weighted", "fluid": "Fluid-sensitive"}
_RIGHT, _LEFT = "Right", "Left"
_LEGEND: dict[str, dict[str, Any]] = {
    "region": {"words": "Region", "shown": False, "colors": [("Bone region", (94, 190, 255))]},
    "joints": {
        "words": "Joints",
        "shown": True,
        "colors": [(f"{_RIGHT} joint", (122, 226, 130)), (f"{_LEFT} joint", (255, 209, 84))],
    },
    "edema": {
        "words": "Edema",
        "shown": True,
        "marked": True,
        "colors": [(f"{_RIGHT} edema", (238, 110, 214)), (f"{_LEFT} edema", (255, 98, 88))],
    },
    "heat": {"words": "at the joints", "shown": False, "heat": True},
    "gradcam": {"words": "whole slice", "shown": False, "heat": True},
}


def read(summary: Json) -> dict[str, Any]:
    """What the panel reads of a result, from a summary of schema 1; what it lacks is left out."""
    classification: Json = summary.get("classification") or {}
    index: Json = summary.get("pictures") or {}
    return {
        **summary,
        "application": {},
        "lead": "asas",
        "said": [
            *_rule(summary.get("asas") or {}, summary.get("volumes") or {}),
            *_classified(classification),
            *_volumes(summary.get("volumes") or {}),
        ],
        "profiles": list(_profiles(classification, index)),
        "pictures": {name: _pane(name, index) for name in _PANES if name in index},
    }


def _severity(stage: str) -> float | None:
    return round(_STAGES.index(stage) / (len(_STAGES) - 1), 4) if stage in _STAGES else None


def _said(what: str, key: str, label: str, side: str | None = None) -> dict[str, Any]:
    return {"what": what, "key": key, "label": label, "site": _site(side), "not_assessable": None, "at": []}


def _site(side: str | None) -> dict[str, Any]:
    return {"anatomy": "sacroiliac-joint", "side": side, "level": "", "level_words": "", "words": side or ""}


def _classified(classification: Json) -> Iterator[dict[str, Any]]:
    if "as_probability" in classification:
        present, p = bool(classification.get("as_present")), float(classification["as_probability"])
        yield _said("evaluation", "axspa", "AI class (AS yes/no)") | {
            "short": "AI class",
            "basis": "network",
            **_answer(present, _CLASS),
            "probabilities": [
                _share("present", _CLASS[0], 1.0, p),
                _share("absent", _CLASS[1], 0.0, 1.0 - p),
            ],
        }
    if "stage" in classification:
        stage, shares = str(classification["stage"]), classification.get("stage_probabilities") or {}
        yield _said("evaluation", "stage", "Stage") | {
            "short": "Stage",
            "basis": "network",
            "note": str(classification.get("statement", "")),
            "value": stage.lower(),
            "words": stage,
            "severity": _severity(stage),
            "probabilities": [
                _share(str(name).lower(), str(name), _severity(str(name)), float(p)) for name, p in shares.items()
            ],
        }


def _share(value: str, words: str, severity: float | None, p: float) -> dict[str, Any]:
    return {"value": value, "words": words, "severity": severity, "p": p, "p_words": probability(p)}


def _answer(yes: bool, words: tuple[str, str]) -> dict[str, Any]:
    return {"value": "present" if yes else "absent", "words": words[0 if yes else 1], "severity": 1.0 if yes else 0.0}


def _unknown(side: str | None, volumes: Json) -> str:
    """Why the rule could not have been applied; empty where it could."""
    if "left_edema_mm3" not in volumes:
        return "Edema was not measured."
    missing = [one for one in ("left", "right") if side in (None, one) and f"{one}_joint_mm3" not in volumes]
    return f"The {missing[0]} joint was not found." if missing else ""


def _judged(one: dict[str, Any], met: Any, why: str) -> dict[str, Any]:
    """An answer of the rule; without a joint or without edema "not met" was only that it could not be applied."""
    if met or not why:
        return one | _answer(bool(met), ("met", "not met"))
    because = {"code": "", "parameters": {}, "sentence": why}
    words = f"not assessable: {why}"
    return one | {"value": None, "words": words, "severity": None, "not_assessable": because}


def _rule(asas: Json, volumes: Json) -> Iterator[dict[str, Any]]:
    if asas.get("positive") is None:
        return
    common = {"short": "ASAS rule", "basis": "rule", "probabilities": []}
    whole = _said("evaluation", "asas", "ASAS/OMERACT rule for active sacroiliitis") | common
    told = _judged(whole, asas["positive"], _unknown(None, volumes))
    yield told | {"note": str(asas.get("sentence", "")) if told["not_assessable"] is None else ""}
    for side in ("left", "right"):
        if f"{side}_positive" in asas:
            one = _said("evaluation", "asas", "ASAS/OMERACT rule for active sacroiliitis", side) | common
            at = [
                {"role": "fluid", "plane": int(lesion["slice"]), "area_mm2": float(lesion["area_mm2"])}
                for lesion in asas.get("lesions") or ()
                if lesion["side"] == side
            ]
            yield _judged(one, asas[f"{side}_positive"], _unknown(side, volumes)) | {"at": at}


def _volumes(volumes: Json) -> Iterator[dict[str, Any]]:
    for label, name, side in _VOLUMES:
        if name in volumes:
            value = float(volumes[name]["value"])
            words = f"{value / 1000:.2f} ml" if value < 10_000 else f"{value / 1000:.1f} ml"
            yield _said("measurement", label, label, side) | {"value": value, "words": words, "unit": "mm3"}


def _profiles(classification: Json, index: Json) -> Iterator[dict[str, Any]]:
    slices = classification.get("slices") or ()
    reference = "t1" if "t1" in index else "fluid"
    count = max([int((index.get(reference) or {}).get("slices", 0)), *(int(row.get("slice", 0)) + 1 for row in slices)])
    if not slices:
        return
    columns: dict[tuple[str, str], list[float | None]] = {("axspa", "present"): [None] * count}
    columns |= {("stage", str(name).lower()): [None] * count for name in slices[0].get("stage_probabilities") or {}}
    for row in slices:
        columns["axspa", "present"][int(row.get("slice", 0))] = float(row.get("as_probability", 0.0))
        for name, p in (row.get("stage_probabilities") or {}).items():
            columns.setdefault(("stage", str(name).lower()), [None] * count)[int(row.get("slice", 0))] = float(p)
    for (of, value), values in columns.items():
        label = (
            "Network alone: probability of a pattern of axSpA" if of == "axspa" else f"Probability of stage: {value}"
        )
        site = _site(None)
        yield {
            "key": value,
            "label": label,
            "site": site,
            "role": reference,
            "of": of,
            "value": value,
            "values": values,
        }


def _pane(name: str, index: Json) -> dict[str, Any]:
    pane: Json = index[name]
    others = [other for other in _PANES if other != name and other in index]
    return {
        **pane,
        "role": name,
        "title": _PANES[name],
        "matches": {other: list(pane.get("other") or ()) for other in others},
        "legend": {layer: _legend(layer) for layer in pane.get("layers") or {} if layer in _LEGEND},
    }


def _legend(layer: str) -> dict[str, Any]:
    known = _LEGEND[layer]
    return known | {"colors": [{"words": words, "rgb": list(rgb)} for words, rgb in known.get("colors", ())]}
