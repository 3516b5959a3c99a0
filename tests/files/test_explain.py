"""Grad-CAM against an analytic network; focus, source grid and sides."""

from dataclasses import replace

import keras
import numpy as np
import pytest
from keras import layers

from inference.serving.classifier import Classifier
from inference.serving.gradcam import ClassActivation
from inference.sij_mri.stage.aggregation import Aggregation
from inference.sij_mri.stage.focus import explain
from inference.sij_mri.stage.reader import StageReader, stage_spec
from inference.sij_mri.stage.strips import StripCutter
from inference.sij_mri.types import Explanation, Joint, Prediction, SlicePrediction, Stage
from inference.types import Side, Volume
from tests.factories.volumes import upright_joint, volume

SIZE_PX, SPACING_MM = 48, 1.0
RULE = Aggregation(1, {"as": (1.0, 0.0), "moderate": (1.0, 0.0), "advanced": (1.0, 0.0)})
FEATURES, SCORES = "last_convolution", "stage_logits"
FLUID_WEIGHT, T1_WEIGHT = 3.0, -2.0


@pytest.fixture(scope="module")
def model() -> keras.Model:
    """Features are T1W and fluid, averaged over cells of 4 pixels; Early wants fluid and no T1W signal."""
    inputs = keras.Input((SIZE_PX, SIZE_PX, 3))
    features = layers.Conv2D(2, 4, strides=4, use_bias=False, name=FEATURES)(inputs)
    pooled = layers.GlobalAveragePooling2D()(features)
    logits = layers.Dense(4, use_bias=False, name=SCORES)(pooled)
    present = layers.Dense(2, use_bias=False)(pooled)
    outputs = {"as": layers.Softmax(name="as")(present), "stage": layers.Softmax(name="stage")(logits)}
    network = keras.Model(inputs, outputs)
    kernel = np.zeros((4, 4, 3, 2), np.float32)
    kernel[:, :, 0, 0] = kernel[:, :, 1, 1] = 1 / 16
    network.get_layer(FEATURES).set_weights([kernel])
    weights = np.zeros((2, 4), np.float32)
    weights[:, 1] = T1_WEIGHT, FLUID_WEIGHT
    network.get_layer(SCORES).set_weights([weights])
    return network


@pytest.fixture
def reader(model: keras.Model) -> StageReader:
    spec = stage_spec(RULE, cutter=StripCutter(spacing_mm=SPACING_MM, size_px=SIZE_PX))
    return StageReader(Classifier(spec, [model]))


def _prediction(slices: tuple[int, ...], stage: Stage = Stage.EARLY) -> Prediction:
    one = (0.25, 0.25, 0.25, 0.25)
    return Prediction(True, 0.9, stage, one, tuple(SlicePrediction(index, 0.9, one) for index in slices))


def _explained(
    reader: StageReader, t1: Volume | None, fluid: Volume, joints: tuple[Joint, ...], prediction: Prediction
) -> Explanation:
    given = reader.prepare(t1, fluid, joints, [one.slice_index for one in prediction.slices])
    return explain(reader, given, joints=joints)


def _study() -> tuple[Volume, Volume, tuple[Joint, ...]]:
    """A dark T1W image, and fluid with one bright spot on the patient's left in slice 2, near the left joint."""
    rng = np.random.default_rng(0)
    t1 = volume(rng.uniform(90, 110, (5, 90, 96)), gap_mm=4.0)
    fluid = np.full(t1.shape, 20.0, np.float32)
    left, right = 72, 24
    fluid[2, 38:50, left - 6 : left + 6] = 400.0
    place = {"slices": slice(1, 4), "rows": slice(20, 70)}
    joints = upright_joint(t1, Side.LEFT, left, **place), upright_joint(t1, Side.RIGHT, right, **place)
    return t1, replace(t1, voxels=fluid), joints


def test_weights_are_the_mean_gradients(model: keras.Model) -> None:
    rng = np.random.default_rng(1)
    images = rng.uniform(0, 1, (3, SIZE_PX, SIZE_PX, 3)).astype(np.float32)
    cells = (SIZE_PX // 4) ** 2
    means = images.reshape(3, SIZE_PX // 4, 4, SIZE_PX // 4, 4, 3).mean(axis=(2, 4))
    expected = np.maximum(T1_WEIGHT * means[..., 0] + FLUID_WEIGHT * means[..., 1], 0) / cells
    activation = ClassActivation(model, layer=FEATURES, scores=SCORES)
    np.testing.assert_allclose(activation(images, class_index=1), expected, atol=1e-6)
    assert not activation(images, class_index=2).any()


def test_of_several_classes_the_log_odds_are_explained(model: keras.Model) -> None:
    """Early has all the evidence: any of three is explained by the share that Early has among them, less Normal's."""
    images = np.random.default_rng(1).uniform(0, 1, (2, SIZE_PX, SIZE_PX, 3)).astype(np.float32)
    activation = ClassActivation(model, layer=FEATURES, scores=SCORES)
    one, any_of_three = activation(images, class_index=1), activation(images, class_index=(1, 2, 3))
    logits = keras.Model(model.inputs, model.get_layer(SCORES).output).predict(images, verbose=0)
    share = np.exp(logits[:, 1]) / np.exp(logits[:, 1:]).sum(axis=1)
    np.testing.assert_allclose(any_of_three, one * share[:, None, None], atol=1e-6)


def test_the_heat_lies_on_the_lesion_on_the_source_grid(reader: StageReader) -> None:
    t1, fluid, joints = _study()
    made = _explained(reader, t1, fluid, joints, _prediction((1, 2, 3)))
    assert made.grad_cam.shape == made.focused.shape == t1.shape
    assert made.focus_source == ("", "joint", "joint", "joint", "")
    for heat in (made.grad_cam, made.focused):
        assert heat.max() > 0
        assert heat.min() >= 0
        assert not heat[[0, 4]].any()
        index, row, column = np.unravel_index(int(heat.argmax()), heat.shape)
        assert index == 2
        assert 34 <= row <= 54
        assert column > 48
    band = joints[0].band | joints[1].band
    assert made.focused[band].sum() > 0.8 * made.focused.sum()


def test_a_slice_whose_band_is_empty_has_the_published_box_as_focus(reader: StageReader) -> None:
    t1, fluid, joints = _study()
    bare = tuple(replace(joint, band=np.zeros_like(joint.band)) for joint in joints)
    made = _explained(reader, t1, fluid, bare, _prediction((2,)))
    assert made.focus_source[2] == "box"
    rows, columns = np.nonzero(made.focused[2] > 0)
    assert rows.min() >= 0.5 * 96 - 3
    assert 0.3 * 96 - 3 <= columns.min() <= columns.max() <= 0.7 * 96 + 3


def test_without_a_joint_there_is_no_heat(reader: StageReader) -> None:
    t1, fluid, _ = _study()
    made = _explained(reader, t1, fluid, (), _prediction((2,)))
    assert not made.grad_cam.any()
    assert made.focus_source[2] == "box"


def test_a_fluid_series_alone_is_explained_too(reader: StageReader) -> None:
    _, fluid, joints = _study()
    made = _explained(reader, None, fluid, joints, _prediction((2,)))
    assert made.grad_cam[2].max() > 0


def test_one_scale_for_all_studies_more_evidence_is_more_heat(reader: StageReader) -> None:
    """A faint spot is cooler than a strong one, and a study without any stays as cool as its T1 alone."""
    t1, fluid, joints = _study()
    spot, at_rest = fluid.voxels > 100, fluid.voxels.min()
    faint = replace(fluid, voxels=np.where(spot, 60.0, fluid.voxels).astype(np.float32))
    none = replace(fluid, voxels=np.full_like(fluid.voxels, at_rest))
    hot, warm, cold = (
        _explained(reader, t1, one, joints, _prediction((2,))).focused.max() for one in (fluid, faint, none)
    )
    assert hot > warm >= cold


@pytest.mark.parametrize("stage", list(Stage))
def test_what_is_explained_is_never_what_was_concluded(reader: StageReader, stage: Stage) -> None:
    t1, fluid, joints = _study()
    made = _explained(reader, t1, fluid, joints, _prediction((2,), stage))
    assert np.array_equal(made.focused, _explained(reader, t1, fluid, joints, _prediction((2,))).focused)


def test_neither_volume_is_an_error(reader: StageReader) -> None:
    with pytest.raises(ValueError, match="received neither"):
        _explained(reader, None, None, (), _prediction((2,)))
