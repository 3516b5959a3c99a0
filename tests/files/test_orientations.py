"""However a scanner stores its pictures, the same patient gives the same result, on the pixels that were stored.

Whole studies in three ways here; all sixteen, enhanced objects and a real patient are a part of the proof
(tests/proof/orientations.py), and how arrays are turned is held by tests/pure/test_orientation.py.
"""

from pathlib import Path

import numpy as np
import pydicom
import pytest

from dicom_node.analyse import pipeline
from inference.serving import LoadedBundle
from inference.types import Side
from tests.factories.alike import assert_alike, assert_transposed, frames, outcome_of
from tests.factories.orientations import HEAD_TO_FEET, phantom_stored, turn_files
from tests.factories.phantoms import small
from training.phantom.dicom import write_study


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The patient as most scanners store one."""
    return write_study(small(), tmp_path_factory.mktemp("usual"))


@pytest.fixture(scope="module")
def usual(paths: list[Path], shipped_bundle: LoadedBundle) -> pipeline.Outcome:
    """That, read in full."""
    outcome = outcome_of(paths, shipped_bundle)
    assert outcome.findings == ()
    assert outcome.analysis.scope == "full"
    left, right = (outcome.analysis.measurement("edema-volume", side) for side in (Side.LEFT, Side.RIGHT))
    assert left is not None and isinstance(left.value, float)
    assert right is not None and isinstance(right.value, float)
    assert left.value > 3 * right.value, "the lesion is on the left"
    return outcome


def test_transposed_pictures_numbered_backwards_give_the_same_result(
    usual: pipeline.Outcome, shipped_bundle: LoadedBundle, tmp_path: Path
) -> None:
    stored = phantom_stored(small(), HEAD_TO_FEET, reversed_slices=True)
    found = outcome_of(write_study(stored, tmp_path), shipped_bundle)
    assert found.findings == ()
    assert_alike(found.analysis, usual.analysis)
    for images, given in zip(found.analysis.images, (stored.t1, stored.fluid), strict=True):
        assert images.shape == given.shape, "the pixels are those of the source"
        first = pydicom.dcmread(images.sources[0].path)
        assert images.grid is not None
        assert images.grid.positions_mm[0] == pytest.approx(np.array(first.ImagePositionPatient, float), abs=1e-6)
        np.testing.assert_array_equal(images.pixels[0], first.pixel_array)
    for line, same in zip(found.analysis.traces, usual.analysis.traces, strict=True):
        assert sum(map(len, line.lines_px)) == sum(map(len, same.lines_px)) > 0


def test_only_the_fluid_sensitive_series_transposed_meets_the_other(
    usual: pipeline.Outcome, paths: list[Path], shipped_bundle: LoadedBundle, tmp_path: Path
) -> None:
    fluid = [path for path in paths if pydicom.dcmread(path, stop_before_pixels=True).SeriesNumber == 3]
    assert fluid
    found = outcome_of([path for path in paths if path not in fluid] + turn_files(fluid, tmp_path), shipped_bundle)
    assert found.findings == ()
    assert_alike(found.analysis, usual.analysis)


def test_rows_from_head_to_feet_pass_the_gate_on_the_sources_own_pixels(
    usual: pipeline.Outcome, paths: list[Path], shipped_bundle: LoadedBundle, tmp_path: Path
) -> None:
    turned = outcome_of(turn_files(paths, tmp_path), shipped_bundle)
    assert turned.findings == ()
    assert_alike(turned.analysis, usual.analysis)
    assert_transposed(frames(usual.outputs.objects), frames(turned.outputs.objects))
    (first,) = (item.dataset for item in turned.outputs.objects if item.kind == "seg-joints")
    directions = first.SharedFunctionalGroupsSequence[0].PlaneOrientationSequence[0].ImageOrientationPatient
    assert [float(one) for one in directions] == pytest.approx(
        [*small().t1.column_direction, *small().t1.row_direction], abs=1e-6
    )
