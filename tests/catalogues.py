"""The catalogues of words, read as they stand: what each message asks for and says."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fluent.syntax import FluentParser, ast
from fluent.syntax.visitor import Visitor

import reporting.language
from reporting.sij_mri.terms import CATALOGUES

FOLDERS = (Path(reporting.language.__path__[0]), CATALOGUES)


@dataclass(frozen=True)
class Message:
    """One message of a catalogue.

    Attributes
    ----------
    facts : int
        Its value and its attributes.
    parameters : frozenset of str
    text : str
        As it stands in the file.
    """

    facts: int
    parameters: frozenset[str]
    text: str


class _Parameters(Visitor):
    def __init__(self) -> None:
        self.found: set[str] = set()

    def visit_VariableReference(self, node: ast.VariableReference) -> None:
        self.found.add(node.id.name)


def entries(path: Path) -> Iterator[tuple[str, Message]]:
    """Every message of a file, in its order, twice where it stands there twice."""
    text = path.read_text(encoding="utf-8")
    for node in FluentParser().parse(text).body:
        assert not isinstance(node, ast.Junk), (path.name, node.content)
        if isinstance(node, ast.Message):
            seen = _Parameters()
            seen.visit(node)
            assert node.span is not None
            words = text[node.span.start : node.span.end]
            yield node.id.name, Message(1 + len(node.attributes), frozenset(seen.found), words)


@cache
def messages(language: str) -> dict[str, Message]:
    """All messages of the sacroiliac application in a language, its own and those of every application."""
    return {key: one for folder in FOLDERS for key, one in entries(folder / f"{language}.ftl")}
