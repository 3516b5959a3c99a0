"""What a result says slice by slice: its profiles as a table for each series."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from panel.said import pane_of, shares_of
from panel.words import probability

Json = Mapping[str, Any]
Known = Mapping[tuple[str, str], tuple[str, str, str]]  # evaluation and value: words of both, grade


@dataclass(frozen=True, slots=True)
class Likeliest:
    """The value with the highest probability in one slice."""

    words: str
    grade: str


@dataclass(frozen=True, slots=True)
class SliceRow:
    """One slice: the likeliest value of each evaluation, and each number."""

    plane: int
    likeliest: tuple[Likeliest, ...]
    values: tuple[str, ...]

    @property
    def words(self) -> str:
        """The slice in few words."""
        return ", ".join(one.words for one in self.likeliest if one.words)


@dataclass(frozen=True, slots=True)
class SliceTable:
    """The profiles of one series.

    Attributes
    ----------
    pane, title : str
        The pane that shows the series, and its title.
    asked : tuple of str
        Evaluations of which several values have a profile.
    columns : tuple of str
    """

    pane: str
    title: str
    asked: tuple[str, ...]
    columns: tuple[str, ...]
    rows: tuple[SliceRow, ...]


@dataclass(frozen=True, slots=True)
class Strip:
    """The profile that stands below the pictures: of `pane`, one share or None a slice, with words."""

    pane: str
    label: str
    shares: tuple[float | None, ...]
    words: tuple[str, ...]


def tables(content: Json) -> tuple[SliceTable, ...]:
    """One table for each series that has profiles."""
    by_role: dict[str, list[Json]] = {}
    for profile in content.get("profiles") or ():
        by_role.setdefault(str(profile["role"]), []).append(profile)
    return tuple(_table(role, profiles, content) for role, profiles in by_role.items())


def strip(content: Json) -> Strip | None:
    """The first profile of a probability, or the first profile."""
    profiles = list(content.get("profiles") or ())
    if not profiles:
        return None
    chosen = next((one for one in profiles if one.get("of")), profiles[0])
    table = next(one for one in tables(content) if one.pane == pane_of(content, chosen["role"]))
    rows = {row.plane: row for row in table.rows}
    name = _head(chosen, _words(content), alone=True)
    shares = tuple(None if value is None else float(value) for value in chosen["values"])
    words = []
    for plane, share in enumerate(shares):
        said = (f"{name} {_shown(chosen, plane)}", rows[plane].words if plane in rows else "")
        words.append("" if share is None else ", ".join(part for part in said if part))
    return Strip(table.pane, str(chosen["label"]), shares, tuple(words))


def _words(content: Json) -> Known:
    return {(key, value): (short, words, grade) for key, value, short, words, grade in shares_of(content)}


def _table(role: str, profiles: list[Json], content: Json) -> SliceTable:
    known, pane = _words(content), pane_of(content, role)
    groups: dict[tuple[str, str], list[Json]] = {}
    for profile in profiles:
        if profile.get("of"):
            groups.setdefault(_group(profile), []).append(profile)
    asked = {group: several for group, several in groups.items() if len(several) > 1}
    ordered = sorted(_right_first(profiles), key=lambda one: not one.get("of"))
    judged = [one for one in ordered if one.get("of")] or ordered
    planes = sorted({plane for one in judged for plane, value in enumerate(one["values"]) if value is not None})
    alone = len({_where(one) for one in judged}) == 1
    title = str(((content.get("pictures") or {}).get(pane) or {}).get("title", ""))
    return SliceTable(
        pane,
        title,
        tuple(_asked(several, known, site, alone=alone) for (_, site), several in asked.items()),
        tuple(_head(one, known, alone=alone and bool(one.get("of")), several=_group(one) in asked) for one in ordered),
        tuple(
            SliceRow(
                plane,
                tuple(_likeliest(several, plane, known) for several in asked.values()),
                tuple(_shown(one, plane) for one in ordered),
            )
            for plane in planes
        ),
    )


def _right_first(profiles: list[Json]) -> list[Json]:
    """Profiles of one key and level together, the right side before the left as on the screen."""
    kinds = [(one["key"], one["site"].get("level_words")) for one in profiles]
    sides = [{"right": 1, "left": 2}.get(one["site"].get("side"), 0) for one in profiles]
    places = [(kinds.index(kind), side) for kind, side in zip(kinds, sides, strict=True)]
    return [profiles[number] for number in sorted(range(len(profiles)), key=places.__getitem__)]


def _where(profile: Json) -> str:
    site = profile["site"]
    return ", ".join(str(part) for part in (site.get("level_words"), site.get("side")) if part)


def _group(profile: Json) -> tuple[str, str]:
    return str(profile.get("of")), _where(profile)


def _asked(several: list[Json], known: Known, site: str, *, alone: bool) -> str:
    short, _, _ = known.get(_said(several[0]), (str(several[0]["of"]), "", ""))
    return short if alone or not site else f"{short}, {site}"


def _said(profile: Json) -> tuple[str, str]:
    """The evaluation, and the value of it, whose probability a profile is."""
    return str(profile.get("of") or ""), str(profile.get("value") or "")


def _head(profile: Json, known: Known, *, alone: bool, several: bool = False) -> str:
    """Head of a column: the value where several of one evaluation stand side by side, else what it is."""
    found = known.get(_said(profile))
    words = str(profile["label"]) if found is None else found[1 if several else 0]
    where = _where(profile)
    return words if alone or not where else f"{words}, {where}"


def _likeliest(several: list[Json], plane: int, known: Known) -> Likeliest:
    judged = [one for one in several if one["values"][plane] is not None]
    if not judged:
        return Likeliest("", "")
    best = max(judged, key=lambda one: float(one["values"][plane]))
    _, words, grade = known.get(_said(best), ("", str(best["label"]), ""))
    return Likeliest(words, grade)


def _shown(profile: Json, plane: int) -> str:
    """The number of a slice as the result words it."""
    value, words = profile["values"][plane], profile.get("words")
    if value is None:
        return ""
    if words:
        return str(words[plane])
    return probability(float(value)) if profile.get("of") else f"{float(value):.2f}"
