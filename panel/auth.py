"""Who is behind a request: the session cookie, and the brake on guessing passwords."""

import threading
import time
from collections import deque

from config.settings import Settings
from panel.shell import Login, Node
from storage import logins, users

MAX_FAILURES = 20
FAILURES_WITHIN_S = 300.0
_MAX_CLIENTS = 10_000


def cookie_name(settings: Settings) -> str:
    """Name of the session cookie; behind HTTPS with the prefix that binds it to this host."""
    return "__Host-axspa" if settings.panel.secure_cookie else "axspa_session"


def current(node: Node, token: str) -> Login | None:
    """The person a session token belongs to, or None."""
    if not 20 <= len(token) <= 100:
        return None
    found = logins.find_session(node.database, token)
    if found is None:
        return None
    return Login(
        user_id=found.user_id,
        name=found.user_name,
        role=found.role,
        session_id=found.session_id,
        csrf_token=found.csrf_token,
        state=found.state,
    )


class Brake:
    """Slows the guessing of passwords from one address, whatever the names tried.

    The lock of an account after failures is kept in the database (:mod:`storage.users`). Beside it this brake stops
    an address that tries many names, and lets one password be hashed at a time, so that a flood of log-ins costs
    neither memory nor the other core.
    """

    def __init__(self, *, max_failures: int = MAX_FAILURES, within_s: float = FAILURES_WITHIN_S) -> None:
        self._max_failures = max_failures
        self._within_s = within_s
        self._failures: dict[str, deque[float]] = {}
        self._lock = threading.Lock()
        self._one_hash = threading.Lock()

    def stops(self, client: str) -> bool:
        """True where this address failed too often lately."""
        with self._lock:
            return len(self._recent(client)) >= self._max_failures

    def check(self, node: Node, client: str, *, name: str, password: str, action: str = "login") -> users.Login:
        """Try a name and a password, and remember a failure; ``action`` is what for, in the audit."""
        with self._one_hash:
            answer = users.authenticate(node.database, name, password, action=action)
        if answer.outcome is not users.LoginOutcome.OK:
            with self._lock:
                if len(self._failures) >= _MAX_CLIENTS:
                    self._failures.clear()
                self._recent(client).append(time.monotonic())
        return answer

    def _recent(self, client: str) -> deque[float]:
        times = self._failures.setdefault(client, deque(maxlen=self._max_failures))
        while times and time.monotonic() - times[0] > self._within_s:
            times.popleft()
        return times
