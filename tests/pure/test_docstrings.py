"""What is public says what it raises, and of which shape the arrays are that it takes and gives.

Read with `ast`: no module is imported.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("config", "storage", "inference", "reporting", "panel", "training", "dicom_node")

ARRAY = re.compile(r"\b(?:\w*Array\w*|ndarray)\b")  # in an annotation; the class Volume says what its own arrays are
AXIS = r"(?:slices|planes|rows|columns|channels|classes|height|width|n|\.\.\.|\d+)"
# "(slices, rows, columns)", "(n, 2)", "(3,)", "(rows', columns')": at least one axis is one of the words above.
SHAPE = re.compile(
    rf"\((?=[^()]*(?<![\w.]){AXIS}(?![\w.]))[\w.* '+/-]+,[\w.,* '+/-]*\)|array(?:_like|s)? \((?!see)[^()]+\)"
)
ANY_SHAPE = re.compile(r"\bany shape\b", re.IGNORECASE)
SECTION = re.compile(r"^Raises\n-{6}$", re.MULTILINE)

Function = ast.FunctionDef | ast.AsyncFunctionDef


def public_functions(tree: ast.Module | ast.ClassDef, of: str = "") -> Iterator[tuple[str, Function]]:
    """Functions and methods whose name begins with no underscore, in classes that do not either."""
    for node in tree.body:
        if isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_"):
            if isinstance(node, ast.ClassDef):
                yield from public_functions(node, f"{of}{node.name}.")
            else:
                yield of + node.name, node


def own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """What stands in a function itself, not in a function within it."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, Function | ast.ClassDef | ast.Lambda):
            yield child
            yield from own_nodes(child)


def raises(node: Function) -> bool:
    """Whether a function raises by a statement of its own; a bare `raise` passes on what another says."""
    return any(isinstance(item, ast.Raise) and item.exc is not None for item in own_nodes(node))


def own_aliases(tree: ast.Module) -> set[str]:
    """Names that a module gives to types of arrays, like ``Points = NDArray[np.float64]``."""
    return {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Subscript)
        and ARRAY.search(ast.unparse(node.value))
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def array_names(tree: ast.Module, aliases: set[tuple[str, str]]) -> set[str]:
    """Those of the aliases (part, name) that a module defines, or imports from their part."""
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    imported = {(str(node.module).split(".")[0], item.name) for node in imports for item in node.names}
    return own_aliases(tree) | {name for _, name in imported & aliases}


def has_arrays(node: Function, names: set[str]) -> bool:
    """Whether the type of a parameter, or of what is returned, is or holds an array."""
    taken = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
    written = [ast.unparse(item) for item in (*(one.annotation for one in taken), node.returns) if item is not None]
    return any(ARRAY.search(one) or names & set(re.findall(r"\w+", one)) for one in written)


def unsaid(tree: ast.Module, aliases: set[tuple[str, str]]) -> Iterator[str]:
    """What the docstrings of a module leave unsaid."""
    names = array_names(tree, aliases)
    for name, node in public_functions(tree):
        text = ast.get_docstring(node) or ""
        if raises(node) and not SECTION.search(text):
            yield f"{node.lineno} {name} raises and has no Raises section"
        if has_arrays(node, names) and not (SHAPE.search(text) or ANY_SHAPE.search(text)):
            yield f"{node.lineno} {name} says no shape of its arrays"


MODULES = {
    path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
    for part in PARTS
    for path in sorted((ROOT / part).rglob("*.py"))
}
ALIASES = {(path.split("/")[0], name) for path, tree in MODULES.items() for name in own_aliases(tree)}
POINTS = {("inference", "Points")}


@pytest.mark.parametrize("part", PARTS)
def test_docstrings_say_what_is_raised_and_the_shape_of_arrays(part: str) -> None:
    found = [
        f"{path}:{fault}"
        for path, tree in MODULES.items()
        if path.startswith(f"{part}/")
        for fault in unsaid(tree, ALIASES)
    ]
    assert not found, "\n".join(found)


RAISING = '''
class Store:
    def open(self, key):
        """Open an object.{said}"""
        if not key:
            raise ValueError("no key")
'''
SHAPED = '''
from numpy.typing import NDArray
from inference.space import Points
def cut(plane: {type}) -> None:
    """Cut a plane.{said}"""
'''
RAISES = """

        Raises
        ------
        ValueError
            There is no key.
        """


@pytest.mark.parametrize(("said", "faults"), [("", 1), (" It raises ValueError.", 1), (RAISES, 0)])
def test_a_function_that_raises_needs_the_section(said: str, faults: int) -> None:
    assert len(list(unsaid(ast.parse(RAISING.format(said=said)), set()))) == faults


@pytest.mark.parametrize("passed_on", ["raise", "return ValueError"])
def test_what_another_raises_needs_none(passed_on: str) -> None:
    text = RAISING.format(said="").replace('raise ValueError("no key")', passed_on)
    assert not list(unsaid(ast.parse(text), set()))


@pytest.mark.parametrize("kind", ["NDArray[np.uint8]", "Points", "dict[str, Points | None]", "BoolArray", "ArrayLike"])
@pytest.mark.parametrize(
    ("said", "faults"),
    [
        ("", 1),
        (" An array (see above).", 1),
        (" Sorted (by T1, STIR).", 1),
        (" Of (rows, columns).", 0),
        (" Points (n, 2).", 0),
        (" float array (voxels,).", 0),
        (" Any shape.", 0),
    ],
)
def test_a_function_of_arrays_needs_their_shape(kind: str, said: str, faults: int) -> None:
    assert len(list(unsaid(ast.parse(SHAPED.format(type=kind, said=said)), POINTS))) == faults


@pytest.mark.parametrize("kind", ["Volume", "int", "Pointless"])
def test_other_types_need_none(kind: str) -> None:
    assert not list(unsaid(ast.parse(SHAPED.format(type=kind, said="")), POINTS))
