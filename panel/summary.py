"""A result's JSON as the page of its study shows it; its parts are those that docs/result-json.md describes.

The panel knows no application: words, colors and values stand in the JSON. A part that is missing is left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from config.codes import GapCode
from panel import old_results, viewing
from panel.said import Numbers, Question, numbers, pane_of, questions
from panel.slices import SliceTable, tables
from panel.viewing import Screen
from storage.tables import Result, ResultStatus

Json = Mapping[str, Any]

SCHEMA = 2  # the first that says the language of results


@dataclass(frozen=True, slots=True)
class Brief:
    """A result in so few words that a list can hold it: its first answer, and the rest."""

    words: str
    grade: str
    line: str


@dataclass(frozen=True, slots=True)
class Look:
    """A slice to look at first, with its reason, and the pane that shows it."""

    pane: str
    plane: int
    words: str


@dataclass(frozen=True, slots=True)
class View:
    """A result, ready to show.

    Attributes
    ----------
    gaps : tuple of str
        What is missing of the study: said before all else.
    impression : tuple of str
        What the findings amount to, the surest first; the page begins with it where there is one.
    look : tuple of Look
        Slices to look at first.
    lead : Question or None
        The evaluation that is named first.
    beside : tuple of Question
        Those that stand beside it, a line each.
    questions : tuple of Question
        All others.
    """

    application: str
    headline: str
    gaps: tuple[str, ...]
    impression: tuple[str, ...]
    reasons: tuple[str, ...]
    lead: Question | None
    beside: tuple[Question, ...]
    questions: tuple[Question, ...]
    numbers: Numbers
    look: tuple[Look, ...]
    tables: tuple[SliceTable, ...]
    screen: Screen
    sentences: tuple[str, ...]
    limits: tuple[str, ...]
    selection_sentence: str
    candidates: tuple[Json, ...]
    gate: tuple[Json, ...]
    timings: tuple[tuple[str, float], ...]

    @property
    def slices(self) -> bool:
        """True where something is said slice by slice."""
        return any(table.rows for table in self.tables)


def content(result: Result) -> Json:
    """The JSON of a result, in today's shape whatever wrote it."""
    summary: Json = result.summary or {}
    return summary if int(summary.get("schema") or 0) >= SCHEMA else old_results.read(summary)


def brief(result: Result | None) -> Brief:
    """A result for the list of studies."""
    if result is None:
        return Brief("", "", "")
    found = content(result)
    lead, others = _lead(found)
    line = ", ".join(one.brief for one in others if one.brief)
    if lead is None or lead.whole is None:
        return Brief("", "", _headline(found, result))
    if result.status is not ResultStatus.COMPLETE:
        return Brief("", "", line)
    if _strings(found, "impression"):
        return Brief(f"{lead.short} {lead.whole.words}", lead.whole.grade, _headline(found, result))
    return Brief(lead.whole.words, lead.whole.grade, line)


def read(result: Result) -> View:
    """Take from a result's JSON what the page shows."""
    found = content(result)
    selection: Json = found.get("selection") or {}
    lead, others = _lead(found)
    beside = [one for one in others if lead is not None and one.basis == lead.basis and one.is_simple]
    application: Json = found.get("application") or {}
    return View(
        application=" ".join(str(application[key]) for key in ("words", "version") if application.get(key)),
        headline=_headline(found, result),
        gaps=_gaps(found),
        impression=_strings(found, "impression"),
        reasons=_unsaid(_strings(found, "reasons"), _headline(found, result)),
        lead=lead,
        beside=tuple(beside),
        questions=tuple(one for one in others if one not in beside),
        numbers=numbers(found),
        look=tuple(_look(one, found) for one in found.get("look_first") or () if one.get("words")),
        tables=tables(found),
        screen=viewing.screen(found),
        sentences=_strings(found, "sentences"),
        limits=(*_strings(found, "limits"), *_trust(found)),
        selection_sentence=str(selection.get("sentence", "")),
        candidates=_ordered(selection.get("candidates") or ()),
        gate=tuple(result.findings),
        timings=tuple((str(step), float(seconds)) for step, seconds in _timings(result).items()),
    )


def viewer(result: Result) -> dict[str, Any]:
    """What the viewer in the browser needs of a result, its pictures by address: :func:`panel.viewing.viewer`."""
    return viewing.viewer(content(result), {picture.name: f"/pictures/{picture.id}" for picture in result.pictures})


def _lead(found: Json) -> tuple[Question | None, list[Question]]:
    asked = list(questions(found))
    lead = next((one for one in asked if one.key == found.get("lead")), asked[0] if asked else None)
    return lead, [one for one in asked if one is not lead]


def _gaps(found: Json) -> tuple[str, ...]:
    """What the result says is missing of the study."""
    return tuple(
        str(one.get("sentence", "")) for one in found.get("limitations") or () if one.get("code") in set(GapCode)
    )


def _headline(found: Json, result: Result) -> str:
    return str(found.get("headline") or result.headline)


def _unsaid(reasons: tuple[str, ...], headline: str) -> tuple[str, ...]:
    """The reasons that the headline does not give."""
    return tuple(one for one in reasons if one.rstrip(".").lower() not in headline.lower())


def _strings(found: Json, key: str) -> tuple[str, ...]:
    return tuple(map(str, found.get(key) or ()))


def _trust(found: Json) -> tuple[str, ...]:
    """How far the result can be trusted: the conclusions without what the page says elsewhere."""
    elsewhere, research = {found.get("headline"), *_strings(found, "impression")}, str(found.get("research_only") or "")
    return tuple(line for line in _strings(found, "conclusions") if line not in elsewhere and line not in research)


def _look(one: Json, found: Json) -> Look:
    return Look(pane_of(found, one["role"]), int(one["plane"]), str(one["words"]))


def _ordered(candidates: Sequence[Json]) -> tuple[Json, ...]:
    """The chosen first, then by score."""
    return tuple(sorted(candidates, key=lambda c: (not c.get("chosen"), -float(c.get("score", 0.0)))))


def _timings(result: Result) -> Json:
    found: Json = result.timings_s or result.summary.get("timings_s") or {}
    return found
