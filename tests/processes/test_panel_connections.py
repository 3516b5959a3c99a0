"""Nobody holds the panel's connections: tried on real sockets."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from panel.connections import AT_ONCE, PER_ADDRESS, REQUEST_WITHIN_S, BoundedHttp, make_server
from tests.factories.waiting import wait_until

WITHIN_S = 1.0
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


class Hasty(BoundedHttp):
    """The same with less patience."""

    request_within_s = WITHIN_S


class Few(BoundedHttp):
    """The same with room for fewer."""

    per_address = 5


@pytest.fixture
def port() -> Iterator[int]:
    """A hasty server."""
    with serve(Hasty) as port:
        yield port


@contextlib.contextmanager
def serve(protocol: type[BoundedHttp]) -> Iterator[int]:
    """A server that answers with the size of what it was sent."""

    async def echo(request: Request) -> PlainTextResponse:
        return PlainTextResponse(f"got {len(await request.body())}")

    server = make_server(Starlette(routes=[Route("/", echo, methods=["GET", "POST"])]), protocol=protocol)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield int(listener.getsockname()[1])
        server.should_exit = True
        thread.join(timeout=20)


def connect(port: int, *, source: str = "127.0.0.1") -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=10, source_address=(source, 0))


def ask(connection: socket.socket) -> bytes:
    """Send a request; the body of its answer."""
    connection.sendall(GET)
    answer = b""
    while not answer.endswith(b"got 0"):
        part = connection.recv(4096)
        if not part:
            raise ConnectionError("the connection ended")
        answer += part
    return answer.rpartition(b"\r\n\r\n")[2]


def wait_for_the_end(connection: socket.socket, *, trickle: bytes = b"") -> None:
    """Wait until the other side ends the connection, while a byte is sent now and then."""
    connection.settimeout(0.1)
    for byte in trickle or bytes(100):
        try:
            if connection.recv(4096) == b"":
                break
        except TimeoutError:
            if trickle:
                connection.sendall(bytes([byte]))
        except OSError:
            break
    else:
        pytest.fail("the connection stayed open")


@pytest.mark.parametrize(
    ("first", "trickle"),
    [
        (b"", b""),
        (b"", b"GET / HTTP/1.1\r\nX-Slow: " + b"a" * 80),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n", b"a" * 90),
        (GET, b"GET / HTTP/1.1\r\nX-Slow: " + b"a" * 80),
    ],
    ids=["silent", "slow header", "slow body", "slow second request"],
)
def test_a_connection_without_a_whole_request_is_ended(port: int, first: bytes, trickle: bytes) -> None:
    began = time.monotonic()
    with connect(port) as connection:
        if first:
            connection.sendall(first)
        wait_for_the_end(connection, trickle=trickle)
    assert time.monotonic() - began > 0.9 * WITHIN_S, "it has all of its time"


def test_one_that_asks_again_and_again_stays(port: int) -> None:
    """On a busy machine this test itself may pause for too long; then it says nothing and begins anew."""

    def stayed() -> bool:
        with connect(port) as connection:
            began = asked = time.monotonic()
            while asked - began < 2 * WITHIN_S:
                time.sleep(0.2 * WITHIN_S)
                if time.monotonic() - asked > 0.8 * WITHIN_S:
                    return False
                assert ask(connection) == b"got 0"
                asked = time.monotonic()
        return True

    wait_until(stayed, 60, "a turn without a long pause")


def test_one_address_cannot_take_all_connections() -> None:
    with serve(Few) as port:
        idle = [connect(port) for _ in range(5)]
        with connect(port) as more, contextlib.suppress(ConnectionResetError):
            assert more.recv(10) == b"", "one too many is cut off at once"
        with connect(port, source="127.0.0.2") as other:
            assert ask(other) == b"got 0", "others still get in"
        for one in idle:
            one.close()

        def answered() -> bool:
            with connect(port) as again:
                return ask(again) == b"got 0"

        wait_until(answered, 20, "this one to get in again")


def test_the_limits_as_shipped_leave_room() -> None:
    assert BoundedHttp.request_within_s == REQUEST_WITHIN_S <= 15
    assert BoundedHttp.per_address == PER_ADDRESS <= AT_ONCE / 4
