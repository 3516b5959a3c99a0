"""The search of the list of studies: kept with the session under a random key, so that no address holds a name."""

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any

from storage.search import StudyFilter
from storage.states import ResultStatus, StudyState

_KEPT = 20
_GROUPS = {
    "attention": tuple(state for state in StudyState if state.needs_person),
    "waiting": tuple(state for state in StudyState if state.on_its_way),
}


@dataclass(frozen=True, slots=True)
class Search:
    """What the list of studies is narrowed to.

    Attributes
    ----------
    state : str
        A study state's value, or ``attention`` or ``waiting`` for a group of them; empty for any.
    result : str
        A result status's value; empty for any.
    since, until : str
        First and last study date, ISO 8601; empty for any.
    """

    text: str = ""
    state: str = ""
    result: str = ""
    since: str = ""
    until: str = ""

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> "Search":
        """Take the known fields of a form or a session; what does not fit counts as not asked."""
        found = {one.name: str(values.get(one.name, "")).strip()[:200] for one in fields(cls)}
        for name in ("since", "until"):
            found[name] = _iso_day(found[name])
        if found["state"] not in {*StudyState, *_GROUPS}:
            found["state"] = ""
        if found["result"] not in set(ResultStatus):
            found["result"] = ""
        return cls(**found)

    @property
    def active(self) -> bool:
        """True where anything is asked for."""
        return bool(self.used)

    @property
    def used(self) -> list[str]:
        """The fields that something is asked for in."""
        return [name for name, value in asdict(self).items() if value]

    def filter(self) -> StudyFilter:
        """The same in the terms of the storage."""
        states: tuple[StudyState, ...] = ()
        if self.state:
            states = _GROUPS.get(self.state) or (StudyState(self.state),)
        return StudyFilter(
            text=self.text,
            states=states,
            study_date_from=self.since.replace("-", ""),
            study_date_to=self.until.replace("-", ""),
            result=ResultStatus(self.result) if self.result else None,
        )


def keep(state: Mapping[str, Any], search: Search) -> tuple[str, dict[str, Any]]:
    """Add a search to a session's state; returns its key and the new state, which holds the last 20."""
    key = secrets.token_urlsafe(8)
    kept = dict(state.get("searches", {}))
    kept[key] = asdict(search)
    return key, {**state, "searches": dict(list(kept.items())[-_KEPT:])}


def find(state: Mapping[str, Any], key: str) -> Search | None:
    """The search kept under a key, or None where the session does not know it."""
    kept = state.get("searches", {}).get(key)
    return Search.read(kept) if kept is not None else None


def _iso_day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return ""
