"""No process of the node outlives the one that started it, however that one ended."""

import ctypes
import multiprocessing
import os
import signal
import sys
import threading
from multiprocessing.connection import wait

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def end_with_parent() -> None:
    """End this process, started by :mod:`multiprocessing`, as soon as its parent is gone.

    A pipe that only the parent holds open tells of it: unlike the signal of :func:`end_with_starter` it does not care
    which thread of the parent started the process, and it tells too where the parent ended before this was called.
    """
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_follow, args=(parent.sentinel,), name="lifeline", daemon=True).start()


def end_with_starter(starter: int) -> None:
    """Have the kernel end this process with the thread that started it, which must be waiting for it.

    Parameters
    ----------
    starter : int
        Process that started this one; where it is gone already, this one ends at once.

    References
    ----------
    prctl(2), PR_SET_PDEATHSIG. Elsewhere than on Linux nothing is done.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != starter:
        os.kill(os.getpid(), signal.SIGKILL)


def _follow(sentinel: int) -> None:
    wait([sentinel])
    os.kill(os.getpid(), signal.SIGKILL)
