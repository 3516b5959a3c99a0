"""What rules a stack out before its contrast is looked at: no original MR images, or another place."""

from collections.abc import Callable, Set

from inference.series.case import Case
from inference.series.words import Meaning

MIN_SLICES = 8
MAPS = {
    "ADC": "an ADC map",
    "EADC": "an ADC map",
    "FA": "an anisotropy map",
    "TRACEW": "a diffusion image",
    "DIFFUSION": "a diffusion image",
    "PERFUSION": "a perfusion image",
    "SUBTRACTION": "a subtraction",
    "SUB": "a subtraction",
    "SUBTRACT": "a subtraction",
    "MIP": "a projection",
    "MINIP": "a projection",
    "MIN IP": "a projection",
    "MAX IP": "a projection",
    "PROJECTION IMAGE": "a projection",
    "MEAN": "a mean of images",
    "T1 MAP": "a T1 map",
    "T2 MAP": "a T2 map",
    "T2_MAP": "a T2 map",
    "T1_MAP": "a T1 map",
    "MOSAIC": "a mosaic of small slices",
    "LOCALIZER": "a localizer",
    "SCREEN SAVE": "a screen capture",
}
REFORMATS = {"MPR", "CSA MPR", "REFORMATTED", "RESAMPLED", "MPR_THICK", "CPR"}


def refuse_kind(case: Case, *, unwanted: Set[str] = frozenset({"fat"})) -> None:
    """Rule out what is no original MR image of a stack, or a Dixon component that the role does not want."""
    checks: tuple[Callable[[Case], str], ...] = (
        _not_mr,
        _mapped,
        _diffusion,
        lambda one: _component(one, unwanted),
        _localizer,
        _reformat,
    )
    for check in checks:
        reason = check(case)
        if reason:
            case.refuse(reason)
            return


def _not_mr(case: Case) -> str:
    if not case.magnetic:
        return f"not MR images (modality {case.series.modality or 'not given'})"
    if not case.stack.images[0].has_pixels:
        return "the objects hold no pixels"
    return "" if case.placed else "the place of the images in the patient, or the pixel spacing, is not given"


def _mapped(case: Case) -> str:
    found = next((text for mark, text in MAPS.items() if mark in case.image_type), "")
    if found:
        return f"{found}, as the image type says"
    dixon = case.kind in ("water", "in phase", "opposed phase", "fat")
    if {"DERIVED", "SECONDARY"} <= case.image_type and not dixon and not case.image_type & REFORMATS:
        named = " (ADC)" if Meaning.DIFFUSION in case.names else ""
        return f"a derived image{named}, as the image type says"
    return ""


def _diffusion(case: Case) -> str:
    b_value = max((image.b_value or 0 for image in case.series.images), default=0)
    if b_value > 0:
        return f"diffusion imaging (b up to {b_value:.0f} s/mm2)"
    if "EP" in case.sequence:
        return "echo planar imaging"
    return "diffusion imaging, by its name" if Meaning.DIFFUSION in case.names and not case.measured else ""


def _component(case: Case, unwanted: Set[str]) -> str:
    if case.kind in ("phase", "real or imaginary"):
        return f"a {case.kind} image"
    if case.kind in unwanted:
        return f"the {case.kind} image of a Dixon series"
    return ""


def _localizer(case: Case) -> str:
    if case.stack_orientations >= 3 and len(case.stack.images) < 0.8 * len(case.series.images):
        return f"a localizer or another mix of {case.stack_orientations} orientations"
    slices = len(case.stack.images)
    gradient = "GR" in case.sequence and "SE" not in case.sequence
    if Meaning.LOCALIZER in case.names and (gradient or slices < MIN_SLICES or not case.measured):
        return "a localizer, by its name and sequence"
    if slices < MIN_SLICES:
        return f"only {slices} slice{'s' * (slices != 1)} in one orientation, at least {MIN_SLICES} are needed"
    return ""


def _reformat(case: Case) -> str:
    marked = case.image_type & REFORMATS or (Meaning.DERIVED in case.names and "ORIGINAL" not in case.image_type)
    if not marked:
        if "DERIVED" in case.image_type and not case.kind:
            case.give("image type", -8, "marked as derived")
        return ""
    if case.stack.images[0].acquisition_type != "3D" or "SE" not in case.sequence:
        return "a reformatted image, not the acquired one"
    case.give("image type", -20, "reformatted from a 3D spin echo")
    case.notes.append("The planes are reformatted from a 3D acquisition.")
    return ""
