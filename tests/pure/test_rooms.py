"""Code outside a room imports only what the room's ``__init__`` exports, imports inside functions counted.

A room is a package inside one of the seven parts. What it exports stands in its ``__all__``: names, or whole modules
where loading all of them would be dear (Keras, a listener).
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("config", "storage", "inference", "reporting", "panel", "training", "dicom_node")
ROOMS = sorted(
    ".".join(init.parent.relative_to(ROOT).parts)
    for part in PARTS
    for init in (ROOT / part).glob("*/**/__init__.py")
    if "migrations" not in init.parts
)


def _module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def _exported(room: str) -> set[str]:
    tree = ast.parse((ROOT / Path(*room.split(".")) / "__init__.py").read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
            return {str(item.value) for item in node.value.elts}  # type: ignore[attr-defined]
    return set()


EXPORTED = {room: _exported(room) for room in ROOMS}


def _room_of(module: str) -> str:
    """The innermost room that a module is, or lies in; empty where it is in none."""
    parts = module.split(".")
    names = (".".join(parts[:length]) for length in range(len(parts), 1, -1))
    return next((name for name in names if name in EXPORTED), "")


def trespasses(module: str, text: str) -> Iterator[str]:
    """What a module imports from inside rooms that it is not in, past their exports."""
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.ImportFrom) or not node.module:
            continue
        room = _room_of(node.module)
        if not room or f"{module}.".startswith(f"{room}."):
            continue
        wanted = {alias.name for alias in node.names} if node.module == room else {node.module.split(".")[-1]}
        for name in sorted(wanted - EXPORTED[room]):
            yield f"{module}:{node.lineno} takes {name} of {room}, which does not export it"


@pytest.mark.parametrize("part", PARTS)
def test_nobody_reaches_past_a_rooms_door(part: str) -> None:
    paths = sorted((ROOT / part).rglob("*.py"))
    assert paths
    found = [line for path in paths for line in trespasses(_module(path), path.read_text(encoding="utf-8"))]
    assert not found, "\n".join(found)


def test_reaching_past_a_door_is_found_and_knocking_is_not() -> None:
    assert list(trespasses("panel.app", "def f():\n    from inference.dicom.headers import read_study\n"))
    assert not list(trespasses("panel.app", "from inference.dicom import read_study\n"))
    assert not list(trespasses("inference.dicom.volume", "from inference.dicom.stacks import Stack\n"))
