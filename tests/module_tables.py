"""Writes reporting/checks/modules.json, what PS3.3 demands of each object sent: ``python -m tests.module_tables``.

The tables come from highdicom's copy of the standard, which is private to that library, large (23 MB) and slow to load.
What results need of it is kept as a file of this product, so that no newer highdicom changes the gate unseen: a test
compares the two.
"""

import json
from collections import Counter
from collections.abc import Mapping
from importlib import metadata, resources
from pathlib import Path
from typing import Any

from pydicom.datadict import tag_for_keyword
from pydicom.uid import (
    Comprehensive3DSRStorage,
    ComprehensiveSRStorage,
    EncapsulatedPDFStorage,
    EnhancedSRStorage,
    GrayscaleSoftcopyPresentationStateStorage,
    KeyObjectSelectionDocumentStorage,
    ParametricMapStorage,
    SecondaryCaptureImageStorage,
    SegmentationStorage,
)

PAGE = Path(__file__).resolve().parent.parent / "reporting" / "checks" / "modules.json"
CLASSES = (
    SegmentationStorage,
    Comprehensive3DSRStorage,
    ComprehensiveSRStorage,
    EnhancedSRStorage,
    SecondaryCaptureImageStorage,
    KeyObjectSelectionDocumentStorage,
    GrayscaleSoftcopyPresentationStateStorage,
    EncapsulatedPDFStorage,
    ParametricMapStorage,
)
MANDATORY = "M"
Tree = dict[str, list[Any]]  # of each attribute: its type, and the tree below it


def main() -> None:
    """Write the file."""
    PAGE.write_text(render(), encoding="ascii")


def render() -> str:
    """The file as it must be."""
    standard = resources.files("highdicom") / "_standard"
    attributes, modules_of, names = (
        json.loads((standard / f"{name}.json").read_text("utf-8"))
        for name in ("module_attribute_map", "iod_module_map", "sop_class_iod_map")
    )
    pool: dict[str, int] = {}
    classes: dict[str, Any] = {}
    modules: dict[str, int | None] = {}
    for uid in CLASSES:
        rows = modules_of[names[str(uid)]]
        times = Counter(keyword for row in rows for keyword in _top(attributes[row["key"]]))
        classes[str(uid)] = [
            [
                row["key"],
                row["usage"],
                [] if row["usage"] == MANDATORY else sorted(k for k in _top(attributes[row["key"]]) if times[k] == 1),
            ]
            for row in rows
        ]
        for row in rows:
            modules.setdefault(row["key"], _number(_tree(attributes[row["key"]]), pool))
    content = {
        "source": f"DICOM PS3.3, as highdicom {metadata.version('highdicom')} has it",
        "classes": classes,
        "modules": {key: number for key, number in sorted(modules.items()) if number is not None},
        "levels": [json.loads(text) for text in pool],
    }
    lines = [f'"source": {json.dumps(content["source"])}']
    for key in ("classes", "modules"):
        inner = ",\n".join(f"{json.dumps(name)}: {json.dumps(row)}" for name, row in content[key].items())
        lines.append(f'"{key}": {{\n{inner}\n}}')
    inner = ",\n".join(json.dumps(level) for level in content["levels"])
    lines.append(f'"levels": [\n{inner}\n]')
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _top(rows: list[Mapping[str, Any]]) -> set[str]:
    return {row["keyword"] for row in rows if not row["path"] and tag_for_keyword(row["keyword"])}


def _tree(rows: list[Mapping[str, Any]]) -> Tree:
    tree: Tree = {}
    for row in rows:
        if tag_for_keyword(row["keyword"]) is None:
            continue  # of a repeating group, as overlays are
        level = tree
        for keyword in row["path"]:
            level = level.setdefault(keyword, ["3", {}])[1]
        level.setdefault(row["keyword"], ["3", {}])[0] = row["type"]
    return tree


def _number(tree: Tree, pool: dict[str, int]) -> int | None:
    """The place of a level in the pool, where equal levels are one; None for a level that demands nothing."""
    level: dict[str, Any] = {}
    for keyword, (demand, below) in sorted(tree.items()):
        number = _number(below, pool) if below else None
        if number is not None:
            level[keyword] = [demand, number]
        elif demand != "3":
            level[keyword] = demand
    return pool.setdefault(json.dumps(level), len(pool)) if level else None


if __name__ == "__main__":
    main()
