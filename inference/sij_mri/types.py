"""What is found at the sacroiliac joints, on the grid of one of the two volumes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from inference.result import Answer, Limitation
from inference.types import BoolArray, FloatArray, Side, Volume


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


class Cutoff(StrEnum):
    """How probable edema must be to count: as the bundle says, or by one step more, or less."""

    STRICT = "strict"
    USUAL = "usual"
    LOOSE = "loose"


@dataclass(frozen=True, slots=True)
class EdemaParts:
    """Edema by the joint that it belongs to; no voxel is in two parts. Arrays are bool (slices, rows, columns).

    Attributes
    ----------
    near : mapping of Side to bool array
        In the subchondral band of each joint that is known there; a side whose joint is not known has no entry.
    deep : mapping of Side to bool array
        Continuous with it, beyond the band; of the same sides.
    elsewhere : bool array
        What belongs to no joint that is known.
    in_joint : mapping of Side to bool array
        What of `near` lies in the space of the joint itself, where fluid is bright too and no marrow is.
    """

    near: Mapping[Side, BoolArray]
    deep: Mapping[Side, BoolArray]
    elsewhere: BoolArray
    in_joint: Mapping[Side, BoolArray] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Edema:
    """Bone marrow edema on the fluid-sensitive grid.

    Attributes
    ----------
    at : mapping of Cutoff to EdemaParts
        At each of the three cut-offs.
    normal_mean, normal_sd : float
        Intensity of the normal sacral marrow found by the method.
    threshold : float
        Intensity above which marrow counts as edematous.
    """

    at: Mapping[Cutoff, EdemaParts]
    normal_mean: float
    normal_sd: float
    threshold: float

    @property
    def usual(self) -> EdemaParts:
        """At the cut-offs of the bundle: what is drawn, and the value of every volume."""
        return self.at[Cutoff.USUAL]


@dataclass(frozen=True, slots=True)
class Lesion:
    """One spot of subchondral edema in one plane of the fluid-sensitive series, large enough to count.

    Attributes
    ----------
    side : Side
    plane : int
    area_mm2 : float
    box_px : ((int, int), (int, int))
        First and last (row, column).
    """

    side: Side
    plane: int
    area_mm2: float
    box_px: tuple[tuple[int, int], tuple[int, int]]


@dataclass(frozen=True, slots=True)
class AsasResult:
    """The ASAS/OMERACT rule for active sacroiliitis, computed from the edema within the subchondral band.

    Attributes
    ----------
    study : Answer or None
        Present, absent, or undecided: it depends on the cut-off of edema. None where it was not judged: what would meet
        the rule may lie at a joint that is not known.
    by_side : mapping of Side to Answer
        Of the sides that were judged: a side whose joint is not known has no entry.
    lesions : tuple of Lesion
        Each counted lesion at the cut-offs of the bundle, so that anyone can check it by eye.
    """

    study: Answer | None
    by_side: Mapping[Side, Answer]
    lesions: tuple[Lesion, ...] = ()


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
    grad_cam, focused : float32 array (slices, rows, columns)
        Not negative, on the scale of the network: one for all studies.
    focus_source : tuple of str
        For each slice: "joint" (the predicted joint region), "box" (the published fixed box) or "" (not explained).
    """

    grad_cam: FloatArray
    focused: FloatArray
    focus_source: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """What was found in one study, as this application thinks of it; :mod:`inference.sij_mri.said` says it.

    Attributes
    ----------
    t1, fluid : Volume or None
        At least one of them.
    region : bool array or None
        On the grid of the reference.
    joints : tuple of Joint
        On the grid of the reference.
    joints_on_fluid : tuple of Joint
        The same on the grid of `fluid`; empty where they could not be carried over.
    edema : Edema or None
        On the grid of `fluid`; None where it could not be judged.
    asas : AsasResult or None
    prediction : Prediction or None
    explanation : Explanation or None
        On the grid of the reference.
    limitations : tuple of Limitation
    recognized : bool
        Whether the pictures show sacroiliac joints at all; where they do not, nothing else is said of them.
    missing : tuple of Limitation
        Why slices of what was read may be missing: then there is no class, and no rule is "not met".
    uncovered : mapping of Side to Limitation
        The joints of which `fluid` shows a part only: then there is no class, and no rule of theirs is "not met".
    """

    t1: Volume | None = None
    fluid: Volume | None = None
    region: BoolArray | None = None
    joints: tuple[Joint, ...] = ()
    joints_on_fluid: tuple[Joint, ...] = ()
    edema: Edema | None = None
    asas: AsasResult | None = None
    prediction: Prediction | None = None
    explanation: Explanation | None = None
    limitations: tuple[Limitation, ...] = ()
    recognized: bool = True
    missing: tuple[Limitation, ...] = ()
    uncovered: Mapping[Side, Limitation] = field(default_factory=dict)

    @property
    def reference(self) -> Volume:
        """The volume on whose grid region, joints and heat maps lie: T1-weighted if there is one.

        Raises
        ------
        ValueError
            There is no volume.
        """
        volume = self.t1 if self.t1 is not None else self.fluid
        if volume is None:
            raise ValueError("a reading has at least one volume, received none")
        return volume

    @property
    def reference_role(self) -> Role:
        """The role of the reference."""
        return Role.T1W if self.t1 is not None else Role.FLUID

    def joint(self, side: Side) -> Joint | None:
        """The joint of one side, if it was found."""
        return next((joint for joint in self.joints if joint.side == side), None)
