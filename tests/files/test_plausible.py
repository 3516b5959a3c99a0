"""Is there a sacroiliac joint in the picture: what shows none is not read, and what shows them is."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from inference.serving import LoadedBundle
from inference.sij_mri import SacroiliacMri
from inference.sij_mri.plausible import (
    BAND_ML,
    HALF_BRIGHT,
    JAGGED,
    SEEN,
    TRACED_MM,
    Measured,
    brighter,
    half_bright,
    plausible_region,
    recognize,
    unlike_next,
)
from inference.sij_mri.region import FoundRegion, RegionReader
from inference.sij_mri.types import Joint, Role
from inference.space import surface_band
from inference.testing import run
from inference.types import Side, Volume
from tests.factories.phantoms import small
from tests.factories.volumes import volume
from tests.recognition.outcome import came
from tests.recognition.pictures import GAP_MM, PIXEL_MM, PLANES, SIZE, Picture
from tests.recognition.twins import spaced_phantom
from tests.recognition.wrong import head
from training.phantom.dicom import write_study

STACK = volume((30, 100, 160), gap_mm=2.0)


def joint(
    side: Side = Side.LEFT, *, planes: int = 15, jump_mm: float = 0.0, seen: int = 30, on: Volume = STACK
) -> Joint:
    """An upright joint over so many planes, every other one of them displaced, and seen in the first ones."""
    columns = np.full(on.shape[:2], np.nan, np.float32)
    columns[5 : 5 + planes, 20:80] = 130 if side is Side.LEFT else 30
    columns[5 : 5 + planes : 2] += jump_mm
    visibility = np.where(np.arange(len(columns)) < 5 + seen, 0.5, 0.8 * SEEN).astype(np.float32)
    return Joint(side, columns, surface_band(columns, on), visibility)


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
    ("hardly seen", joint(Side.LEFT, seen=int(TRACED_MM / 2) - 1)),
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


def test_a_joint_that_is_seen_over_enough_of_its_depth_is_kept_and_measured_where_it_is_seen() -> None:
    faint = joint(Side.LEFT, seen=int(TRACED_MM / 2) + 1)
    assert Measured.of(faint, STACK).traced_mm == 22.0
    assert recognize(stack(), region(), (faint, BOTH[1])).joints == (faint, BOTH[1])


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


def exchanged(given: Volume) -> Volume:
    """Bright and dark exchanged."""
    return replace(given, voxels=given.voxels.max() - given.voxels)


def inner(value: float) -> tuple[Volume, FoundRegion]:
    """A region of this intensity among what is 0.5, with something of 0 and 1 far from it."""
    mask = np.zeros(STACK.shape, np.bool_)
    mask[:, 20:80, 40:120] = True
    voxels = np.where(mask, np.float32(value), np.float32(0.5))
    voxels[:, :10], voxels[:, 90:] = 0.0, 1.0
    return replace(STACK, voxels=voxels), FoundRegion(mask, mask.astype(np.float32), 0.0)


def test_how_much_brighter_marrow_is_than_its_rim_is_a_share_of_the_range() -> None:
    for value in (0.3, 0.5, 0.8):
        on, found = inner(value)
        assert brighter(found, on) == pytest.approx(value - 0.5, abs=1e-6)
        assert brighter(found, exchanged(on)) == pytest.approx(0.5 - value, abs=1e-6)
    everywhere = FoundRegion(np.ones(STACK.shape, np.bool_), np.ones(STACK.shape, np.float32), 0.0)
    assert brighter(everywhere, STACK) == 0.0, "nothing lies about it"


@pytest.mark.parametrize(
    ("value", "disputed", "plausible"),
    [(0.52, 0.1, True), (0.48, 0.1, False), (0.52, 0.4, False), (0.58, 0.4, True), (0.58, 0.6, False)],
)
def test_disputed_marrow_must_be_clearly_brighter_other_marrow_just_not_darker(
    monkeypatch: pytest.MonkeyPatch, value: float, disputed: float, plausible: bool
) -> None:
    monkeypatch.setattr("inference.sij_mri.plausible.unlike_next", lambda volume: 0.2)
    on, found = inner(value)
    assert plausible_region(replace(found, disputed=disputed), on) is plausible


def reader(bundle: LoadedBundle, role: str, on: Volume) -> FoundRegion:
    return RegionReader(bundle.models[role]).read(on)


def test_t1_with_bright_and_dark_exchanged_is_not_read(shipped_bundle: LoadedBundle) -> None:
    t1 = small().t1
    assert plausible_region(reader(shipped_bundle, "region", t1), t1)
    assert not plausible_region(reader(shipped_bundle, "region", exchanged(t1)), exchanged(t1))


def test_a_fluid_sensitive_series_is_read_alone_unless_bright_and_dark_are_exchanged(
    shipped_bundle: LoadedBundle,
) -> None:
    fluid = small().fluid
    found = reader(shipped_bundle, "region_fluid", fluid)
    assert plausible_region(found, fluid, role=Role.FLUID)
    assert found.disputed < 0.25
    assert half_bright(fluid) < HALF_BRIGHT < half_bright(exchanged(fluid))
    assert not plausible_region(found, exchanged(fluid), role=Role.FLUID), "whatever region is found"


def test_a_simulated_patient_in_few_planes_is_read_on_both_sides(shipped_bundle: LoadedBundle, tmp_path: Path) -> None:
    write_study(spaced_phantom(3, 6.0), tmp_path)
    analysis = run(SacroiliacMri(), tmp_path, shipped_bundle.models)
    assert came(analysis) == "both joints"
    assert analysis.scope == "full"


WRONG = {"noise": np.random.default_rng(0).random((PLANES, SIZE, SIZE)).astype(np.float32), "head": head(0)}


@pytest.mark.parametrize(("what", "series"), [("head", ("t1", "stir")), ("noise", ("t1",)), ("head", ("stir",))])
def test_of_other_pictures_nothing_is_read(
    shipped_bundle: LoadedBundle, tmp_path: Path, what: str, series: tuple[str, ...]
) -> None:
    """Every third plane of them; whole ones, and many more, are in ``python -m tests.recognition``."""
    Picture(what, what, what, WRONG[what][::3], (3 * GAP_MM, PIXEL_MM, PIXEL_MM)).write(tmp_path, *series)
    analysis = run(SacroiliacMri(), tmp_path, shipped_bundle.models)
    assert analysis.selection.chosen, "under this name and geometry headers cannot tell"
    assert analysis.scope == "none"
    (limitation,) = [one for one in analysis.limitations if str(one.code) == "NO_JOINTS_RECOGNIZED"]
    assert ("brighter" in limitation.parameters) is ("t1" in series)
    assert ("half_bright" in limitation.parameters) is ("t1" not in series)
    assert not any((analysis.images, analysis.segments, analysis.measurements, analysis.evaluations))
