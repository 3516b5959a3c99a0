"""What a result says, evaluation by evaluation and measurement by measurement, as the page of its study shows it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from panel.words import count, probability

Json = Mapping[str, Any]

NOT_ASSESSABLE = "not assessable"
UNDECIDED = "undecided"
MISSING = "missing"
GRADES = 4
_BASIS = {"network": "as a network sees it", "rule": "by a rule", "joined": "by a rule and a network"}


@dataclass(frozen=True, slots=True)
class Bar:
    """The probability of one value: its bar ends where `shown` says."""

    words: str
    share: float
    shown: str
    grade: str


@dataclass(frozen=True, slots=True)
class Link:
    """Places in one slice, with the pane that shows it."""

    pane: str
    plane: int
    title: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The value of an evaluation at one site.

    Attributes
    ----------
    where : str
        Side and level; empty for the whole.
    grade : str
        Class of its color, by severity: ``grade-0`` to ``grade-3``; ``undecided`` and ``missing`` (not assessable) look
        like none of them; empty where it is neither good nor bad.
    tone : str
        The same for a badge: ``ok``, ``warn``, ``undecided``, ``missing`` or empty.
    reason : str
        Why it is not assessable, where the row above does not say so already.
    share : str
        Its probability in words; empty where there is none.
    """

    where: str
    words: str
    grade: str
    tone: str
    missing: bool
    reason: str
    share: str
    bars: tuple[Bar, ...]
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """An evaluation with its value at each site; `whole` is that of no side and no level."""

    key: str
    label: str
    short: str
    note: str
    basis: str
    basis_words: str
    whole: Answer | None
    rows: tuple[Answer, ...]

    @property
    def brief(self) -> str:
        """Name, value and probability in a few words."""
        if self.whole is None:
            return ""
        return f"{self.short} {self.whole.words} {self.whole.share}".rstrip()

    @property
    def is_simple(self) -> bool:
        """True where one line holds it: an answer for the whole, of two values, without a place."""
        one = self.whole
        return one is not None and not (self.rows or one.links or one.missing) and len(one.bars) == 2


@dataclass(frozen=True, slots=True)
class Cell:
    """A number in words; `missing` where it is not assessable, `spread` where an interval is known."""

    words: str
    missing: bool
    links: tuple[Link, ...]
    spread: str = ""


@dataclass(frozen=True, slots=True)
class NumberRow:
    """A measurement at both sides, or of the whole."""

    words: str
    right: Cell | None
    left: Cell | None
    whole: Cell | None


@dataclass(frozen=True, slots=True)
class Numbers:
    """All measurements, and why some of them are not assessable."""

    rows: tuple[NumberRow, ...]
    reasons: tuple[str, ...]


def grade(severity: Any) -> str:
    """The class of a color for a severity from 0 to 1."""
    return "" if severity is None else f"grade-{round(float(severity) * (GRADES - 1))}"


def questions(content: Json) -> tuple[Question, ...]:
    """The evaluations of a result, those of one key together."""
    return tuple(_question(key, group, content) for key, group in _by_key(content, "evaluation"))


def numbers(content: Json) -> Numbers:
    """The measurements of a result: one row for each key, part and level, right and left beside each other."""
    rows: dict[tuple[str, str, str], dict[str | None, Cell]] = {}
    words: dict[tuple[str, str, str], str] = {}
    reasons: dict[str, dict[str, None]] = {}
    for key, group in _by_key(content, "measurement"):
        several = len({one["site"]["anatomy"] for one in group}) > 1
        for one in group:
            site = one["site"]
            level, part = str(site.get("level_words") or ""), str(site.get("anatomy_words") or "") if several else ""
            place = (key, str(site["anatomy"]), level)
            words[place] = ", ".join(part for part in (str(one["label"]), part, level) if part)
            missing = one.get("not_assessable") is not None
            rows.setdefault(place, {})[site.get("side")] = Cell(
                NOT_ASSESSABLE if missing else str(one["words"]),
                missing,
                _links(one, content),
                "" if missing else str(one.get("spread_words") or ""),
            )
            if missing:
                reasons.setdefault(str(one["words"]), {})[words[place]] = None
    found = [NumberRow(words[place], by.get("right"), by.get("left"), by.get(None)) for place, by in rows.items()]
    return Numbers(tuple(found), tuple(_because(reasons)))


def _because(reasons: Mapping[str, Iterable[str]]) -> Iterator[str]:
    """Each reason with what lacks it; a reason that all share needs no names."""
    for reason, things in reasons.items():
        names = list(things)
        shared = len(reasons) == 1 and len(names) > 1
        yield f"{reason[:1].upper()}{reason[1:]}" if shared else f"{', '.join(names)}: {reason}"


def _by_key(content: Json, what: str) -> list[tuple[str, list[Json]]]:
    groups: dict[str, list[Json]] = {}
    for one in content.get("said") or ():
        if one.get("what") == what:
            groups.setdefault(str(one["key"]), []).append(one)
    return list(groups.items())


def _question(key: str, group: list[Json], content: Json) -> Question:
    first = group[0]
    together = len({one["site"]["anatomy"] for one in group}) == 1
    answers: list[Answer] = []
    above = ""
    for one in sorted(group, key=_order):
        answer = _answer(one, above, content, where=_where(one["site"], together=together))
        above = _reason(one) or above
        answers.append(answer)
    whole = next((one for one in answers if not one.where), None)
    rows = tuple(one for one in answers if one is not whole)
    if whole is not None and any(one.links for one in rows):
        whole = replace(whole, links=())
    basis = str(first.get("basis", ""))
    return Question(
        key, str(first["label"]), str(first.get("short") or first["label"]), str(first.get("note") or ""), basis,
        _BASIS.get(basis, ""), whole, rows,
    )  # fmt: skip


def _order(one: Json) -> tuple[bool, str, int]:
    """The whole first, then level by level, the right side before the left as on the screen."""
    site = one["site"]
    side = {"right": 1, "left": 2}.get(site.get("side"), 0)
    return bool(site.get("level") or side), str(site.get("level") or ""), side


def _where(site: Json, *, together: bool) -> str:
    if not together:
        return str(site["words"])
    return ", ".join(str(part) for part in (site.get("level_words"), site.get("side")) if part)


def _reason(one: Json) -> str:
    because = one.get("not_assessable")
    return "" if because is None else str(because["sentence"])


def _answer(one: Json, above: str, content: Json, *, where: str) -> Answer:
    reason, severity = _reason(one), one.get("severity")
    missing = one.get("not_assessable") is not None
    shares = one.get("probabilities") or ()
    return Answer(
        where=where,
        words=NOT_ASSESSABLE if missing else str(one["words"]),
        grade=_open(one) or grade(severity),
        tone=_open(one) or ("" if severity is None else "warn" if float(severity) > 0 else "ok"),
        missing=missing,
        reason="" if reason == above else reason,
        share="" if missing else next((shown(p) for p in shares if p["value"] == one["value"]), ""),
        bars=() if missing else tuple(_bar(p) for p in shares),
        links=_links(one, content),
    )


def _open(one: Json) -> str:
    """How an answer looks that is none."""
    if one.get("not_assessable") is not None:
        return MISSING
    return UNDECIDED if one.get("value") == UNDECIDED else ""


def _bar(p: Json) -> Bar:
    return Bar(str(p["words"]), min(max(float(p["p"]), 0.05), 0.95), shown(p), grade(p.get("severity")))


def shown(p: Json) -> str:
    """A probability as the result words it."""
    return str(p["p_words"]) if p.get("p_words") else probability(float(p["p"]))


def pane_of(content: Json, role: Any) -> str:
    """The pane that shows the images of a role; empty where there are no pictures of them."""
    panes: Json = content.get("pictures") or {}
    return next((name for name, pane in panes.items() if pane.get("role") == role), "")


def _links(one: Json, content: Json) -> tuple[Link, ...]:
    """One link for each slice that has places, in order."""
    found: dict[tuple[str, int], list[Json]] = {}
    for place in one.get("at") or ():
        found.setdefault((pane_of(content, place["role"]), int(place["plane"])), []).append(place)
    return tuple(Link(pane, plane, _title(places)) for (pane, plane), places in sorted(found.items()))


def _title(places: Iterable[Json]) -> str:
    several = list(places)
    areas = [float(place["area_mm2"]) for place in several if place.get("area_mm2") is not None]
    return count(len(several), "place") + (f", {sum(areas):.0f} mm²" if areas else "")


def shares_of(content: Json) -> Iterator[tuple[str, str, str, str, str]]:
    """For each value that an evaluation can have: key, value, words of both, and its grade."""
    for one in content.get("said") or ():
        for p in one.get("probabilities") or ():
            short = str(one.get("short") or one["label"])
            yield str(one["key"]), str(p["value"]), short, str(p["words"]), grade(p.get("severity"))
