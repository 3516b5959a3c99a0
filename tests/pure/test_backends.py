"""The proof of the backends notices what differs; the proof itself is ``python -m tests.backends``."""

import numpy as np
import pytest

from tests.backends.__main__ import compare

HERE = {"backend": np.array("tensorflow"), "device": np.array("CPU"), "evidence": np.array([0.0, 0.002], np.float32)}


def said(evidence: list[float]) -> dict[str, np.ndarray]:
    return HERE | {"backend": np.array("jax"), "evidence": np.array(evidence, np.float32)}


def test_small_values_are_held_to_their_own_size() -> None:
    (line,) = compare(HERE, said([0.0, 0.002001]))
    assert line.startswith("agrees: jax on CPU: evidence")


@pytest.mark.parametrize("evidence", [[0.0, 0.0021], [0.0005, 0.002], [0.0], [float("nan"), 0.002]])
def test_what_differs_is_told(evidence: list[float]) -> None:
    (line,) = compare(HERE, said(evidence))
    assert line.startswith("DIFFERENT")
