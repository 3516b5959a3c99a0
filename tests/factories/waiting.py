"""Waiting for something that another process or thread does."""

import socket
import time
from collections.abc import Callable
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


def listens(port: int) -> bool:
    """True where something accepts connections at this port of the loopback."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
