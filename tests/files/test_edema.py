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
from inference.sij_mri.types import Edema, Joint
from inference.types import BoolArray, Volume
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


def test_the_lesion_is_found_on_its_side(phantom: Phantom, found: Edema) -> None:
    truth = phantom.lesions[0].mask
    assert found.left_mm3 > 3 * found.right_mm3
    assert (found.left & truth).sum() > 0.6 * truth.sum()
    assert dice(found.left, truth) > 0.6
    assert found.left_mm3 == pytest.approx(found.left.sum() * phantom.fluid.voxel_volume_mm3)
    assert not (found.left & found.right).any()


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
    assert dice(found.left, brighter.left) > 0.99
    assert brighter.threshold == pytest.approx(7.5 * found.threshold, rel=1e-3)


def test_falloff_of_a_surface_coil_does_not_matter(
    find_edema: Find, phantom: Phantom, joints: tuple[Joint, ...], found: Edema
) -> None:
    slices, rows, _ = phantom.fluid.shape
    falloff = np.linspace(0.7, 1.3, rows)[None, :, None] * np.linspace(0.8, 1.2, slices)[:, None, None]
    voxels = (phantom.fluid.voxels * falloff).astype(np.float32)
    shaded = find_edema(replace(phantom.fluid, voxels=voxels), phantom.fluid_region, joints)
    assert dice(found.left, shaded.left) > 0.75
    assert shaded.left_mm3 > 3 * shaded.right_mm3


def test_without_joints_the_side_is_still_right(find_edema: Find, phantom: Phantom) -> None:
    found = find_edema(phantom.fluid, phantom.fluid_region, ())
    assert found.left_mm3 > 3 * found.right_mm3


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
    assert 0 < smaller.left_mm3 < 0.95 * found.left_mm3
    assert not (smaller.left & ~found.left).any()


def test_real_scan_has_edema_on_the_side_where_the_readers_put_it(find_edema: Find, shared_data: Path) -> None:
    pytest.importorskip("nibabel")
    from training.sij_mri.importing.nifti import labeled_subject

    source = shared_data / "data" / "sij"
    scan = labeled_subject(source, source / "t1w" / "1013.nii.gz")
    t1, fluid = scan.volume("t1w"), scan.volume("stir")
    found = find_edema(fluid, scan.labels["region"], find_joints(t1, scan.labels["region"]))
    reading = scan.labels["inflammation_R11"]
    assert found.left_mm3 > 2 * found.right_mm3 > 2000
    assert dice(found.left | found.right, reading) > 0.6
