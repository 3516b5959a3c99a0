"""A run in the engine, and why it ended without saying how."""

from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass

from config.codes import Code
from config.errors import AxspaError, Retryable
from storage.runs import ClaimedRun, node_fault


@dataclass(slots=True)
class Running:
    """A run in the engine."""

    claimed: ClaimedRun
    future: "Future[str]"
    since: float  # time.monotonic()
    overdue: bool = False
    company: bool = False  # others were under way at some time
    told: bool = False  # its end was taken into account for the node; only the database did not take it yet
    put_back_at: float = 0.0  # time.monotonic(); not before: the database did not take it


def reason_of(running: Running, error: BaseException, *, began: bool, timeout_s: float) -> AxspaError:
    """The reason for an end by an exception.

    Parameters
    ----------
    error : BaseException
        Of its future.
    began : bool
        False where its process did not even start.
    timeout_s : float
        For how long a run may last.
    """
    if isinstance(error, AxspaError) and node_fault(error):
        return error
    if running.overdue:
        return Retryable(Code.ANALYSIS_TIMEOUT, f"The analysis ran for more than {timeout_s:g} s and was ended.")
    if isinstance(error, BrokenProcessPool) and not began:
        return unready(error)
    if isinstance(error, BrokenProcessPool):
        return Retryable(Code.WORKER_DIED, "The analysis process ended in the middle (out of memory, or killed).")
    return Retryable(Code.WORKER_BROKE, f"The analysis process could not start or answer: {type(error).__name__}.")


def unready(error: BaseException) -> AxspaError:
    """The error of a process that could not be started: the node's fault, whatever it was to do."""
    return Retryable(Code.WORKER_UNREADY, f"{Code.WORKER_UNREADY.sentence} {type(error).__name__}.")
