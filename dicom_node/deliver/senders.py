"""The threads that send: one for each destination, so that one that is dead takes nothing from others or the clock."""

import threading
import time
from collections.abc import Callable, Mapping

TICK_S = 0.25
LONGEST_END_S = 10.0
"""How long the end of the node waits for objects that are on their way; what is not written then is sent again."""


class Senders:
    """A thread for each destination, which takes its turns until the end.

    Parameters
    ----------
    turns : mapping from str to callable
        By the name of each destination; what is called again and again. It raises nothing.
    """

    def __init__(self, turns: Mapping[str, Callable[[], None]]) -> None:
        self._ended = threading.Event()
        # Daemons: a destination that takes a connection and says nothing must not keep the node from ending.
        self._threads = [
            threading.Thread(target=self._run, args=(turn,), name=f"to {name}", daemon=True)
            for name, turn in turns.items()
        ]

    def start(self) -> None:
        """Begin; returns at once."""
        for thread in self._threads:
            thread.start()

    def stop(self, *, within_s: float = LONGEST_END_S) -> None:
        """Begin no further turn, and wait for those under way, but not for long."""
        self._ended.set()
        end = time.monotonic() + within_s
        for thread in self._threads:
            if thread.is_alive():
                thread.join(max(0.0, end - time.monotonic()))

    def _run(self, turn: Callable[[], None]) -> None:
        while not self._ended.wait(TICK_S):
            turn()
