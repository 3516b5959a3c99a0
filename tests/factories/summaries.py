"""Results in JSON, as they stand in the database: sacroiliac ones of schema 2 and 1, and one of somebody else."""

from collections.abc import Callable, Iterable
from typing import Any

Json = dict[str, Any]
MakeSummary = Callable[[str, int, set[str], str], Json]
"""From stage, number of slices, names of the pictures and headline to the JSON of a result."""

PATTERN = "pattern suggestive of axial spondyloarthritis"
NO_PATTERN = "no pattern of axial spondyloarthritis"
STAGES = ("Normal", "Early", "Moderate", "Advanced")
REASON = "No series is semicoronal through the sacroiliac joints."
LIMIT = "The fluid-sensitive series has one slice fewer than the T1-weighted one."
TRUST = "The classifier learned from simulated lesions; how well it does on patients is unknown."
DARK = "The sagittal series is too dark to grade this level."


def schema_1(stage: str, slices: int, pictures: set[str], headline: str) -> Json:
    """A sacroiliac result as it was written before results had a language of their own."""
    weights = {name: (0.62 if name == stage else 0.38 / 3) for name in STAGES}
    return {
        "schema": 1, "status": "result", "headline": headline, "reasons": [], "limits": [LIMIT],
        "selection": _selection(applicable=True),
        "classification": {
            "as_present": True, "as_probability": 0.81, "stage": stage, "stage_probabilities": weights,
            "statement": TRUST,
            "slices": [
                {"slice": i, "name": "", "as_probability": 0.15 + 0.7 * i / slices, "stage_probabilities": weights}
                for i in range(2, slices - 2)
            ],
        },
        "volumes": {
            "region_mm3": {"label": "Sacroiliac bone region", "value": 181_000.0, "unit": "mm3"},
            "left_joint_mm3": {"label": "Joint region, left", "value": 12_400.0, "unit": "mm3"},
            "right_joint_mm3": {"label": "Joint region, right", "value": 11_900.0, "unit": "mm3"},
            "left_edema_mm3": {"label": "Edema, left", "value": 2_310.0, "unit": "mm3"},
            "right_edema_mm3": {"label": "Edema, right", "value": 140.0, "unit": "mm3"},
        },
        "asas": {
            "positive": True, "left_positive": True, "right_positive": False,
            "sentence": "Edema lies beside the left joint in 3 slices: the rule is met.",
            "lesions": [{"side": "left", "slice": i, "name": "", "area_mm2": 41.0 + i} for i in range(3, 6)],
        },
        "timings_s": {},
        "pictures": {
            pane: _pane(role, slices) | {
                "other": _matches(pane, slices),
                "layers": _layers(pane, "joints" if pane == "t1" else "edema", slices, pictures),
            }
            for pane, role in (("t1", "T1W"), ("fluid", "fluid-sensitive"))
        },
    }  # fmt: skip


def sacroiliac(stage: str, slices: int, pictures: set[str], headline: str) -> Json:
    """A sacroiliac result of today."""
    weights = {name: (0.62 if name == stage else 0.38 / 3) for name in STAGES}
    joint = site("sacroiliac-joint", "Sacroiliac joint")
    shares = [
        {
            "value": name.lower(),
            "words": name,
            "severity": number / 3,
            "p": weights[name],
            "p_words": f"{weights[name]:.2f}",
        }
        for number, name in enumerate(STAGES)
    ]
    answers = [
        {"value": "present", "words": PATTERN, "severity": 1.0, "p": 0.81, "p_words": "0.81"},
        {"value": "absent", "words": NO_PATTERN, "severity": 0.0, "p": 0.19, "p_words": "0.19"},
    ]
    counted = [place("fluid-sensitive", i, 41.0 + i) for i in range(3, 6)]
    sides = {side: site("sacroiliac-joint", "Sacroiliac joint", side=side) for side in ("left", "right")}
    rule = {"label": "ASAS/OMERACT rule for active sacroiliitis", "short": "ASAS rule", "basis": "rule"}
    present = {"label": "AI class (AS yes/no)", "short": "AI class", "value": "present", "words": PATTERN}
    grade = {
        "label": "Stage",
        "value": stage.lower(),
        "words": stage,
        "severity": STAGES.index(stage) / 3,
        "note": TRUST,
    }
    met, unmet = (
        {"value": "present", "words": "met", "severity": 1.0},
        {"value": "absent", "words": "not met", "severity": 0.0},
    )
    bones = site("sacrum-and-ilia", "Sacrum and ilia")
    judged = range(2, slices - 2)
    return {
        **_head("sij_mri", "Sacroiliac joint MRI", headline),
        "limits": [LIMIT],
        "sentences": ["The ASAS/OMERACT rule for active sacroiliitis is met (left)."],
        "selection": _selection(applicable=True),
        "impression": [
            "Active inflammatory lesions that meet the definition (left).",
            f"AI class (AS yes/no): {PATTERN}, probability 0.81.",
            f"Stage: {stage} (0.62).",
        ],
        "look_first": [
            {
                "role": "T1W", "plane": 3, "name": "slice 4", "why": "most-edema", "why_words": "most edema",
                "words": "T1-weighted, slice 4: most edema",
            },
        ],
        "lead": "asas",
        "said": [
            evaluation("asas", joint, **rule, **met, at=counted),
            evaluation("asas", sides["left"], **rule, **met, at=counted),
            evaluation("asas", sides["right"], **rule, **unmet),
            evaluation("axspa", joint, **present, severity=1.0, probabilities=answers),
            evaluation("stage", joint, **grade, probabilities=shares),
            measurement("region-volume", bones, "Bone region", 181_000.0, "181.0 ml"),
            measurement("joint-volume", sides["left"], "Joint band", 12_400.0, "12.4 ml"),
            measurement("joint-volume", sides["right"], "Joint band", 11_900.0, "11.9 ml"),
            measurement("edema-volume", sides["left"], "Bone marrow edema", 2_310.0, "2.3 ml"),
            measurement("edema-volume", sides["right"], "Bone marrow edema", 140.0, "0.1 ml"),
        ],
        "profiles": [
            profile("joint-visibility", sides["left"], "How clearly the joint line is seen", [0.9] * slices),
            profile(
                "axspa", joint, "Network alone: probability of a pattern of axSpA",
                [0.15 + 0.7 * i / slices if i in judged else None for i in range(slices)], of="axspa", value="present",
            ),
            *(
                profile(
                    name.lower(), joint, f"Network alone: probability of stage {name}",
                    [weights[name] if i in judged else None for i in range(slices)], of="stage", value=name.lower(),
                )
                for name in STAGES
            ),
        ],
        "pictures": {
            pane: _pane(role, slices) | {
                "title": title,
                "matches": {other: _matches(pane, slices)},
                "layers": _layers(pane, layer, slices, pictures),
                "legend": {layer: legend},
            }
            for pane, role, title, other, layer, legend in (
                ("t1", "T1W", "T1-weighted", "fluid", "joints", LEGENDS["joints"]),
                ("fluid", "fluid-sensitive", "Fluid-sensitive", "t1", "edema", LEGENDS["edema"]),
            )
        },
    }  # fmt: skip


LEGENDS: dict[str, Json] = {
    "joints": {
        "words": "Joints", "shown": True, "marked": False, "heat": False,
        "colors": [
            {"words": "Left sacroiliac joint", "rgb": [255, 209, 84]},
            {"words": "Right sacroiliac joint", "rgb": [122, 226, 130]},
        ],
    },
    "edema": {
        "words": "Edema", "shown": True, "marked": True, "heat": False,
        "colors": [{"words": "Left bone marrow edema", "rgb": [255, 98, 88]}],
    },
}  # fmt: skip


def foreign(stage: str, slices: int, pictures: set[str], headline: str) -> Json:
    """A result of an application that the node's makers never saw: two levels, one of them not assessable."""
    upper, lower = (site("disc", "Disc", level=level) for level in ("L4/L5", "L5/S1"))
    narrowing = {"label": "Narrowing", "short": "Narrow", "basis": "joined"}
    shares = [
        {"value": value, "words": value, "severity": number / 2, "p": p, "p_words": f"{p:.2f}"}
        for number, (value, p) in enumerate((("mild", 0.2), ("moderate", 0.5), ("severe", 0.3)))
    ]
    dark = {"code": "TOO_DARK", "parameters": {}, "sentence": DARK}
    return {
        **_head("lumbar_trial", "Lumbar spine, a trial", "Narrowing at L4/L5: moderate."),
        "limits": [],
        "selection": _selection(applicable=True),
        "lead": "narrowing",
        "said": [
            evaluation(
                "narrowing", upper, **narrowing, value="moderate", words="moderate", severity=0.5, probabilities=shares,
                at=[place("sag", 2, None), place("sag", 2, None), place("sag", 4, None)],
            ),
            evaluation("narrowing", lower, **narrowing, words=f"not assessable: {DARK}", not_assessable=dark),
            evaluation("slip", site("disc", "Disc"), label="Slip", value="absent", words="not seen"),
            measurement("lordosis", site("disc", "Disc"), "Lordosis", None, f"not assessable: {DARK}")
            | {"not_assessable": dark},
            measurement("height", upper, "Height", 7.0, "7 mm"),
            measurement("height", lower, "Height", 6.0, "6 mm"),
        ],
        "profiles": [profile("blur", site("disc", "Disc"), "Blur", [0.4] * slices, role="sag")],
        "pictures": {
            pane: _pane(role, slices) | {
                "title": title, "letters": {"left_edge": "", "right_edge": ""}, "matches": {},
                "layers": {"base": [_known(f"{picture}/base/{i:03d}.jpg", pictures) for i in range(slices)]} | more,
                "legend": legend,
            }
            for pane, role, title, picture, more, legend in (
                (
                    "sagittal", "sag", "Sagittal T2", "t1",
                    {"cysts": [_known(f"t1/joints/{i:03d}.png", pictures) for i in range(slices)]},
                    {"cysts": {"words": "Cysts", "shown": True, "marked": False, "heat": False, "colors": []}},
                ),
                ("axial", "ax", "Axial T2", "fluid", {}, {}),
                ("photo", "photo", "Picture", "fluid", {}, {}),
            )
        },
    }  # fmt: skip


def refused(headline: str) -> Json:
    """A study in which nothing was read."""
    return {
        **_head("sij_mri", "Sacroiliac joint MRI", headline),
        "status": "not_applicable", "scope": "none", "reasons": [REASON], "limits": [], "lead": "", "said": [],
        "selection": _selection(applicable=False) | {"sentence": REASON}, "profiles": [], "pictures": {},
    }  # fmt: skip


def site(anatomy: str, words: str, *, side: str | None = None, level: str = "") -> Json:
    """Where something is said of."""
    return {
        "anatomy": anatomy, "anatomy_words": words, "side": side, "level": level, "level_words": level,
        "words": ", ".join(part for part in (words, level, side) if part),
    }  # fmt: skip


def evaluation(key: str, where: Json, **values: Any) -> Json:
    """One answer."""
    return {
        "what": "evaluation", "key": key, "site": where, "note": "", "basis": "network", "value": None,
        "severity": None, "short": str(values["label"]), "probabilities": [], "not_assessable": None, "at": [],
    } | values  # fmt: skip


def measurement(key: str, where: Json, label: str, value: float | None, words: str) -> Json:
    """One number."""
    return {
        "what": "measurement", "key": key, "site": where, "label": label, "value": value, "words": words, "unit": "mm3",
        "of": "", "spread": None, "not_assessable": None, "at": [],
    }  # fmt: skip


def place(role: str, plane: int, area_mm2: float | None) -> Json:
    """Where something is seen."""
    return {
        "role": role, "plane": plane, "name": f"slice {plane + 1}", "shape": "point", "points_px": [[1.0, 2.0]],
        "area_mm2": area_mm2,
    }  # fmt: skip


def profile(
    key: str,
    where: Json,
    label: str,
    values: Iterable[float | None],
    *,
    role: str = "T1W",
    of: str = "",
    value: str = "",
) -> Json:
    """One number a slice."""
    return {"key": key, "label": label, "site": where, "role": role, "of": of, "value": value, "values": list(values)}


def _head(application: str, words: str, headline: str) -> Json:
    return {
        "schema": 2, "status": "result", "scope": "full", "headline": headline, "reasons": [],
        "conclusions": [headline], "sentences": [], "timings_s": {},
        "application": {"name": application, "version": "1.0", "words": words},
    }  # fmt: skip


def _selection(*, applicable: bool) -> Json:
    return {
        "sentence": "Series 4 is T1-weighted, series 7 fluid-sensitive.",
        "candidates": [
            {
                "series_instance_uid": "1.2.3.1", "series_number": 4, "description": "T1 TSE semicor", "role": "T1W",
                "score": 92.0, "eligible": applicable, "chosen": applicable,
                "sentence": "T1 by its times (TR 602 ms, TE 11 ms), 25 oblique coronal slices that cover both joints.",
                "images": 25, "evidence": [{"criterion": "TR", "points": 20.0, "text": "602 ms: short, as for T1"}],
            },
            {
                "series_instance_uid": "1.2.3.9", "series_number": 1, "description": "localizer", "role": "T1W",
                "score": 3.0, "eligible": False, "chosen": False, "images": 3, "evidence": [],
                "sentence": "A localizer: three planes, three slices.",
            },
        ],
    }  # fmt: skip


def _pane(role: str, slices: int) -> Json:
    return {
        "role": role, "slices": slices, "rows": 336, "columns": 336, "pixel_spacing_mm": [0.6, 0.6],
        "letters": {"left_edge": "R", "right_edge": "L"}, "first": slices // 2,
        "image_numbers": [i + 1 for i in range(slices)],
    }  # fmt: skip


def _matches(pane: str, slices: int) -> list[int | None]:
    return [*range(slices - 1), None] if pane == "t1" else list(range(slices))


def _layers(pane: str, layer: str, slices: int, pictures: set[str]) -> Json:
    return {
        name: [_known(f"{pane}/{name}/{i:03d}.{kind}", pictures) for i in range(slices)]
        for name, kind in (("base", "jpg"), (layer, "png"))
    }


def _known(name: str, pictures: set[str]) -> str | None:
    return name if name in pictures else None
