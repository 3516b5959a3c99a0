"""The classifier: axial spondyloarthritis yes or no, and its stage, for each slice and for the study."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from config.codes import Code
from config.errors import BundleError
from inference.serving import ModelSpec, class_activation
from inference.sij_mri.stage.aggregation import Aggregation, aggregate
from inference.sij_mri.stage.strips import CHANNELS, StageInput, stage_input
from inference.sij_mri.types import STAGES, Joint, Prediction, SlicePrediction, Stage
from inference.types import FloatArray, Volume

BATCH = 16
LAST_CONVOLUTION = "last_convolution"
STAGE_LOGITS = "stage_logits"


class StagePredictor:
    """The stage network with the rule that makes a study of its slices.

    Parameters
    ----------
    model : keras.Model
        From float32 (batch, size_px, size_px, 3), channels as in :data:`inference.sij_mri.stage.strips.CHANNELS`, to
        the probabilities ``as`` (batch, 2) and ``stage`` (batch, 4). It has layers named LAST_CONVOLUTION and
        STAGE_LOGITS.
    spec : ModelSpec
        Its entry in the manifest; ``parameters["aggregation"]`` holds the rule.

    Raises
    ------
    BundleError
        ``BUNDLE_KIND``: the network does not fit its entry in the manifest.
    """

    def __init__(self, model: Any, spec: ModelSpec) -> None:
        expected = (None, spec.input.size_px, spec.input.size_px, len(CHANNELS))
        names = {layer.name for layer in model.layers}
        if tuple(model.input_shape) != expected or not {LAST_CONVOLUTION, STAGE_LOGITS} <= names:
            raise BundleError(
                Code.BUNDLE_KIND,
                f"The stage network does not fit its manifest: expected input {expected} and layers "
                f"{LAST_CONVOLUTION} and {STAGE_LOGITS}, received input {tuple(model.input_shape)}.",
            )
        self.model = model
        self.spec = spec
        self.rule = Aggregation.from_parameters(spec.parameters["aggregation"])

    def prepare(
        self, t1: Volume | None, fluid: Volume | None, joints: tuple[Joint, ...], slices: Sequence[int]
    ) -> StageInput:
        """Input of the network for some slices of the reference; see :mod:`inference.sij_mri.stage.strips`."""
        given = self.spec.input
        return stage_input(
            t1,
            fluid,
            joints,
            slices=slices,
            spacing_mm=given.spacing_mm,
            size_px=given.size_px,
        )

    def predict(
        self, t1: Volume | None, fluid: Volume | None, joints: tuple[Joint, ...], joint_slices: Sequence[int]
    ) -> Prediction:
        """Classify a study.

        Parameters
        ----------
        t1, fluid : Volume or None
            At least one; the reference is `t1` if there is one.
        joints : tuple of Joint
            On the grid of the reference; without any there is nothing to see.
        joint_slices : sequence of int
            Slices of the reference that show a joint; at least one.

        Raises
        ------
        ValueError
            No volume or no slice is given.
        """
        given = self.prepare(t1, fluid, joints, joint_slices)
        return aggregate(self.judge(given.images, given.slices), self.rule)

    def judge(self, images: FloatArray, slices: Sequence[int]) -> tuple[SlicePrediction, ...]:
        """What the network says of each image, float32 (n, size_px, size_px, 3)."""
        present, stages = [], []
        for first in range(0, len(images), BATCH):
            part = images[first : first + BATCH]
            filled = np.zeros((BATCH, *part.shape[1:]), np.float32)  # one shape, so that one graph serves every study
            filled[: len(part)] = part
            outputs = self.model.predict_on_batch(filled)
            present.append(np.asarray(outputs["as"])[: len(part), 1])
            stages.append(np.asarray(outputs["stage"])[: len(part)])
        if not present:
            return ()
        return tuple(
            SlicePrediction(int(index), float(one), (float(a), float(b), float(c), float(d)))
            for index, one, (a, b, c, d) in zip(slices, np.concatenate(present), np.concatenate(stages), strict=True)
        )

    def activation(self, images: FloatArray, stage: Stage) -> FloatArray:
        """Grad-CAM for one stage of images, float32 (n, size_px, size_px, 3); see :mod:`inference.serving.gradcam`."""
        return class_activation(
            self.model,
            images,
            layer=LAST_CONVOLUTION,
            scores=STAGE_LOGITS,
            class_index=STAGES.index(stage),
        )

    def warm(self) -> None:
        """Run the network and its gradient once, so that the first study does not wait for their graphs."""
        size = self.spec.input.size_px
        blank = np.zeros((1, size, size, len(CHANNELS)), np.float32)
        self.judge(blank, (0,))
        self.activation(blank, Stage.NORMAL)
