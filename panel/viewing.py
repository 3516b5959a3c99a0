"""What the viewer of a study's page is made of: panes, layers and the strip of slices, from the result's pictures."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from panel import slices

Json = Mapping[str, Any]

HINT = "Wheel or arrow keys flick through the slices."


@dataclass(frozen=True, slots=True)
class Pane:
    """One series shown."""

    name: str
    title: str


@dataclass(frozen=True, slots=True)
class Layer:
    """One switch of the viewer; `colors` are red, green and blue, from 0 to 255."""

    name: str
    words: str
    title: str
    shown: bool
    colors: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True)
class Screen:
    """What the page writes before the pictures are there."""

    panes: tuple[Pane, ...]
    layers: tuple[Layer, ...]
    heats: tuple[Layer, ...]


def screen(content: Json) -> Screen:
    """Panes and switches; a layer that several series have is one switch."""
    index: Json = content.get("pictures") or {}
    legends: dict[str, list[Json]] = {}
    for pane in index.values():
        for name, legend in (pane.get("legend") or {}).items():
            legends.setdefault(str(name), []).append(legend)
    heats = {name for name, found in legends.items() if found[0].get("heat")}
    return Screen(
        tuple(Pane(name, _title(name, pane)) for name, pane in index.items()),
        tuple(_layer(name, found) for name, found in legends.items() if name not in heats),
        tuple(_layer(name, found) for name, found in legends.items() if name in heats),
    )


def viewer(content: Json, addresses: Mapping[str, str]) -> dict[str, Any]:
    """What the script of the viewer needs.

    Parameters
    ----------
    content : mapping
        The result's JSON.
    addresses : mapping
        From the name of a picture to its address.

    Returns
    -------
    dict
        ``panes`` (by name: title, slice count, first slice, for other panes their slice at the same place, image
        numbers, side letters, pixel aspect, and for each layer the address of each slice's picture or None),
        ``reference`` (the pane below which the strip stands), ``strip`` (one entry for each judged slice), ``marks``
        (for each slice of the reference: is something marked there?) and ``legend`` (of the strip, in words).
    """
    index: Json = content.get("pictures") or {}
    panes = {name: _pane(name, pane, addresses) for name, pane in index.items()}
    strip = slices.strip(content)
    reference = strip.pane if strip is not None and strip.pane in panes else next(iter(panes), "")
    marked = {name: _marked(index[name], pane) for name, pane in panes.items()}
    bars = [] if strip is None or strip.pane != reference else list(zip(strip.shares, strip.words, strict=True))
    return {
        "panes": panes,
        "reference": reference,
        "strip": [
            {"index": plane, "share": share, "words": words}
            for plane, (share, words) in enumerate(bars)
            if share is not None
        ],
        "marks": _marks(panes, marked, reference),
        "legend": _legend(strip, index) if bars else HINT,
    }


def _title(name: str, pane: Json) -> str:
    return str(pane.get("title") or name)


def _layer(name: str, found: list[Json]) -> Layer:
    colors = {
        tuple(int(part) for part in one["rgb"]): str(one["words"]) for each in found for one in each.get("colors") or ()
    }
    title = str(found[0].get("of") or ", ".join(colors.values()))
    rgb = tuple((red, green, blue) for red, green, blue in colors)
    return Layer(name, str(found[0]["words"]), title, bool(found[0].get("shown")), rgb)


def _pane(name: str, pane: Json, addresses: Mapping[str, str]) -> dict[str, Any]:
    between_rows, between_columns = (*pane.get("pixel_spacing_mm", ()), 1.0, 1.0)[:2]
    letters: Json = pane.get("letters") or {}
    count = int(pane.get("slices", 0))
    return {
        "title": _title(name, pane),
        "count": count,
        "first": int(pane.get("first") or 0),
        "matches": {str(other): list(planes) for other, planes in (pane.get("matches") or {}).items()},
        "numbers": list(pane.get("image_numbers") or [None] * count),
        "letters": [str(letters.get("left_edge", "")), str(letters.get("right_edge", ""))],
        "aspect": float(between_rows) / float(between_columns),
        "layers": {
            str(layer): [addresses.get(name) if name else None for name in names]
            for layer, names in (pane.get("layers") or {}).items()
        },
    }


def _marked(pane: Json, shown: Json) -> list[bool]:
    """For each slice of a pane: is a marked layer drawn in it?"""
    names = [name for name, legend in (pane.get("legend") or {}).items() if legend.get("marked")]
    layers = [shown["layers"].get(name) or [] for name in names]
    return [any(plane < len(layer) and layer[plane] for layer in layers) for plane in range(shown["count"])]


def _marks(panes: Json, marked: Mapping[str, list[bool]], reference: str) -> list[bool]:
    """The same for the reference, with what is marked in other panes at the same place."""
    if not any(any(found) for found in marked.values()) or not reference:
        return []
    marks = list(marked[reference])
    for other, planes in panes[reference]["matches"].items():
        there = marked.get(other) or []
        for plane, match in enumerate(planes[: len(marks)]):
            marks[plane] |= match is not None and match < len(there) and there[match]
    return marks


def _legend(strip: slices.Strip | None, index: Json) -> str:
    words = {
        str(legend["words"]).lower(): None
        for pane in index.values()
        for legend in (pane.get("legend") or {}).values()
        if legend.get("marked")
    }
    label = "" if strip is None else strip.label
    parts = [f"Bars: {label[:1].lower()}{label[1:]}."] + ([f"Line above: {', '.join(words)}."] if words else [])
    return " ".join([*parts, HINT])
