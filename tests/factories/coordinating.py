"""A coordinator with an engine whose jobs end as the test says."""

from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from config.settings import Settings
from dicom_node.analyse import worker
from dicom_node.analyse.coordinator import Coordinator
from storage.objects import ObjectStore
from storage.runs import ClaimedRun
from storage.session import Database
from storage.tables import Run


class Bench:
    """An engine without processes: it keeps what it was given."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self.given: list[tuple[ClaimedRun, Future[str]]] = []
        self.killed: list[Future[str] | None] = []
        self.alive = workers

    def refill(self) -> None:
        """Nothing ends here by itself."""

    def submit(self, job: Callable[[ClaimedRun], str], claimed: ClaimedRun) -> "Future[str]":
        """Take a job and begin nothing."""
        assert job is worker.analyse
        future: Future[str] = Future()
        future.set_running_or_notify_cancel()
        self.given.append((claimed, future))
        return future

    def began(self, future: "Future[str]") -> bool:
        """Every job is begun at once."""
        return True

    def kill(self, future: "Future[str] | None" = None) -> None:
        """End one job or all as a killed process ends them."""
        self.killed.append(future)
        for _, one in self.given:
            if future in (None, one) and not one.done():
                one.set_exception(BrokenProcessPool())


def coordinator(settings: Settings, database: Database, bench: Bench) -> Any:
    """A coordinator that gives its runs to the bench."""
    objects = ObjectStore(settings.data_dir / "objects")
    return Coordinator(settings, database, objects, bench)  # type: ignore[arg-type]


def run_of(database: Database, claimed: ClaimedRun) -> Run:
    """The run as the database has it now."""
    with database.read() as session:
        return session.get_one(Run, claimed.run_id)
