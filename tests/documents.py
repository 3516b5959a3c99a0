"""The commands that the documentation shows."""

import re
import shlex
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SHELLS = {"sh", "bash", "console"}
_FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_LOOKS_TYPED = re.compile(r"^(\$ |axspa-|make |python|\.venv/bin/|scripts/)", re.MULTILINE)
_BREAKS = {";", "&&", "||", "|", "&"}
_NO_PROGRAMS = {"for", "do", "done"}


def pages() -> list[Path]:
    """README and every page of the documentation."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(text: str) -> list[list[str]]:
    """Command lines of each fenced shell block: continued lines joined, comments and empty lines left out."""
    found = []
    for language, body in _FENCE.findall(text):
        if language in SHELLS or (not language and _LOOKS_TYPED.search(body)):
            lines = (line.split(" #")[0].strip() for line in body.replace("\\\n", " ").splitlines())
            found.append([" ".join(line.split()) for line in lines if line and not line.startswith("#")])
    return found


def section(text: str, heading: str) -> str:
    """What stands under a heading of the second level."""
    _, found, rest = text.partition(f"\n## {heading}\n")
    assert found, f"there is no section {heading!r}"
    return rest.split("\n## ")[0]


def commands(line: str) -> list[list[str]]:
    """The simple commands of a line, each as its words; of a loop what it repeats."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    found: list[list[str]] = [[]]
    for word in lexer:
        if word in _BREAKS:
            found.append([])
        elif word == "do":
            found[-1] = []
        else:
            found[-1].append(word)
    return [words for words in found if words and words[0] not in _NO_PROGRAMS]


def spans(text: str) -> list[str]:
    """What stands between single backticks outside of fenced blocks."""
    return re.findall(r"`([^`\n]+)`", _FENCE.sub("", text))
