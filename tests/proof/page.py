"""The page of the proof: one section for each part, between two marks by which it is found and replaced."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

GREEN, RED = "green", "red"
_SECTION = re.compile(r"<!-- proof: (?P<name>[a-z0-9-]+) -->\n(?P<body>.*?)<!-- end of (?P=name) -->\n", re.DOTALL)
_ROW = re.compile(r"^\| (?P<key>[a-z]+) \| (?P<value>.*) \|$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Line:
    """What one step of a part gave."""

    step: str
    verdict: str
    took: str
    said: str


@dataclass(frozen=True, slots=True)
class Section:
    """What one part of the proof gave."""

    name: str
    title: str
    verdict: str
    commit: str
    date: str
    machine: str
    took: str
    lines: tuple[Line, ...] = ()

    @property
    def text(self) -> str:
        """The section in Markdown."""
        facts = {
            "verdict": f"**{self.verdict}**",
            "commit": f"`{self.commit}`",
            "date": self.date,
            "machine": self.machine,
            "took": self.took,
            "command": f"`make proof-{self.name}`",
        }
        rows = "".join(f"| {key} | {value} |\n" for key, value in facts.items())
        steps = "".join(f"| {one.step} | {one.verdict} | {one.took} | {_cell(one.said)} |\n" for one in self.lines)
        return (
            f"<!-- proof: {self.name} -->\n## {self.name}\n\n{self.title}\n\n| | |\n|---|---|\n{rows}\n"
            f"| step | verdict | took | what it said |\n|---|---|---|---|\n{steps}<!-- end of {self.name} -->\n"
        )


@dataclass(frozen=True, slots=True)
class Found:
    """What must be known of a section that stands on the page already."""

    verdict: str
    commit: str
    date: str


def sections(text: str) -> dict[str, Found]:
    """The sections of a page, by the name of their part."""
    found = {}
    for match in _SECTION.finditer(text):
        facts = {row["key"]: row["value"].strip("`*") for row in _ROW.finditer(match["body"])}
        found[match["name"]] = Found(*(facts.get(key, "") for key in ("verdict", "commit", "date")))
    return found


def with_section(text: str, section: Section, *, order: Iterable[str]) -> str:
    """The page with one section put in or replaced; all others stay as they are.

    Parameters
    ----------
    text : str
        The page as it is.
    section : Section
        What it shall hold.
    order : iterable of str
        Names of all parts, in the order in which their sections stand.
    """
    existing = {match["name"]: match[0] for match in _SECTION.finditer(text)}
    if section.name in existing:
        return text.replace(existing[section.name], section.text)
    names = list(order)
    for later in names[names.index(section.name) + 1 :]:
        if later in existing:
            return text.replace(existing[later], f"{section.text}\n{existing[later]}")
    return f"{text.rstrip()}\n\n{section.text}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
