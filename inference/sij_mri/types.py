"""What is found at the sacroiliac joints, on the grid of one of the two volumes."""

from dataclasses import dataclass, field
from enum import StrEnum

from inference.series import Selection
from inference.types import BoolArray, FloatArray, Limitation, ModelIdentity, Side, Volume


class Role(StrEnum):
    """What a series is used for."""

    T1W = "T1W"
    FLUID = "fluid-sensitive"


class Stage(StrEnum):
    """Stages as this project means them; the order is that of every probability vector."""

    NORMAL = "Normal"
    EARLY = "Early"
    MODERATE = "Moderate"
    ADVANCED = "Advanced"


STAGES: tuple[Stage, ...] = tuple(Stage)


@dataclass(frozen=True, slots=True)
class Joint:
    """One sacroiliac joint, on the grid of the volume it was found in.

    Attributes
    ----------
    side : Side
    columns_px : float32 array (slices, rows)
        Column index of the joint surface in each row of each slice; NaN where there is no joint.
    band : bool array (slices, rows, columns)
        The joint region: within 7.5 mm of the surface, in the slice plane.
    visibility : float32 array (slices,)
        0 to 1: how clearly a joint line is seen in each slice; low within the joint's extent hints at ankylosis.
    """

    side: Side
    columns_px: FloatArray
    band: BoolArray
    visibility: FloatArray


@dataclass(frozen=True, slots=True)
class Edema:
    """Bone marrow oedema on the fluid-sensitive grid.

    Attributes
    ----------
    left, right : bool array (slices, rows, columns)
    normal_mean, normal_sd : float
        Intensity of the normal sacral marrow found by the method.
    threshold : float
        Intensity above which marrow counts as oedematous.
    left_mm3, right_mm3 : float
    """

    left: BoolArray
    right: BoolArray
    normal_mean: float
    normal_sd: float
    threshold: float
    left_mm3: float
    right_mm3: float


@dataclass(frozen=True, slots=True)
class AsasResult:
    """The ASAS/OMERACT rule for active sacroiliitis, computed from the oedema within the subchondral band.

    ``lesions`` names each counted lesion so that anyone can check it by eye: (side, slice index, area in mm2).
    """

    positive: bool
    left_positive: bool
    right_positive: bool
    sentence: str
    lesions: tuple[tuple[Side, int, float], ...] = ()


@dataclass(frozen=True, slots=True)
class SlicePrediction:
    """What the classifier says of one slice. ``stage`` probabilities follow STAGES and sum to 1."""

    slice_index: int
    as_probability: float
    stage_probabilities: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Prediction:
    """Study result of the classifier, with that of each slice that shows a joint."""

    as_present: bool
    as_probability: float
    stage: Stage
    stage_probabilities: tuple[float, float, float, float]
    slices: tuple[SlicePrediction, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Class activation on the grid of the reference volume; rows of untouched slices are zero.

    Attributes
    ----------
    grad_cam, focused : float32 array (slices, rows, columns), 0 to 1
    focus_source : tuple of str
        For each slice: "joint" (the predicted joint region), "box" (the published fixed box) or "" (not explained).
    """

    grad_cam: FloatArray
    focused: FloatArray
    focus_source: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Analysis:
    """Everything one study gave.

    A study that does not apply has neither volume; ``selection.sentence`` says why.
    """

    study_instance_uid: str
    selection: Selection
    model: ModelIdentity
    t1: Volume | None = None
    fluid: Volume | None = None
    region: BoolArray | None = None  # on the reference grid
    joints: tuple[Joint, ...] = ()  # on the reference grid
    joint_slices: tuple[int, ...] = ()  # slices of the reference volume that show a joint
    edema: Edema | None = None  # on the fluid grid
    asas: AsasResult | None = None
    prediction: Prediction | None = None
    explanation: Explanation | None = None
    limitations: tuple[Limitation, ...] = ()
    timings_s: dict[str, float] = field(default_factory=dict)

    @property
    def applicable(self) -> bool:
        """False where no sacroiliac series was found."""
        return self.t1 is not None or self.fluid is not None

    @property
    def reference(self) -> Volume | None:
        """The volume on whose grid region, joints and heatmaps lie: T1-weighted if there is one."""
        return self.t1 if self.t1 is not None else self.fluid

    def joint(self, side: Side) -> Joint | None:
        """The joint of one side, if it was found."""
        return next((joint for joint in self.joints if joint.side == side), None)
