"""Each kind of model: arrays in, arrays out; several networks are averaged and say how far they lie apart."""

import numpy as np
import pytest

from config.errors import BundleError
from inference.serving.classifier import Classifier
from inference.serving.segmenter import Segmenter
from inference.serving.table import Table
from inference.serving.voxels import VoxelClassifier
from tests.factories.bundles import (
    COLUMNS,
    GRADE,
    OUTLINE,
    RISK,
    SIZE_PX,
    VOXELS,
    column_network,
    grade_network,
    outline_network,
)

RNG = np.random.default_rng(0)
PICTURES = RNG.uniform(0, 1, (20, SIZE_PX, SIZE_PX, 1)).astype(np.float32)  # more than a batch, and no whole number
ROWS = RNG.normal(size=(70, COLUMNS)).astype(np.float32)


def test_a_segmenter_gives_each_pixel_a_probability() -> None:
    network = outline_network()
    found, spread = Segmenter(OUTLINE, [network]).predict(PICTURES)
    np.testing.assert_allclose(found, network.predict_on_batch(PICTURES), atol=1e-6)
    assert found.dtype == np.float32 and not spread.any()


def test_several_networks_are_averaged_and_say_how_far_they_lie_apart() -> None:
    networks = [outline_network(bias) for bias in (-1.0, 0.0, 2.0)]
    alone = [Segmenter(OUTLINE, [network]).predict(PICTURES)[0] for network in networks]
    found, spread = Segmenter(OUTLINE, networks).predict(PICTURES)
    np.testing.assert_allclose(found, np.mean(alone, axis=0), atol=1e-6)
    np.testing.assert_allclose(spread, alone[2] - alone[0], atol=1e-6)
    assert spread.max() > 0.2


def test_the_mirror_image_counts_where_the_manifest_says_so() -> None:
    mirrored = type(OUTLINE)("outline", OUTLINE.kind, OUTLINE.input, OUTLINE.outputs, parameters={"mirrored": True})
    plain = Segmenter(OUTLINE, [outline_network()])
    expected = (plain.predict(PICTURES)[0] + plain.predict(PICTURES[:, :, ::-1])[0][:, :, ::-1]) / 2
    found, spread = Segmenter(mirrored, [outline_network()]).predict(PICTURES)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    apart = np.abs(found - plain.predict(PICTURES)[0])
    assert apart.max() > 0.05
    np.testing.assert_allclose(spread, 2 * apart, atol=1e-6)
    assert not plain.predict(PICTURES)[1].any() and not plain.disputes
    assert Segmenter(mirrored, [outline_network()]).disputes


def test_a_classifier_answers_every_question_by_name() -> None:
    networks = [grade_network(1), grade_network(2)]
    alone = [network.predict_on_batch(PICTURES) for network in networks]
    found, spread = Classifier(GRADE, networks).predict(PICTURES)
    assert found["grade"].shape == (20, 3) and found["sure"].shape == (20, 1)
    for name in found:
        np.testing.assert_allclose(found[name], (alone[0][name] + alone[1][name]) / 2, atol=1e-6)
        np.testing.assert_allclose(spread[name], np.abs(alone[0][name] - alone[1][name]), atol=1e-6)


def test_a_classifier_shows_its_evidence_by_the_layers_that_the_manifest_names() -> None:
    classifier = Classifier(GRADE, [grade_network()])
    assert classifier.explainable == ("grade",)
    maps = [classifier.activation(PICTURES, "grade", class_index=index) for index in range(3)]
    assert maps[0].shape == (20, SIZE_PX, SIZE_PX)
    assert all(one.min() >= 0 for one in maps) and max(one.max() for one in maps) > 0
    assert not np.allclose(maps[0], maps[1])


def test_a_classifier_without_an_explanation_has_none() -> None:
    plain = type(GRADE)("grade", GRADE.kind, GRADE.input, GRADE.outputs)
    assert Classifier(plain, [grade_network()]).explainable == ()


def test_a_voxel_classifier_gives_each_voxel_one_number() -> None:
    many = RNG.normal(size=(VoxelClassifier.batch + 5, COLUMNS)).astype(np.float32)
    network = column_network(1)
    found, spread = VoxelClassifier(VOXELS, [network]).predict(many)
    np.testing.assert_allclose(found, network.predict(many, verbose=0, batch_size=8192)[:, 0], atol=1e-6)
    assert found.shape == spread.shape == (len(many),)


def test_a_voxel_classifier_has_one_output_with_one_label() -> None:
    two = type(VOXELS)("spot", VOXELS.kind, VOXELS.input, {"spot": ("edema", "fat")})
    with pytest.raises(BundleError, match="BUNDLE_KIND"):
        VoxelClassifier(two, [column_network(2)])


def test_a_table_answers_for_each_row() -> None:
    network = column_network(2)
    found, spread = Table(RISK, [network]).predict(ROWS)
    np.testing.assert_allclose(found["risk"], network.predict_on_batch(ROWS), atol=1e-6)
    assert not spread["risk"].any()


def test_nothing_gives_nothing() -> None:
    assert Segmenter(OUTLINE, [outline_network()]).predict(PICTURES[:0])[0].shape == (0, SIZE_PX, SIZE_PX, 1)
    assert VoxelClassifier(VOXELS, [column_network(1)]).predict(ROWS[:0])[0].shape == (0,)


def test_every_network_of_a_role_must_fit() -> None:
    for networks in ([], [outline_network(), grade_network()]):
        with pytest.raises(BundleError, match="BUNDLE_KIND"):
            Segmenter(OUTLINE, networks)
