"""The processes of a node besides the main one: started again when they end, gone when the main one is."""

import logging
import multiprocessing
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from config import logs
from config.errors import AxspaError
from config.lifeline import end_with_parent
from config.settings import Settings

LONGEST_PAUSE_S = 60.0

log = logging.getLogger(__name__)

ChildMain = Callable[[Settings], None]


def _run(main: ChildMain, settings: Settings) -> None:
    """The main function of a child; what it raises is logged here, for multiprocessing would write out its message."""
    end_with_parent()
    logs.setup(settings.logging)
    try:
        main(settings)
    except AxspaError as error:
        log.critical("%s [%s]", error.sentence, error.code)
        sys.exit(1)
    except Exception:  # the edge of the process
        log.critical("The process ended by an error that nobody foresaw", exc_info=True)
        sys.exit(1)


@dataclass
class Child:
    """A process of the node that is started again when it ends."""

    name: str
    main: ChildMain
    settings: Settings
    clock: Callable[[], float] = time.monotonic
    _process: multiprocessing.process.BaseProcess | None = field(default=None, init=False)
    _deaths: int = field(default=0, init=False)
    _started: float = field(default=0.0, init=False)
    _start_again_at: float | None = field(default=None, init=False)

    def start(self) -> None:
        """Start the process."""
        process = multiprocessing.get_context("spawn").Process(
            target=_run, args=(self.main, self.settings), name=self.name
        )
        process.start()
        self._process, self._started, self._start_again_at = process, self.clock(), None

    def watch(self) -> None:
        """Start the process again if it ended, after a pause that grows while it keeps ending."""
        now = self.clock()
        if self._process is not None and self._process.is_alive():
            if now - self._started > LONGEST_PAUSE_S:
                self._deaths = 0
            return
        if self._start_again_at is None:
            pause_s = min(2.0 ** min(self._deaths, 30) - 1, LONGEST_PAUSE_S)
            self._deaths += 1
            self._start_again_at = now + pause_s
            code = self._process.exitcode if self._process is not None else None
            log.error("The %s ended (exit code %s); it is started again in %.0f s", self.name, code, pause_s)
        if now >= self._start_again_at:
            self._start_again()

    def _start_again(self) -> None:
        try:
            self.start()
        except OSError as error:  # no memory, or too many processes: that may pass
            log.error("The %s could not be started again: %s", self.name, error.strerror)
            self._start_again_at = None

    def terminate(self) -> None:
        """Ask the process to end in order."""
        if self._process is not None and self._process.is_alive():
            self._process.terminate()

    def join(self, timeout_s: float) -> None:
        """Wait for the end; kill what does not end in time."""
        if self._process is None:
            return
        self._process.join(timeout_s)
        if self._process.is_alive():
            log.error("The %s did not end within %.0f s and is killed", self.name, timeout_s)
            self._process.kill()
            self._process.join()
