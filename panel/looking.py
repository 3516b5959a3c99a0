"""Who looks at what, for the audit: a row when a look begins, none for each picture and poll that follow."""

import threading
import time
from collections.abc import Iterable, Mapping
from typing import Any

from config.errors import StorageUnavailable
from panel.shell import Login
from storage import audit
from storage.session import Database

ENDS_AFTER_S = 15 * 60.0
_MOST = 10_000

_What = tuple[str | int, ...]


class Looks:
    """Which session looks at what at present; a look ends when nothing of it was asked for during some minutes."""

    def __init__(self, database: Database, *, ends_after_s: float = ENDS_AFTER_S) -> None:
        self._database = database
        self._ends_after_s = ends_after_s
        self._last: dict[_What, float] = {}
        self._lock = threading.Lock()

    def at_study(
        self, login: Login, study_id: int, *, result_id: int | None, part: str = "page", always: bool = False
    ) -> None:
        """Keep in the audit that somebody looks at a study, whichever part of it is asked for first.

        Parameters
        ----------
        login : Login
        study_id : int
        result_id : int or None
            The result that is shown; None where none is.
        part : str
            The part of the page that is asked for.
        always : bool
            Write a row even where the look goes on.
        """
        whats: list[_What] = [("study", study_id)]
        if result_id is not None:
            whats.append(("result", result_id))
        if self._begins(login, *whats) or always:
            detail = {"result": result_id, "part": part}
            self._record(login, *whats, action="study.view", subject=f"study {study_id}", detail=detail)

    def at_list(self, login: Login, *narrowed: str, page: int, rows: int) -> None:
        """Keep in the audit that somebody looks at a page of the list, and whether it is narrowed, not to what."""
        what: _What = ("list", page, *narrowed)
        if self._begins(login, what):
            detail = {"page": page, "rows": rows, "narrowed": any(narrowed)}
            self._record(login, what, action="study.list", detail=detail)

    def _begins(self, login: Login, *whats: _What) -> bool:
        now, begins = time.monotonic(), False
        with self._lock:
            for key in _keys(login, whats):
                last = self._last.pop(key, None)
                begins = begins or last is None or now - last > self._ends_after_s
                self._last[key] = now
            while len(self._last) > _MOST:
                del self._last[next(iter(self._last))]
        return begins

    def _record(self, login: Login, *whats: _What, action: str, detail: Mapping[str, Any], subject: str = "") -> None:
        try:
            audit.record(self._database, actor=login.name, action=action, subject=subject, detail=detail)
        except StorageUnavailable:
            with self._lock:  # nothing is shown without its row: the next request tries again
                for key in _keys(login, whats):
                    self._last.pop(key, None)
            raise


def _keys(login: Login, whats: Iterable[_What]) -> list[_What]:
    # The number of a session may be given again after it ended; its token is its own.
    return [(login.csrf_token, *what) for what in whats]
