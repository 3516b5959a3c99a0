"""Waiting for something that another process or thread does."""

import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx


def wait_until(condition: Callable[[], Any], timeout_s: float = 60.0, what: str = "", pause_s: float = 0.05) -> Any:
    """Poll until the condition is true; its last value.

    An error of the network counts as not yet true: what is waited for may not listen so far.
    """
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        try:
            if value := condition():
                return value
        except (httpx.HTTPError, OSError):
            pass
        time.sleep(pause_s)
    raise AssertionError(f"waited {timeout_s:g} s in vain: {what}")


@contextmanager
def processor_limit_s(seconds: float) -> Iterator[None]:
    """Ends what never ends: raises where the block takes more time of the processor, whatever else runs beside it."""

    def give_up(*_: object) -> None:
        raise AssertionError(f"still at work after {seconds:g} s of the processor")

    before = signal.signal(signal.SIGPROF, give_up)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def listens(port: int) -> bool:
    """True where something accepts connections at this port of the loopback."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
