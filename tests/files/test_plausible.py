"""Is there a sacroiliac joint in the picture: what shows none is not read, and what shows them is."""

import os
from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np
import pytest

from inference.serving import LoadedBundle
from inference.sij_mri import SacroiliacMri
from inference.sij_mri.plausible import BAND_ML, JAGGED, TRACED_MM, Measured, recognize, unlike_next
from inference.sij_mri.region import FoundRegion, RegionReader
from inference.sij_mri.types import Joint
from inference.space import surface_band
from inference.testing import run
from inference.types import BoolArray, Side, Volume
from tests.factories.phantoms import left_lesion
from tests.factories.volumes import volume
from tests.recognition.outcome import came
from tests.recognition.pictures import PLANES, SIZE, Picture
from tests.recognition.twins import spaced_phantom
from tests.recognition.wrong import beside_the_joints, head, knee
from training.phantom.dicom import write_study

SHARED = Path(os.environ.get("AXSPA_SHARED", Path(__file__).resolve().parents[3] / "shared"))
SCANS = SHARED / "data/sij/t1w"
STACK = volume((30, 100, 160), gap_mm=2.0)
NOISE = np.random.default_rng(0).random((PLANES, SIZE, SIZE)).astype(np.float32)


def joint(side: Side = Side.LEFT, *, planes: int = 15, jump_mm: float = 0.0, on: Volume = STACK) -> Joint:
    """An upright joint over so many planes, every other one of them displaced."""
    columns = np.full(on.shape[:2], np.nan, np.float32)
    columns[5 : 5 + planes, 20:80] = 130 if side is Side.LEFT else 30
    columns[5 : 5 + planes : 2] += jump_mm
    return Joint(side, columns, surface_band(columns, on), np.full(len(columns), 0.5, np.float32))


def region(*, disputed: float = 0.1, share: float = 1.0) -> FoundRegion:
    """A region over a share of the rows."""
    mask = np.zeros(STACK.shape, np.bool_)
    mask[:, : int(share * mask.shape[1])] = True
    return FoundRegion(mask, mask.astype(np.float32), disputed)


def stack() -> Volume:
    """Planes that go over into one another."""
    middle = np.arange(30)[:, None, None] / 30
    rows, columns = np.indices((100, 160)) / 100
    return replace(STACK, voxels=np.cos(4 * (rows + middle)) + np.sin(5 * columns * (1 + middle)).astype(np.float32))


BOTH = (joint(Side.LEFT), joint(Side.RIGHT))


def test_two_joints_that_look_like_joints_are_kept() -> None:
    found = recognize(stack(), region(), BOTH)
    assert found.anything
    assert found.joints == BOTH
    assert found.limitations == ()


POOR = [
    ("short", joint(Side.LEFT, planes=int(TRACED_MM / 2) - 1)),
    ("jagged", joint(Side.LEFT, jump_mm=1.2 * JAGGED * 2 / 2)),
]


@pytest.mark.parametrize("poor", [case[1] for case in POOR], ids=[case[0] for case in POOR])
def test_one_joint_that_does_not_is_left_out_by_name_and_the_other_stays(poor: Joint) -> None:
    found = recognize(stack(), region(), (poor, BOTH[1]))
    assert [one.side for one in found.joints] == [Side.RIGHT]
    assert [str(one.code) for one in found.limitations] == ["NO_LEFT_JOINT"]
    none = recognize(stack(), region(), (poor,))
    assert not none.anything
    (limitation,) = none.limitations
    assert limitation.parameters["left_mm"] == Measured.of(poor, STACK).traced_mm
    assert float(limitation.parameters["region_ml"]) > 100


@pytest.mark.parametrize("poor", [region(disputed=0.8), region(share=0.05)], ids=["disputed", "small"])
def test_a_region_that_is_none_takes_the_joints_with_it(poor: FoundRegion) -> None:
    assert not recognize(stack(), poor, BOTH).anything


def test_planes_out_of_order_are_no_stack() -> None:
    shuffled = replace(stack(), voxels=stack().voxels[np.random.default_rng(0).permutation(30)])
    assert unlike_next(stack()) < 0.3 < 0.8 < unlike_next(shuffled)
    assert not recognize(shuffled, region(), BOTH).anything
    assert unlike_next(replace(STACK, voxels=np.ones(STACK.shape, np.float32))) == 1.0


def test_measures_are_in_millimeters_and_milliliters_whatever_the_spacing() -> None:
    coarse = volume((15, 100, 160), gap_mm=4.0)
    fine, sparse = Measured.of(joint(planes=14), STACK), Measured.of(joint(planes=7, on=coarse), coarse)
    assert fine.traced_mm == sparse.traced_mm == 28.0
    assert fine.band_ml == pytest.approx(sparse.band_ml, rel=0.01)
    assert fine.band_ml > BAND_ML
    assert Measured.of(joint(planes=2), STACK).jagged == np.inf


@pytest.mark.parametrize("spacing_mm", [2.0, 6.0])
def test_a_simulated_patient_is_read_on_both_sides(
    shipped_bundle: LoadedBundle, tmp_path: Path, spacing_mm: float
) -> None:
    write_study(spaced_phantom(3, spacing_mm), tmp_path)
    analysis = run(SacroiliacMri(), tmp_path, shipped_bundle.models)
    assert came(analysis) == "both joints"
    assert analysis.scope == "full"


WRONG = {
    "constant": np.full((PLANES, SIZE, SIZE), 700, np.float32),
    "noise": NOISE,
    "head": head(0),
    "knee": knee(0),
}


@pytest.mark.parametrize(
    ("what", "series"), [*((what, ("t1", "stir")) for what in WRONG), ("noise", ("stir",)), ("head", ("stir",))]
)
def test_of_other_pictures_nothing_is_read(
    shipped_bundle: LoadedBundle, tmp_path: Path, what: str, series: tuple[str, ...]
) -> None:
    Picture(what, what, what, WRONG[what]).write(tmp_path, *series)
    analysis = run(SacroiliacMri(), tmp_path, shipped_bundle.models)
    assert analysis.selection.chosen, "under this name and geometry headers cannot tell"
    assert analysis.scope == "none"
    assert "NO_JOINTS_RECOGNIZED" in {str(one.code) for one in analysis.limitations}
    assert not any((analysis.images, analysis.segments, analysis.measurements, analysis.evaluations))


def test_the_fluid_sensitive_series_of_a_patient_is_read_alone(shipped_bundle: LoadedBundle) -> None:
    fluid = left_lesion().fluid
    found = RegionReader(shipped_bundle.models["region_fluid"]).read(fluid)
    assert recognize_region(found.mask, fluid)
    assert found.disputed < 0.25


def recognize_region(mask: BoolArray, on: Volume) -> bool:
    """A region of a plausible size."""
    return 150 < float(mask.sum()) * on.voxel_volume_mm3 / 1000 < 700


@pytest.mark.skipif(not SCANS.is_dir(), reason="needs the real data in ../shared")
def test_a_real_patient_is_read_and_the_same_scan_beside_the_joints_is_not(
    shipped_bundle: LoadedBundle, tmp_path: Path
) -> None:
    path = SCANS / "1013.nii.gz"
    image = nibabel.load(path)
    across, down, gap = (float(size) for size in image.header.get_zooms()[:3])
    scan = np.asarray(image.dataobj, np.float32)[:, ::-1].transpose(2, 1, 0)
    Picture("1013", "real", "1013", scan, (gap, down, across)).write(tmp_path / "real", "t1")
    assert came(run(SacroiliacMri(), tmp_path / "real", shipped_bundle.models)) == "both joints"
    wrong = {one.name: one for one in beside_the_joints(path)}
    wrong["1013, below the joints"].write(tmp_path / "below", "t1")
    assert came(run(SacroiliacMri(), tmp_path / "below", shipped_bundle.models)) == "nothing"
