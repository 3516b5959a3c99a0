"""Bone marrow oedema: on the phantom, whose lesion is known, and on one real scan."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from config.errors import BundleError
from inference.sij_mri.edema.features import FEATURES
from inference.sij_mri.edema.find import SHIPPED, EdemaClassifier, find_edema, shipped_classifier
from inference.sij_mri.joints import find_joints
from inference.sij_mri.types import Edema, Joint
from inference.types import BoolArray
from tests.factories.phantoms import left_lesion
from training.phantom.phantom import Phantom


@pytest.fixture(scope="module")
def phantom() -> Phantom:
    return left_lesion()


@pytest.fixture(scope="module")
def joints(phantom: Phantom) -> tuple[Joint, ...]:
    return find_joints(phantom.t1, phantom.region)


@pytest.fixture(scope="module")
def found(phantom: Phantom, joints: tuple[Joint, ...]) -> Edema:
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


def test_scale_of_intensities_does_not_matter(phantom: Phantom, joints: tuple[Joint, ...], found: Edema) -> None:
    brighter = find_edema(
        replace(phantom.fluid, voxels=phantom.fluid.voxels * np.float32(7.5)), phantom.fluid_region, joints
    )
    assert dice(found.left, brighter.left) > 0.99
    assert brighter.threshold == pytest.approx(7.5 * found.threshold, rel=1e-3)


def test_falloff_of_a_surface_coil_does_not_matter(phantom: Phantom, joints: tuple[Joint, ...], found: Edema) -> None:
    slices, rows, _ = phantom.fluid.shape
    falloff = np.linspace(0.7, 1.3, rows)[None, :, None] * np.linspace(0.8, 1.2, slices)[:, None, None]
    voxels = (phantom.fluid.voxels * falloff).astype(np.float32)
    shaded = find_edema(replace(phantom.fluid, voxels=voxels), phantom.fluid_region, joints)
    assert dice(found.left, shaded.left) > 0.75
    assert shaded.left_mm3 > 3 * shaded.right_mm3


def test_without_joints_the_side_is_still_right(phantom: Phantom) -> None:
    found = find_edema(phantom.fluid, phantom.fluid_region, ())
    assert found.left_mm3 > 3 * found.right_mm3


def test_nothing_where_there_is_no_marrow(phantom: Phantom) -> None:
    region = np.zeros(phantom.fluid.shape, dtype=np.bool_)
    assert find_edema(phantom.fluid, region, ()).left_mm3 == 0
    dark = replace(phantom.fluid, voxels=np.zeros_like(phantom.fluid.voxels))
    assert find_edema(dark, phantom.fluid_region, ()).right_mm3 == 0


def test_region_of_another_grid_is_refused(phantom: Phantom) -> None:
    with pytest.raises(ValueError, match="received"):
        find_edema(phantom.fluid, phantom.fluid_region[:-1], ())


def test_classifier_survives_its_file(tmp_path: Path) -> None:
    path = tmp_path / "classifier.json"
    shipped_classifier().save(path, trained_on="test")
    features = np.random.default_rng(0).normal(size=(100, len(FEATURES))).astype(np.float32)
    again = EdemaClassifier.load(path)
    assert np.allclose(again.predict(features), shipped_classifier().predict(features), atol=1e-3)
    assert "github.com/c-hepburn/Bone_MRI" in json.loads(SHIPPED.read_text())["trained_on"]


def test_classifier_of_other_features_is_refused(tmp_path: Path) -> None:
    record = json.loads(SHIPPED.read_text())
    record["features"] = record["features"][:-1]
    path = tmp_path / "classifier.json"
    path.write_text(json.dumps(record))
    with pytest.raises(BundleError) as refused:
        EdemaClassifier.load(path)
    assert refused.value.code == "EDEMA_CLASSIFIER_FEATURES"


def test_real_scan_has_oedema_on_the_side_where_the_readers_put_it(shared_data: Path) -> None:
    pytest.importorskip("nibabel")
    from training.sij_mri.importing.nifti import labelled_subject

    source = shared_data / "data" / "sij"
    scan = labelled_subject(source, source / "t1w" / "1013.nii.gz")
    t1, fluid = scan.volume("t1w"), scan.volume("stir")
    found = find_edema(fluid, scan.labels["region"], find_joints(t1, scan.labels["region"]))
    reading = scan.labels["inflammation_R11"]
    assert found.left_mm3 > 2 * found.right_mm3 > 2000
    assert dice(found.left | found.right, reading) > 0.6
