"""Why something could not be judged: the first thing along the way that was missing."""

from inference.result import Limitation
from inference.sij_mri.limitations import LimitationCode
from inference.sij_mri.types import Reading, Role
from inference.types import Side

NO_SERIES = {Role.T1W: LimitationCode.NO_T1, Role.FLUID: LimitationCode.NO_FLUID}
NO_JOINT = {Side.LEFT: LimitationCode.NO_LEFT_JOINT, Side.RIGHT: LimitationCode.NO_RIGHT_JOINT}


def missing_region(reading: Reading) -> Limitation | None:
    """Why there is no bone region; None where there is one."""
    return None if reading.region is not None else Limitation(LimitationCode.NO_REGION)


def missing_bones(reading: Reading) -> Limitation | None:
    """Why the bone region has no volume; None where it has.

    The region of a fluid-sensitive series alone is the marrow in which edema is sought: its size says nothing of bones.
    """
    return missing_region(reading) or _missing_series(reading, Role.T1W)


def missing_joint(reading: Reading, side: Side) -> Limitation | None:
    """Why a joint was not traced; None where it was."""
    if reading.joint(side) is not None:
        return None
    return _missing_series(reading, Role.T1W) or missing_region(reading) or Limitation(NO_JOINT[side])


def missing_edema(reading: Reading) -> Limitation | None:
    """Why no edema could be judged; None where it was."""
    if reading.edema is not None:
        return None
    return (
        _missing_series(reading, Role.FLUID)
        or missing_region(reading)
        or _noted(reading, LimitationCode.FRAME_OF_REFERENCE)
        or Limitation(LimitationCode.NO_NORMAL_MARROW)
    )


def missing_edema_of(reading: Reading, side: Side) -> Limitation | None:
    """Why the edema of one joint could not be judged; None where it was.

    A joint that was traced, but of which nothing lies on the fluid-sensitive series, is not covered by it.
    """
    missing = missing_edema(reading)
    if missing is not None or reading.edema is None or side in reading.edema.usual.near:
        return missing
    return missing_joint(reading, side) or missing_part(reading, side) or Limitation(NO_JOINT[side])


def missing_class(reading: Reading) -> Limitation | None:
    """Why no class is given, slices that are missing first; None where all that it needs was judged."""
    series = (_missing_series(reading, role) for role in Role)
    for missing in (missing_slices(reading), *series, missing_region(reading)):
        if missing is not None:
            return missing
    for side in Side:
        missing = missing_joint(reading, side) or missing_edema_of(reading, side) or missing_part(reading, side)
        if missing is not None:
            return missing
    return None if reading.prediction is not None else Limitation(LimitationCode.NOT_CLASSIFIED)


def missing_slices(reading: Reading) -> Limitation | None:
    """Why slices of what was read may be missing; None where it is whole."""
    return next(iter(reading.missing), None)


def missing_part(reading: Reading, side: Side) -> Limitation | None:
    """How much of a joint the fluid-sensitive series shows; None where it shows it wholly."""
    return reading.uncovered.get(side)


def missing_view(reading: Reading, side: Side | None) -> Limitation | None:
    """Why edema may have gone unseen at a joint that was judged, or at either; None where all of it was seen."""
    parts = (missing_part(reading, one) for one in Side if side in (None, one))
    return missing_slices(reading) or next((one for one in parts if one is not None), None)


def _missing_series(reading: Reading, role: Role) -> Limitation | None:
    """Why a series was not read: there is none, or it cannot be decoded."""
    if (reading.t1 if role is Role.T1W else reading.fluid) is not None:
        return None
    unreadable = _noted(reading, LimitationCode.SERIES_UNREADABLE)
    return unreadable if unreadable and unreadable.parameters["role"] == role else Limitation(NO_SERIES[role])


def _noted(reading: Reading, code: LimitationCode) -> Limitation | None:
    return next((one for one in reading.limitations if one.code == code), None)
