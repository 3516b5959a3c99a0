"""Bone marrow edema: on the phantom, whose lesion is known, and on one real scan."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from scipy import ndimage

from config.errors import BundleError
from inference.serving.registry import LoadedBundle
from inference.serving.voxels import VoxelClassifier
from inference.sij_mri.edema.features import FEATURES
from inference.sij_mri.edema.find import find_edema as find
from inference.sij_mri.edema.model import VoxelCutter, edema_spec
from inference.sij_mri.joints import find_joints
from inference.sij_mri.types import Cutoff, Edema, EdemaParts, Joint
from inference.types import BoolArray, Side, Volume
from tests.factories.phantoms import left_lesion
from training.phantom.phantom import Phantom

Find = Callable[[Volume, BoolArray, tuple[Joint, ...]], Edema]


@pytest.fixture(scope="module")
def phantom() -> Phantom:
    return left_lesion()


@pytest.fixture(scope="module")
def joints(phantom: Phantom) -> tuple[Joint, ...]:
    return find_joints(phantom.t1, phantom.region)


@pytest.fixture(scope="module")
def find_edema(shipped_bundle: LoadedBundle) -> Find:
    """With the shipped classifier."""
    return partial(find, classifier=cast(VoxelClassifier, shipped_bundle.models["edema"]))


@pytest.fixture(scope="module")
def found(find_edema: Find, phantom: Phantom, joints: tuple[Joint, ...]) -> Edema:
    return find_edema(phantom.fluid, phantom.fluid_region, joints)


def dice(first: BoolArray, second: BoolArray) -> float:
    return float(2 * (first & second).sum() / (first.sum() + second.sum()))


def ml(parts: EdemaParts, side: Side, phantom: Phantom) -> float:
    """Near and deep, of one joint."""
    return float((parts.near[side] | parts.deep[side]).sum() * phantom.fluid.voxel_volume_mm3 / 1000)


def whole(parts: EdemaParts) -> BoolArray:
    return np.logical_or.reduce([*parts.near.values(), *parts.deep.values(), parts.elsewhere])


def test_the_lesion_is_found_on_its_side(phantom: Phantom, found: Edema) -> None:
    truth, usual = phantom.lesions[0].mask, found.usual
    left = usual.near[Side.LEFT] | usual.deep[Side.LEFT]
    assert ml(usual, Side.LEFT, phantom) > 3 * ml(usual, Side.RIGHT, phantom)
    assert (left & truth).sum() > 0.6 * truth.sum()
    assert dice(left, truth) > 0.6


def test_a_looser_cut_off_finds_more_and_a_stricter_one_less(phantom: Phantom, found: Edema) -> None:
    strict, usual, loose = (whole(found.at[cutoff]) for cutoff in (Cutoff.STRICT, Cutoff.USUAL, Cutoff.LOOSE))
    assert 0 < strict.sum() < usual.sum() < loose.sum()
    assert not (strict & ~usual).any()
    assert not (usual & ~loose).any()
    for side in Side:
        assert not (found.at[Cutoff.STRICT].deep[side] & ~found.usual.deep[side] & ~found.usual.near[side]).any()


def test_normal_marrow_is_that_of_the_sacrum(phantom: Phantom, found: Edema) -> None:
    marrow = ndimage.binary_erosion(phantom.labels == 1, np.ones((1, 9, 9))) & ~phantom.lesions[0].mask
    assert found.normal_mean == pytest.approx(np.median(phantom.fluid.voxels[marrow]), rel=0.1)
    assert found.normal_mean < found.threshold < np.percentile(phantom.fluid.voxels[phantom.lesions[0].mask], 75)


def test_scale_of_intensities_does_not_matter(
    find_edema: Find, phantom: Phantom, joints: tuple[Joint, ...], found: Edema
) -> None:
    brighter = find_edema(
        replace(phantom.fluid, voxels=phantom.fluid.voxels * np.float32(7.5)), phantom.fluid_region, joints
    )
    assert dice(whole(found.usual), whole(brighter.usual)) > 0.99
    assert brighter.threshold == pytest.approx(7.5 * found.threshold, rel=1e-3)


def test_falloff_of_a_surface_coil_does_not_matter(
    find_edema: Find, phantom: Phantom, joints: tuple[Joint, ...], found: Edema
) -> None:
    slices, rows, _ = phantom.fluid.shape
    falloff = np.linspace(0.7, 1.3, rows)[None, :, None] * np.linspace(0.8, 1.2, slices)[:, None, None]
    voxels = (phantom.fluid.voxels * falloff).astype(np.float32)
    shaded = find_edema(replace(phantom.fluid, voxels=voxels), phantom.fluid_region, joints)
    assert dice(found.usual.near[Side.LEFT], shaded.usual.near[Side.LEFT]) > 0.75
    assert ml(shaded.usual, Side.LEFT, phantom) > 3 * ml(shaded.usual, Side.RIGHT, phantom)


def test_without_joints_edema_is_found_but_is_of_no_joint(find_edema: Find, phantom: Phantom) -> None:
    found = find_edema(phantom.fluid, phantom.fluid_region, ())
    assert (found.usual.near, found.usual.deep) == ({}, {})
    assert (found.usual.elsewhere & phantom.lesions[0].mask).sum() > 0.5 * phantom.lesions[0].mask.sum()


def test_without_normal_marrow_there_is_no_verdict(find_edema: Find, phantom: Phantom) -> None:
    region = np.zeros(phantom.fluid.shape, dtype=np.bool_)
    assert find_edema(phantom.fluid, region, ()) is None
    dark = replace(phantom.fluid, voxels=np.zeros_like(phantom.fluid.voxels))
    assert find_edema(dark, phantom.fluid_region, ()) is None


def test_region_of_another_grid_is_refused(find_edema: Find, phantom: Phantom) -> None:
    with pytest.raises(ValueError, match="received"):
        find_edema(phantom.fluid, phantom.fluid_region[:-1], ())


@pytest.mark.parametrize(
    ("name", "value"),
    [("features", [*FEATURES[:-1]]), ("features", [*FEATURES[1:], FEATURES[0]]), ("bright_sd", 0.5), ("more", 1.0)],
)
def test_classifier_of_other_features_or_candidates_is_refused(name: str, value: object) -> None:
    spec = edema_spec()
    assert VoxelCutter.of(spec) == VoxelCutter()
    changed = replace(spec, input=replace(spec.input, parameters={**spec.input.parameters, name: value}))
    with pytest.raises(BundleError) as refused:
        VoxelCutter.of(changed)
    assert refused.value.code == "BUNDLE_CUTTER"


def test_a_lesion_is_as_large_as_the_thresholds_of_the_bundle_say(
    phantom: Phantom, joints: tuple[Joint, ...], found: Edema, shipped_bundle: LoadedBundle
) -> None:
    shipped = cast(VoxelClassifier, shipped_bundle.models["edema"])
    strict = VoxelClassifier(replace(shipped.spec, thresholds={"sure": 0.9, "possible": 0.8}), shipped.networks)
    smaller = find(phantom.fluid, phantom.fluid_region, joints, classifier=strict)
    assert 0 < whole(smaller.usual).sum() < 0.95 * whole(found.usual).sum()
    assert not (whole(smaller.usual) & ~whole(found.usual)).any()


def test_real_scan_has_edema_on_the_side_where_the_readers_put_it(find_edema: Find, shared_data: Path) -> None:
    pytest.importorskip("nibabel")
    from training.sij_mri.importing.nifti import labeled_subject

    source = shared_data / "data" / "sij"
    scan = labeled_subject(source, source / "t1w" / "1013.nii.gz")
    t1, fluid = scan.volume("t1w"), scan.volume("stir")
    found = find_edema(fluid, scan.labels["region"], find_joints(t1, scan.labels["region"]))
    reading = scan.labels["inflammation_R11"]
    near_ml = {side: mask.sum() * fluid.voxel_volume_mm3 / 1000 for side, mask in found.usual.near.items()}
    assert near_ml[Side.LEFT] > near_ml[Side.RIGHT] > 2
    assert dice(whole(found.usual), reading) > 0.6
