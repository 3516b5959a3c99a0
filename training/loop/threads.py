"""How many cores a training may take, said before any backend of Keras is loaded."""

import os

_OF_LIBRARIES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "NPROC",  # read by the CPU client of JAX
)


def set_threads(threads: int) -> None:
    """Limit every library, whichever backend Keras runs on; works only before the backend is imported.

    Parameters
    ----------
    threads : int
        Cores to take.
    """
    for name in _OF_LIBRARIES:
        os.environ[name] = str(threads)
    os.environ["TF_NUM_INTEROP_THREADS"] = "1"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import cv2

    cv2.setNumThreads(1)
