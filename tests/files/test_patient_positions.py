"""However the patient lies and whichever way the rows run, the patient's left stays left in every kind of object.

Three of the eight positions here; all of them are a part of the proof (tests/proof/sources.py).
"""

from pathlib import Path

import pytest

from tests.factories.sides import POSITIONS, assert_left_stays_left, mark_left, store
from tests.factories.sources import EVERYTHING_WITH_A_SIDE, chain, write_study


@pytest.mark.parametrize("position", ["HFP", "FFS", "HFDL"])
def test_left_stays_left(tmp_path: Path, position: str) -> None:
    way, letters = POSITIONS[position]
    paths = write_study(tmp_path)
    mark_left(paths)
    assert_left_stays_left(chain(store(paths, way, position), kinds=EVERYTHING_WITH_A_SIDE), letters)


def test_a_patient_whose_sides_are_changed_is_found_out(tmp_path: Path) -> None:
    way, letters = POSITIONS["HFS"]
    paths = write_study(tmp_path)
    mark_left(paths)
    result = chain(store(paths, way, "HFS"), kinds=EVERYTHING_WITH_A_SIDE)
    store(paths, ("columns",), "HFS")  # the files behind the result are another patient's now
    with pytest.raises(AssertionError):
        assert_left_stays_left(result, letters)
