"""What keeps this node itself from working: said once, looked at again and again, and over by itself."""

import logging
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from config.codes import NO_DATABASE
from config.errors import AxspaError, BundleError
from storage.objects import ObjectStore
from storage.states import utc_now

FIRST_PAUSE_S = 5.0
LONGEST_PAUSE_S = 60.0

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Fault:
    """One fault: of the whole node, or of the bundle of one deployment."""

    error: AxspaError
    bundle: str
    since: datetime
    look_at: float
    pause_s: float = FIRST_PAUSE_S
    on_trial: bool = False  # nothing speaks against it any more; one run has to show it


class Faults:
    """The faults of a node; while there is one of the whole node no run is begun.

    Parameters
    ----------
    objects : ObjectStore
    beat : callable
        Writes a sign of life into the database.
    check_bundle : callable
        Raises BundleError where the bundle of this name cannot be used.
    clock : callable
        Monotonic seconds.
    """

    def __init__(
        self,
        objects: ObjectStore,
        *,
        beat: Callable[[], object],
        check_bundle: Callable[[str], object],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._objects = objects
        self._beat = beat
        self._check_bundle = check_bundle
        self._clock = clock
        self._guard = threading.Lock()
        self._faults: dict[int | None, _Fault] = {}  # by deployment; None: the whole node

    def meet(self, error: AxspaError, *, deployment: int | None = None, bundle: str = "") -> None:
        """Take note of a fault. A bundle that is missing stops only the deployment that needs it.

        It is logged when it is new, not each time that it is met.
        """
        key = deployment if isinstance(error, BundleError) else None
        with self._guard:
            known, now = self._faults.get(key), self._clock()
            if known is not None and not known.on_trial and known.error.code == error.code:
                return
            pause_s = FIRST_PAUSE_S if known is None else min(2 * known.pause_s, LONGEST_PAUSE_S)
            since = utc_now() if known is None else known.since
            self._faults[key] = _Fault(error, bundle, since, now + pause_s, pause_s)
        if known is None or known.error.code != error.code:
            what = "No study is begun" if key is None else f"Nothing is begun with the bundle {bundle}"
            log.error("%s until this is over; then it goes on by itself. %s [%s]", what, error.sentence, error.code)

    @property
    def stopped(self) -> bool:
        """True where no run may begin."""
        with self._guard:
            return None in self._faults and not self._faults[None].on_trial

    @property
    def no_database(self) -> bool:
        """True where what happens could not be written down."""
        with self._guard:
            known = self._faults.get(None)
            return known is not None and not known.on_trial and known.error.code in NO_DATABASE

    def without(self, running: Collection[int]) -> frozenset[int]:
        """Deployments that may begin no run: their fault lasts, or one run is on trial already."""
        with self._guard:
            return frozenset(
                key for key, one in self._faults.items() if key is not None and (not one.on_trial or key in running)
            )

    def most(self, workers: int) -> int:
        """How many runs may be under way: one, while it is on trial whether a fault of the node is over."""
        with self._guard:
            return 1 if None in self._faults else workers

    def look(self) -> None:
        """Look whether what is due for it is over."""
        with self._guard:
            now = self._clock()
            due = [one for one in self._faults.values() if not one.on_trial and one.look_at <= now]
        for one in due:
            try:
                self._try(one)
            except AxspaError as error:
                one.pause_s = min(2 * one.pause_s, LONGEST_PAUSE_S)
                one.look_at = self._clock() + one.pause_s
                one.error = error
            else:
                one.on_trial = True
                log.info("It seems that this is over, one run will show it: %s", one.error.code)

    def over(self, *, deployment: int | None = None) -> None:
        """A run ended as runs do, or there is none: what was on trial is over."""
        with self._guard:
            ended = [
                one
                for key in (None, deployment)
                if (one := self._faults.get(key)) is not None and one.on_trial and self._faults.pop(key)
            ]
        for one in ended:
            log.info("It is over, the node goes on: %s", one.error.code)

    def idle(self) -> None:
        """Nothing waits that could show it: whatever was on trial is over."""
        with self._guard:
            trials = [key for key, one in self._faults.items() if one.on_trial]
        for key in trials:
            self.over(deployment=key)

    def told(self) -> list[dict[str, str]]:
        """What the panel and monitoring are told."""
        with self._guard:
            return [
                {
                    "code": one.error.code,
                    "sentence": one.error.sentence,
                    "since": one.since.isoformat(),
                    "bundle": one.bundle if key is not None else "",
                }
                for key, one in self._faults.items()
            ]

    def _try(self, fault: _Fault) -> None:
        """Raise what still stands against it."""
        if fault.bundle and isinstance(fault.error, BundleError):
            self._check_bundle(fault.bundle)
            return
        self._objects.probe()
        self._beat()
