"""The classifier: axial spondyloarthritis yes or no, and its stage, for each slice and for the study."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from inference.serving import Classifier, InputSpec, Kind, ModelSpec, unknown_cutter
from inference.sij_mri.stage.aggregation import Aggregation, aggregate
from inference.sij_mri.stage.strips import CUTTER, StageInput, StripCutter
from inference.sij_mri.types import STAGES, Joint, Prediction, SlicePrediction, Stage
from inference.types import FloatArray, Volume

PRESENT, STAGE = "as", "stage"
OUTPUTS: Mapping[str, tuple[str, ...]] = {PRESENT: ("absent", "present"), STAGE: tuple(map(str, STAGES))}
ABNORMAL = tuple(index for index, stage in enumerate(STAGES) if stage is not Stage.NORMAL)
LAST_CONVOLUTION = "last_convolution"
STAGE_LOGITS = "stage_logits"


class StageReader:
    """Classifies a study with the model of a bundle, and the rule that makes a study of its slices.

    Parameters
    ----------
    classifier : Classifier
        Its outputs are OUTPUTS, its cutter is :class:`~inference.sij_mri.stage.strips.StripCutter`, and
        ``parameters["aggregation"]`` holds the rule.
    """

    def __init__(self, classifier: Classifier) -> None:
        self.classifier = classifier
        self.cutter, self.rule = read_stage_spec(classifier.spec)

    def prepare(
        self, t1: Volume | None, fluid: Volume | None, joints: tuple[Joint, ...], slices: Sequence[int]
    ) -> StageInput:
        """Input of the network for some slices of the reference; see :mod:`inference.sij_mri.stage.strips`."""
        return self.cutter.cut(t1, fluid, joints, slices)

    def predict(self, given: StageInput) -> Prediction:
        """Classify a study.

        Parameters
        ----------
        given : StageInput
            Of the slices that show a joint; at least one.

        Raises
        ------
        ValueError
            There is no slice.
        """
        return aggregate(self.judge(given.images, given.slices), self.rule)

    def judge(self, images: FloatArray, slices: Sequence[int]) -> tuple[SlicePrediction, ...]:
        """What the network says of each image, float32 (n, size_px, size_px, 3)."""
        said, _ = self.classifier.predict(images)
        return tuple(
            SlicePrediction(int(index), float(one), (float(a), float(b), float(c), float(d)))
            for index, one, (a, b, c, d) in zip(slices, said[PRESENT][:, 1], said[STAGE], strict=True)
        )

    def activation(self, images: FloatArray) -> FloatArray:
        """Grad-CAM for a pattern of axial spondyloarthritis, of any stage but Normal.

        Parameters
        ----------
        images : float32 array (n, size_px, size_px, 3)

        Returns
        -------
        float32 array (n, rows, columns)
            Not negative, not normalized; see :mod:`inference.serving.gradcam`.
        """
        return self.classifier.activation(images, STAGE, class_index=ABNORMAL)


def read_stage_spec(spec: ModelSpec) -> tuple[StripCutter, Aggregation]:
    """Read what a manifest says of the stage network.

    Raises
    ------
    BundleError
        ``BUNDLE_CUTTER``: it says what this application cannot do.
    """
    cutter = StripCutter.of(spec)
    if dict(spec.outputs) != OUTPUTS or STAGE not in spec.parameters.get("explain", {}).get("scores", {}):
        raise unknown_cutter(spec, f"expected the outputs {dict(OUTPUTS)}, and layers that explain {STAGE}")
    try:
        return cutter, Aggregation.from_parameters(spec.parameters["aggregation"])
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise unknown_cutter(spec, f"its rule from slices to study cannot be read: {type(error).__name__}") from error


def stage_spec(rule: Aggregation, *, cutter: StripCutter | None = None) -> ModelSpec:
    """What a manifest says of the stage network."""
    cutter = cutter or StripCutter()
    return ModelSpec(
        role="stage",
        kind=Kind.CLASSIFIER,
        input=InputSpec(cutter.shape, CUTTER, asdict(cutter)),
        outputs=OUTPUTS,
        parameters={
            "aggregation": rule.parameters(),
            "explain": {"layer": LAST_CONVOLUTION, "scores": {STAGE: STAGE_LOGITS}},
        },
    )
