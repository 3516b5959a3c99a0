"""What rules a stack out before its contrast is looked at: no original MR images, or another place."""

from collections.abc import Callable, Collection, Set

from pydicom.uid import UID

from inference.dicom import names_dixon
from inference.series.case import Case
from inference.series.words import Meaning
from inference.types import Key, Reason

MIN_SLICES = 8
MAPS: dict[str, Key] = {
    "ADC": "adc-map",
    "EADC": "adc-map",
    "FA": "anisotropy-map",
    "TRACEW": "diffusion-image",
    "DIFFUSION": "diffusion-image",
    "PERFUSION": "perfusion-image",
    "SUBTRACTION": "subtraction",
    "SUB": "subtraction",
    "SUBTRACT": "subtraction",
    "MIP": "projection",
    "MINIP": "projection",
    "MIN IP": "projection",
    "MAX IP": "projection",
    "PROJECTION IMAGE": "projection",
    "MEAN": "mean-image",
    "T1 MAP": "t1-map",
    "T2 MAP": "t2-map",
    "T2_MAP": "t2-map",
    "T1_MAP": "t1-map",
    "MOSAIC": "mosaic",
    "LOCALIZER": "localizer-image",
    "SCREEN SAVE": "screen-capture",
}
REFORMATS = {"MPR", "CSA MPR", "REFORMATTED", "RESAMPLED", "MPR_THICK", "CPR"}


def refuse_kind(case: Case, *, unwanted: Set[Key] = frozenset({"fat"})) -> None:
    """Rule out what is no original MR image of a stack, or a Dixon component that the role does not want."""
    checks: tuple[Callable[[Case], Reason | None], ...] = (
        _not_mr,
        _mapped,
        _diffusion,
        lambda one: _component(one, unwanted),
        _localizer,
        _reformat,
    )
    for check in checks:
        reason = check(case)
        if reason is not None:
            case.refuse(reason)
            return


def is_made_of_others(image_type: Collection[str]) -> bool:
    """True where the image type alone rules an image out: a map, a projection, or derived and no reformat or Dixon.

    Parameters
    ----------
    image_type : collection of str
        In capitals; empty: not known.
    """
    known = frozenset(image_type)
    derived = {"DERIVED", "SECONDARY"} <= known and not known & REFORMATS and not names_dixon(known)
    return bool(known & MAPS.keys()) or derived


def _not_mr(case: Case) -> Reason | None:
    if not case.magnetic:
        modality = case.series.modality
        if modality == "MR":  # color, spectroscopy, raw data
            return Reason.of("other-mr-class", name=UID(case.stack.images[0].sop_class_uid).name)
        return Reason.of("not-mr", modality=modality) if modality else Reason("not-mr-unnamed")
    if not case.stack.images[0].has_pixels:
        return Reason("no-pixels")
    return None if case.placed else Reason("no-place")


def _mapped(case: Case) -> Reason | None:
    found = next((code for mark, code in MAPS.items() if mark in case.image_type), None)
    if found is not None:
        return Reason.of("marked-as", kind=Reason(found))
    dixon = case.kind in ("water", "in phase", "opposed phase", "fat")
    if {"DERIVED", "SECONDARY"} <= case.image_type and not dixon and not case.image_type & REFORMATS:
        kind = "derived-diffusion" if Meaning.DIFFUSION in case.names else "derived-image"
        return Reason.of("marked-as", kind=Reason(kind))
    return None


def _diffusion(case: Case) -> Reason | None:
    b_value = max((image.b_value or 0 for image in case.series.images), default=0)
    if b_value > 0:
        return Reason.of("diffusion-imaging", b_value=b_value)
    if "EP" in case.sequence:
        return Reason("echo-planar")
    return Reason("diffusion-by-name") if Meaning.DIFFUSION in case.names and not case.measured else None


def _component(case: Case, unwanted: Set[Key]) -> Reason | None:
    if case.kind in ("phase", "real or imaginary"):
        return Reason.of("complex-part", kind=Reason(case.kind))
    if case.kind in unwanted:
        return Reason.of("dixon-component", kind=Reason(case.kind))
    return None


def _localizer(case: Case) -> Reason | None:
    if case.stack_orientations >= 3 and len(case.stack.images) < 0.8 * len(case.series.images):
        return Reason.of("many-orientations", orientations=case.stack_orientations)
    slices = len(case.stack.images)
    gradient = "GR" in case.sequence and "SE" not in case.sequence
    if Meaning.LOCALIZER in case.names and (gradient or slices < MIN_SLICES or not case.measured):
        return Reason("localizer-by-name")
    if slices < MIN_SLICES:
        return Reason.of("one-slice" if slices == 1 else "few-slices", slices=slices, needed=MIN_SLICES)
    return None


def _reformat(case: Case) -> Reason | None:
    marked = case.image_type & REFORMATS or (Meaning.DERIVED in case.names and "ORIGINAL" not in case.image_type)
    if not marked:
        if "DERIVED" in case.image_type and not case.kind:
            case.give("image type", -8, Reason("marked-derived"))
        return None
    if case.stack.images[0].acquisition_type != "3D" or "SE" not in case.sequence:
        return Reason("reformatted")
    case.give("image type", -20, Reason("reformatted-3d-spin-echo"))
    case.note(Reason("reformatted-from-3d"))
    return None
