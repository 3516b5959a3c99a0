"""What a phantom is asked to be, and the lesions it was given."""

from dataclasses import dataclass, field

from inference.sij_mri import Role
from inference.types import BoolArray, Side, Vector


@dataclass(frozen=True, slots=True)
class GridSpec:
    """One stack of parallel slices.

    Attributes
    ----------
    slices, rows, columns : int
    pixel_mm : float
    step_mm : float
        Distance of the slices' middles.
    thickness_mm : float
    tilt_deg, turn_deg : float
        Angle to the plane along the patient's sacrum: about the left-right axis, and within the slice.
    shift_mm : Vector
        Of the stack's middle, in the patient system LPS.
    """

    slices: int = 25
    rows: int = 256
    columns: int = 256
    pixel_mm: float = 0.75
    step_mm: float = 3.3
    thickness_mm: float = 3.0
    tilt_deg: float = 0.0
    turn_deg: float = 0.0
    shift_mm: Vector = (0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class LesionRequest:
    """A lesion to make.

    Attributes
    ----------
    kind : str
        "bme" (bone marrow edema), "erosion", "fat", "sclerosis" or "ankylosis".
    side : Side
    bone : str
        "sacral", "iliac" or "both".
    height : float
        Place along the joint, 0 at its upper and 1 at its lower end.
    depth : float
        Place along the joint, 0 at its front and 1 at its back end.
    radius_mm : float
        Extent along the joint; a lesion reaches about half as deep into the marrow.
    strength : float
        Share of the lesion's full contrast, 0 to 1.
    """

    kind: str
    side: Side
    bone: str = "sacral"
    height: float = 0.45
    depth: float = 0.5
    radius_mm: float = 12.0
    strength: float = 1.0


@dataclass(frozen=True, slots=True)
class PhantomSpec:
    """What is fixed for a phantom; all else is drawn by the seed.

    Attributes
    ----------
    t1, fluid : GridSpec
    sacral_tilt_deg : float or None
        Angle of the sacrum, and with it of the slices, to the coronal plane; None draws one.
    rotation_deg : (float, float) or None
        Rotation of the patient about the long axis and about the front-to-back axis; None draws small ones.
    noise : float or None
        Standard deviation relative to fat (T1W) and to one sixth of free water (fluid-sensitive); None draws one.
    bias : float or None
        Depth of the receive field's variation, relative; None draws one.
    asymmetry : float
        Strength of the difference between left and right bones; 0: none.
    lesions : tuple of LesionRequest
        Empty: a patient without lesions.
    """

    t1: GridSpec = field(default_factory=GridSpec)
    fluid: GridSpec = field(default_factory=GridSpec)
    sacral_tilt_deg: float | None = None
    rotation_deg: tuple[float, float] | None = None
    noise: float | None = None
    bias: float | None = None
    asymmetry: float = 1.0
    lesions: tuple[LesionRequest, ...] = ()


@dataclass(frozen=True, slots=True)
class Lesion:
    """A lesion that was made.

    Attributes
    ----------
    kind, side, bone
        As in LesionRequest.
    role : Role
        The grid on which the mask lies: fluid-sensitive for edema, T1W for structural lesions.
    center_mm : Vector
        Center of mass, LPS.
    volume_mm3 : float
    mask : bool array (slices, rows, columns)
        Voxels of which the lesion, whose edge is soft, takes more than LESION_SHARE.
    """

    kind: str
    side: Side
    bone: str
    role: Role
    center_mm: Vector
    volume_mm3: float
    mask: BoolArray
