"""The panel's HTTP server, in which nobody holds a connection without asking for something."""

import asyncio
from typing import ClassVar

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

REQUEST_WITHIN_S = 15.0
PER_ADDRESS = 100
AT_ONCE = 400
DRAIN_S = 5


class BoundedHttp(H11Protocol):
    """HTTP/1.1 with a time limit for a request to arrive whole, and a limit of connections for each address.

    Uvicorn has neither: some hundred connections that send nothing, or a byte now and then, would keep everybody out.
    The time runs from the opening of a connection and again from each answer; only a whole request stops it.

    Attributes
    ----------
    request_within_s : float
        After this time a connection without a whole request is cut off.
    per_address : int
        Connections from one address; more are cut off at once. A reverse proxy counts as one address.
    """

    request_within_s: ClassVar[float] = REQUEST_WITHIN_S
    per_address: ClassVar[int] = PER_ADDRESS
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection, unless its address has too many."""
        super().connection_made(transport)
        if self._from_same_address() > self.per_address:
            transport.abort()
            return
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._stop_watching()
        super().connection_lost(exc)

    def handle_events(self) -> None:
        """Go on with what has come, and start or stop the clock."""
        super().handle_events()
        self._watch()

    def _watch(self) -> None:
        if self.transport.is_closing() or not self._waits():
            self._stop_watching()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(self.request_within_s, self.transport.abort)

    def _stop_watching(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _waits(self) -> bool:
        """True while the other side has to send something: a request, or the rest of one."""
        return self.cycle is None or self.cycle.response_complete or self.cycle.more_body

    def _from_same_address(self) -> int:
        hosts = [one.client[0] for one in self.connections if isinstance(one, BoundedHttp) and one.client]
        return hosts.count(self.client[0]) if self.client else 0


def make_server(app: ASGIApp, *, protocol: type[BoundedHttp] = BoundedHttp) -> uvicorn.Server:
    """The server of an application, not yet running."""
    return uvicorn.Server(
        uvicorn.Config(
            app,
            http=protocol,
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=DRAIN_S,
            timeout_keep_alive=int(REQUEST_WITHIN_S),
            limit_concurrency=AT_ONCE,
        )
    )
