"""A result's summary as the page of its study shows it.

The summary is the JSON that the reports are made of. The panel knows only its keys; a key that is missing, because an
older version of the node wrote the summary, leaves its part of the page out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from panel.words import percent
from storage.tables import Result, ResultStatus

Json = Mapping[str, Any]

_VOLUME_ROWS = (
    ("Bone marrow oedema", "left_edema_mm3", "right_edema_mm3"),
    ("Joint region", "left_joint_mm3", "right_joint_mm3"),
    ("Bone region", "region_mm3", ""),
)


@dataclass(frozen=True, slots=True)
class SliceRow:
    """What the classifier says of one slice."""

    index: int
    name: str
    stage: str
    as_probability: float
    probabilities: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class VolumeRow:
    """One kind of volume, in mm3: of both sides, or of the whole where it has none."""

    words: str
    left: float | None
    right: float | None
    whole: float | None


@dataclass(frozen=True, slots=True)
class LesionSlice:
    """The lesions that the ASAS/OMERACT rule counted in one slice, on one side."""

    index: int
    number: int
    area_mm2: float


@dataclass(frozen=True, slots=True)
class View:
    """A result, ready to show."""

    headline: str
    reasons: tuple[str, ...]
    stage: str
    as_present: bool
    as_probability: float
    stages: tuple[tuple[str, float], ...]
    statement: str
    slices: tuple[SliceRow, ...]
    volumes: tuple[VolumeRow, ...]
    asas: Json | None
    lesions: tuple[tuple[str, tuple[LesionSlice, ...]], ...]
    limits: tuple[str, ...]
    selection_sentence: str
    candidates: tuple[Json, ...]
    gate: tuple[Json, ...]
    timings: tuple[tuple[str, float], ...]


def stage_of(result: Result | None) -> str:
    """The stage that a result gives, or an empty string."""
    if result is None or result.status is not ResultStatus.COMPLETE:
        return ""
    return str((result.summary.get("classification") or {}).get("stage", ""))


def line_of(result: Result | None) -> str:
    """A result in so few words that a list can hold it."""
    if result is None:
        return ""
    classification: Json = result.summary.get("classification") or {}
    asas: Json = result.summary.get("asas") or {}
    parts = []
    if "as_probability" in classification:
        parts.append(f"AS {percent(float(classification['as_probability']))}")
    if "positive" in asas:
        parts.append(f"ASAS rule {'met' if asas['positive'] else 'not met'}")
    return ", ".join(parts) or result.headline


def read(result: Result) -> View:
    """Take from a result's summary what the page shows."""
    summary: Json = result.summary
    classification: Json = summary.get("classification") or {}
    selection: Json = summary.get("selection") or {}
    stages = tuple((str(name), float(p)) for name, p in (classification.get("stage_probabilities") or {}).items())
    return View(
        headline=str(summary.get("headline") or result.headline),
        reasons=tuple(map(str, summary.get("reasons") or ())),
        stage=str(classification.get("stage", "")),
        as_present=bool(classification.get("as_present")),
        as_probability=float(classification.get("as_probability", 0.0)),
        stages=stages,
        statement=str(classification.get("statement", "")),
        slices=tuple(_slice(row) for row in classification.get("slices") or ()),
        volumes=_volumes(summary.get("volumes") or {}),
        asas=summary.get("asas"),
        lesions=_lesions(summary.get("asas") or {}),
        limits=tuple(map(str, summary.get("limits") or ())),
        selection_sentence=str(selection.get("sentence", "")),
        candidates=_ordered(selection.get("candidates") or ()),
        gate=tuple(result.findings),
        timings=tuple((str(step), float(seconds)) for step, seconds in _timings(result).items()),
    )


def viewer(result: Result) -> dict[str, Any]:
    """What the viewer in the browser needs of a result, its pictures by address.

    Returns
    -------
    dict
        ``panes`` (``t1``, ``fluid``: slice count, first slice, matching slice of the other series, image numbers, side
        letters, pixel aspect, and for each layer the address of each slice's picture or None), ``reference`` (the
        series on whose grid the classifier read) and ``strip`` (one entry for each classified slice).
    """
    summary: Json = result.summary
    addresses = {picture.name: f"/pictures/{picture.id}" for picture in result.pictures}
    index: Json = summary.get("pictures") or {}
    panes = {name: _pane(pane, addresses) for name, pane in index.items() if name in ("t1", "fluid")}
    reference = "t1" if "t1" in panes else "fluid"
    return {
        "panes": panes,
        "reference": reference,
        "strip": [{"index": row.index, "as": row.as_probability, "stage": row.stage} for row in read(result).slices],
        "edema": _with_edema(panes, reference),
    }


def _slice(row: Json) -> SliceRow:
    named: Json = row.get("stage_probabilities") or {}
    likeliest = max(named, key=lambda name: float(named[name]), default="")
    return SliceRow(
        index=int(row.get("slice", 0)),
        name=str(row.get("name", "")),
        stage=likeliest,
        as_probability=float(row.get("as_probability", 0.0)),
        probabilities=tuple(float(p) for p in named.values()),
    )


def _lesions(asas: Json) -> tuple[tuple[str, tuple[LesionSlice, ...]], ...]:
    """For each side that has any: its slices, in order."""
    found: dict[str, dict[int, list[float]]] = {}
    for lesion in asas.get("lesions") or ():
        slices = found.setdefault(str(lesion["side"]), {})
        slices.setdefault(int(lesion["slice"]), []).append(float(lesion["area_mm2"]))
    return tuple(
        (side, tuple(LesionSlice(index, len(areas), sum(areas)) for index, areas in sorted(slices.items())))
        for side, slices in sorted(found.items(), reverse=True)
    )


def _volumes(volumes: Json) -> tuple[VolumeRow, ...]:
    def value(key: str) -> float | None:
        found = volumes.get(key)
        return None if found is None else float(found["value"])

    rows = []
    for words, left, right in _VOLUME_ROWS:
        row = VolumeRow(words, value(left), value(right), None) if right else VolumeRow(words, None, None, value(left))
        if (row.left, row.right, row.whole) != (None, None, None):
            rows.append(row)
    return tuple(rows)


def _ordered(candidates: Sequence[Json]) -> tuple[Json, ...]:
    """The chosen first, then by score."""
    return tuple(sorted(candidates, key=lambda c: (not c.get("chosen"), -float(c.get("score", 0.0)))))


def _timings(result: Result) -> Json:
    found: Json = result.timings_s or result.summary.get("timings_s") or {}
    return found


def _pane(pane: Json, addresses: Mapping[str, str]) -> dict[str, Any]:
    between_rows, between_columns = (*pane.get("pixel_spacing_mm", ()), 1.0, 1.0)[:2]
    letters: Json = pane.get("letters") or {}
    count = int(pane.get("slices", 0))
    return {
        "title": {"T1W": "T1-weighted"}.get(str(pane.get("role")), "Fluid-sensitive"),
        "count": count,
        "first": int(pane.get("first") or 0),
        "other": list(pane.get("other") or [None] * count),
        "numbers": list(pane.get("image_numbers") or [None] * count),
        "letters": [str(letters.get("left_edge", "")), str(letters.get("right_edge", ""))],
        "aspect": float(between_rows) / float(between_columns),
        "layers": {
            str(layer): [addresses.get(name) if name else None for name in names]
            for layer, names in (pane.get("layers") or {}).items()
        },
    }


def _with_edema(panes: Mapping[str, Any], reference: str) -> list[bool]:
    """For each slice of the reference: does the fluid-sensitive slice at its place show oedema?"""
    fluid = panes.get("fluid")
    if fluid is None or "edema" not in fluid["layers"]:
        return []
    shown = [address is not None for address in fluid["layers"]["edema"]]
    if reference == "fluid":
        return shown
    return [match is not None and match < len(shown) and shown[match] for match in panes[reference]["other"]]
