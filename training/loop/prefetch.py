"""Batches made ahead by a thread: the work is in OpenCV and NumPy, which release the lock."""

import queue
import threading
from collections.abc import Iterator
from typing import TypeVar

Made = TypeVar("Made")
AHEAD = 6


def prefetched(made: Iterator[Made]) -> Iterator[Made]:
    """The same things in the same order.

    Yields
    ------
    object
        What `made` yields.

    Raises
    ------
    BaseException
        What `made` raises.
    """
    ready: queue.Queue[tuple[Made | None, BaseException | None]] = queue.Queue(maxsize=AHEAD)
    stop = threading.Event()

    def produce() -> None:
        end: BaseException | None = None
        try:
            for one in made:
                ready.put((one, None))
                if stop.is_set():
                    return
        except BaseException as error:  # noqa: BLE001 - it is raised again by the consumer
            end = error
        ready.put((None, end or StopIteration()))

    threading.Thread(target=produce, name="batches", daemon=True).start()
    try:
        while True:
            one, end = ready.get()
            if isinstance(end, StopIteration):
                return
            if end is not None:
                raise end
            yield one  # type: ignore[misc]
    finally:
        stop.set()
        while not ready.empty():
            ready.get_nowait()
