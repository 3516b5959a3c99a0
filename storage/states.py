"""The states of a study: which moves there are, and the one function that makes them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from config.codes import AnyCode, Code
from config.errors import Final
from storage.tables import Event, Study, StudyState

_S = StudyState
_AGAIN = {_S.RECEIVING, _S.QUEUED}  # late images; a person asks for a new analysis

TRANSITIONS: Mapping[StudyState, frozenset[StudyState]] = {
    _S.RECEIVING: frozenset({_S.QUEUED}),
    _S.QUEUED: frozenset({_S.ANALYSING, _S.RECEIVING}),
    _S.ANALYSING: frozenset(
        {_S.DELIVERING, _S.DONE, _S.NOT_APPLICABLE, _S.HELD, _S.FAILED, _S.QUEUED, _S.RECEIVING},
    ),
    _S.DELIVERING: frozenset({_S.DONE, _S.NOT_APPLICABLE, _S.UNDELIVERED, *_AGAIN}),
    _S.DONE: frozenset({_S.DELIVERING, *_AGAIN}),
    _S.NOT_APPLICABLE: frozenset({_S.DELIVERING, *_AGAIN}),
    _S.HELD: frozenset(_AGAIN),
    _S.UNDELIVERED: frozenset({_S.DELIVERING, _S.DONE, _S.NOT_APPLICABLE, *_AGAIN}),
    _S.FAILED: frozenset(_AGAIN),
}
"""Every move there is. A study never leaves this table, whatever crashes."""


def utc_now() -> datetime:
    """The present moment, aware."""
    return datetime.now(UTC)


def move(
    session: Session,
    study: Study,
    *,
    to: StudyState,
    at: datetime,
    code: AnyCode,
    sentence: str,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Move a study to another state and write the line of its timeline that says why.

    Raises
    ------
    Final
        There is no such move (code ``STUDY_STATE``).
    """
    if to not in TRANSITIONS[study.state]:
        raise Final(Code.STUDY_STATE, f"A study that is {study.state} cannot become {to}; received the reason {code}.")
    study.state = to
    study.changed_at = at
    study.reason_code = code
    study.reason = sentence
    note(session, study.id, at=at, code=code, sentence=sentence, detail=detail)


def note(
    session: Session,
    study_id: int,
    *,
    at: datetime,
    code: AnyCode,
    sentence: str,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Write one line of a study's timeline."""
    session.add(Event(study_id=study_id, at=at, code=code, sentence=sentence, detail=dict(detail or {})))
