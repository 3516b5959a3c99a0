"""The criteria of selection: what speaks for and against a stack of planes in a role.

Points of a perfect series: physics 45, geometry 40, names 15. A ``refusal`` rules the stack out whatever its points.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from inference.selection_words import Meaning, meanings
from inference.stacks import Stack
from inference.types import Evidence, Role, SeriesHeader

MR_CLASSES = {
    "1.2.840.10008.5.1.4.1.1.4": "MR Image",
    "1.2.840.10008.5.1.4.1.1.4.1": "Enhanced MR Image",
    "1.2.840.10008.5.1.4.1.1.4.4": "Legacy Converted Enhanced MR Image",
}
MIN_SLICES = 8
FAT_OPTIONS = {"FS", "SFS", "FATSAT", "FAT_SAT", "FAT SAT", "SPIR", "SPAIR", "SPFS", "WE", "FATSUP"}
MAPS = {
    "ADC": "an ADC map",
    "EADC": "an ADC map",
    "FA": "an anisotropy map",
    "TRACEW": "a diffusion image",
    "DIFFUSION": "a diffusion image",
    "PERFUSION": "a perfusion image",
    "SUBTRACTION": "a subtraction",
    "SUB": "a subtraction",
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
OTHER_PARTS = {
    *("HEAD", "BRAIN", "SKULL", "NECK", "CSPINE", "TSPINE", "CTSPINE", "CHEST", "THORAX", "BREAST", "HEART", "LIVER"),
    *("KNEE", "SHOULDER", "ELBOW", "WRIST", "HAND", "FINGER", "ANKLE", "FOOT", "TOE", "ARM", "FOREARM", "LEG", "CALF"),
    *("PROSTATE", "ORBIT", "JAW", "TMJ", "EXTREMITY"),
}


@dataclass
class Case:
    """One stack judged for one role: evidence is gathered, then read."""

    series: SeriesHeader
    stack: Stack
    role: Role
    stack_orientations: int = 1
    evidence: list[Evidence] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        series = self.series
        self.names = meanings(series.description, series.protocol_name, series.sequence_name)
        self.repetition_ms = self.stack.typical("repetition_time_ms")
        self.echo_ms = self.stack.typical("echo_time_ms")
        self.inversion_ms = self.stack.typical("inversion_time_ms")
        self.sequence = self.stack.words("scanning_sequence")
        self.image_type = self.stack.words("image_type")
        self.measured = self.repetition_ms is not None and self.echo_ms is not None

    def give(self, criterion: str, points: float, text: str) -> None:
        """Add evidence."""
        self.evidence.append(Evidence(criterion, round(points, 1), text))

    def refuse(self, reason: str) -> None:
        """Rule the stack out."""
        self.refusals.append(reason)

    @property
    def score(self) -> float:
        """Sum of the points, within 0 and 100; a refused stack has at most 49."""
        total = max(0.0, min(100.0, sum(item.points for item in self.evidence)))
        return round(min(total, 49.0) if self.refusals else total, 1)

    @property
    def fat_suppressed(self) -> str:
        """How fat suppression is known: "header", "name" or "" (not known)."""
        if self.stack.kind == "water" or self.stack.words("scan_options") & FAT_OPTIONS:
            return "header"
        water = Meaning.WATER in self.names and not self.stack.kind
        return "name" if water or Meaning.FAT_SUPPRESSED in self.names else ""

    @property
    def inversion(self) -> bool:
        """True for an inversion recovery sequence."""
        return "IR" in self.sequence or self.inversion_ms is not None

    @property
    def times(self) -> str:
        """TR, TE and TI in words."""
        known = (("TR", self.repetition_ms), ("TE", self.echo_ms), ("TI", self.inversion_ms))
        return ", ".join(f"{name} {value:.4g} ms" for name, value in known if value is not None) or "no times given"


def judge(case: Case) -> Case:
    """Fill a case with evidence, refusals and notes."""
    _refuse_kind(case)
    if not case.refusals:
        (_t1_physics if case.role == Role.T1W else _fluid_physics)(case)
        _geometry(case)
    if not case.refusals or case.stack.normal is not None:
        _names(case)
    return case


# --- what it is -------------------------------------------------------------------------------------------------------


def _refuse_kind(case: Case) -> None:
    """Rule out what is no original MR image of a stack."""
    checks: tuple[Callable[[Case], str], ...] = (
        _not_mr,
        _mapped,
        _diffusion,
        _component,
        _localizer,
        _reformat,
        _elsewhere,
    )
    for check in checks:
        reason = check(case)
        if reason:
            case.refuse(reason)
            return


def _not_mr(case: Case) -> str:
    image = case.stack.images[0]
    if case.series.modality not in ("MR", "") or image.sop_class_uid not in MR_CLASSES:
        return f"not MR images (modality {case.series.modality or 'not given'})"
    if not image.has_pixels:
        return "the objects hold no pixels"
    if image.position_mm is None or case.stack.normal is None:
        return "the place of the images in the patient is not given"
    if image.pixel_spacing_mm is None:
        return "the pixel spacing is not given"
    return ""


def _mapped(case: Case) -> str:
    found = next((text for mark, text in MAPS.items() if mark in case.image_type), "")
    if found:
        return f"{found}, as the image type says"
    dixon = case.stack.kind in ("water", "in phase", "opposed phase", "fat")
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


def _component(case: Case) -> str:
    if case.stack.kind in ("phase", "real or imaginary"):
        return f"a {case.stack.kind} image"
    if case.stack.kind == "fat" or (case.stack.kind == "opposed phase" and case.role == Role.FLUID):
        return f"the {case.stack.kind} image of a Dixon series"
    return ""


def _localizer(case: Case) -> str:
    if case.stack_orientations >= 3:
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
        if "DERIVED" in case.image_type and not case.stack.kind:
            case.give("image type", -8, "marked as derived")
        return ""
    if case.stack.images[0].acquisition_type != "3D" or "SE" not in case.sequence:
        return "a reformatted image, not the acquired one"
    case.give("image type", -20, "reformatted from a 3D spin echo")
    case.notes.append("The planes are reformatted from a 3D acquisition.")
    return ""


def _elsewhere(case: Case) -> str:
    if Meaning.JOINT in case.names:
        return ""
    if case.series.body_part.replace(" ", "") in OTHER_PARTS:
        return f"another part of the body ({case.series.body_part})"
    return "another part of the body, by its name" if Meaning.OTHER_ANATOMY in case.names else ""


# --- physics ----------------------------------------------------------------------------------------------------------


def _t1_physics(case: Case) -> None:
    if case.fat_suppressed == "header" or case.stack.kind == "water":
        case.refuse("fat-suppressed: T1-weighting without fat suppression is needed" + _after_contrast(case))
        return
    if not case.measured:
        _unmeasured(case, Meaning.T1, (Meaning.T2, Meaning.STIR, Meaning.PD, Meaning.FAT_SUPPRESSED))
        return
    points, text = _t1_contrast(case)
    if points == 0:
        case.refuse(f"not T1-weighted: {text}")
        return
    if case.fat_suppressed == "name":
        if "SE" in case.sequence and not case.series.contrast_agent and Meaning.T1 not in case.names:
            points, text = points - 10, f"{text}; the name says fat suppression, the header does not"
        else:
            case.refuse(
                "fat-suppressed by its name: T1-weighting without fat suppression is needed" + _after_contrast(case)
            )
            return
    case.give("physics", points, text)
    if case.series.contrast_agent or Meaning.CONTRAST in case.names:
        case.give("contrast agent", -8, "given after a contrast agent")
        case.notes.append("The images were made after a contrast agent.")


def _after_contrast(case: Case) -> str:
    return " (made after a contrast agent)" if case.series.contrast_agent or Meaning.CONTRAST in case.names else ""


def _t1_contrast(case: Case) -> tuple[float, str]:
    repetition, echo = case.repetition_ms or 0.0, case.echo_ms or 0.0
    if case.inversion:
        inversion = case.inversion_ms or 0.0
        if 500 <= inversion <= 1300 and echo < 40 and 1200 <= repetition <= 4000:
            return 35, f"T1-weighted inversion recovery ({case.times})"
        return 0, f"inversion recovery ({case.times})"
    if "GR" in case.sequence and "SE" not in case.sequence:
        balanced = "SS" in case.stack.words("sequence_variant") and (case.stack.typical("flip_angle_deg") or 0) >= 40
        if echo <= 8 and repetition <= 300 and not balanced:
            return 15, f"gradient echo with weak T1-weighting ({case.times})"
        return 0, f"gradient echo ({case.times})"
    if echo > 32 or not 150 <= repetition <= 1300:
        return 0, case.times
    points = 45.0 - (0 if 250 <= repetition <= 950 else 15) - (0 if echo <= 20 else 8)
    if case.stack.images[0].acquisition_type == "3D":
        points -= 4
    return points, f"T1-weighted spin echo ({case.times})"


def _fluid_physics(case: Case) -> None:
    if not case.measured:
        _unmeasured(case, Meaning.STIR, (), also=(Meaning.FAT_SUPPRESSED, Meaning.WATER))
        return
    points, text = _inversion_contrast(case) if case.inversion and case.stack.kind != "water" else _t2_contrast(case)
    if points == 0:
        case.refuse(f"not fluid-sensitive with fat suppression: {text}")
        return
    case.give("physics", points, text)


def _inversion_contrast(case: Case) -> tuple[float, str]:
    repetition, echo, inversion = case.repetition_ms or 0.0, case.echo_ms or 0.0, case.inversion_ms
    if inversion is None:
        if repetition >= 1500 and (echo >= 25 or Meaning.STIR in case.names):
            return 40, f"inversion recovery, taken as STIR: the inversion time is not given ({case.times})"
        return 0, f"inversion recovery of unknown inversion time ({case.times})"
    if repetition < 1200:
        return 0, f"inversion recovery with a short repetition time ({case.times})"
    if 90 <= inversion <= 250:
        return 45, f"STIR ({case.times})"
    if 70 <= inversion <= 320:
        return 36, f"inversion recovery near STIR ({case.times})"
    if case.fat_suppressed:
        return _t2_contrast(case)
    return 0, f"the inversion time does not null fat ({case.times})"


def _t2_contrast(case: Case) -> tuple[float, str]:
    repetition, echo = case.repetition_ms or 0.0, case.echo_ms or 0.0
    three_d = case.stack.images[0].acquisition_type == "3D"
    if "GR" in case.sequence and "SE" not in case.sequence:
        return 0, f"gradient echo ({case.times})"
    if repetition < (1000 if three_d else 1600):
        return 0, f"the repetition time is short ({case.times}){_after_contrast(case)}"
    if not case.fat_suppressed:
        return 0, f"no fat suppression in the header or the name ({case.times})"
    if echo < 12 or echo > (350 if three_d else 140):
        return 0, f"the echo time is out of range ({case.times})"
    named = "T2" if echo >= 30 else "PD"
    points = (43.0 if named == "T2" else 30.0) - (4 if three_d else 0) - (6 if case.fat_suppressed == "name" else 0)
    how = "Dixon water" if case.stack.kind == "water" else "with fat suppression"
    known = "" if case.fat_suppressed == "header" else ", known by the name only"
    return points, f"{named}-weighted {how}{known} ({case.times})"


def _unmeasured(case: Case, wanted: Meaning, against: tuple[Meaning, ...], *, also: tuple[Meaning, ...] = ()) -> None:
    """Without TR and TE the name must carry the role, and carries less."""
    if any(word in case.names for word in against):
        case.refuse(f"TR and TE are missing, and the name says {next(w for w in against if w in case.names)}")
    elif wanted in case.names or any(word in case.names for word in also):
        case.give("physics", 25, "TR and TE are missing, so the name is taken at its word")
        case.notes.append("TR and TE are missing: the kind of image is known by its name only.")
    else:
        case.refuse(f"TR and TE are missing, and the name does not say {wanted}")


# --- geometry ---------------------------------------------------------------------------------------------------------


def _geometry(case: Case) -> None:
    if case.refusals:
        return
    _plane(case)
    if case.refusals:
        return
    slices = len(case.stack.images)
    case.give("slices", 6 if 14 <= slices <= 60 else 4 if slices <= 200 else 1, f"{slices} slices")
    pixel = case.stack.pixel_mm or 0.0
    if pixel > 2.0:
        case.refuse(f"pixels of {pixel:.2f} mm are too coarse for the joints")
    case.give("resolution", _ramp(pixel, 0.8, 1.6) * 6, f"{pixel:.2f} mm pixels")
    spacing, coverage = case.stack.spacing_mm or 0.0, case.stack.coverage_mm or 0.0
    points = 5.0 * _ramp(spacing, 5.0, 9.0) * min(1.0, coverage / 45.0)
    case.give("coverage", points, f"a slice every {spacing:.2g} mm over {coverage:.0f} mm")
    view = case.stack.field_of_view_mm or 0.0
    case.give(
        "field of view", 5.0 * _ramp(view, 320, 450) * (1 if view >= 120 else 0.2), f"{view:.0f} mm field of view"
    )
    if view > 340:
        case.notes.append(f"The field of view is large ({view:.0f} mm), as for hips or abdomen.")


def _plane(case: Case) -> None:
    tilt, lean = case.stack.tilt_deg or 0.0, case.stack.lean_deg or 0.0
    if lean > 25:
        name = "sagittal" if lean > 65 else "oblique sagittal"
        case.refuse(f"a {name} plane ({lean:.0f} degrees out of the left-right axis)")
    elif abs(tilt) > 75:
        case.refuse(f"an axial plane ({abs(tilt):.0f} degrees from coronal)")
    elif tilt < -20:
        case.refuse(f"an oblique axial plane, across the sacrum ({-tilt:.0f} degrees from coronal, against its slope)")
    else:
        level = 1 - 0.7 * max(0.0, (lean - 10) / 15)
        case.give("plane", _tilt_points(tilt) * level, f"{tilt:.0f} degrees from coronal along the sacrum")
        if tilt < 10:
            case.notes.append("The plane is truly coronal, not along the sacrum; the joints may be cut short.")


def _tilt_points(tilt: float) -> float:
    if tilt < 0:
        return 5 + 3 * (tilt / 20)
    if tilt < 18:
        return 5 + 13 * (tilt / 18)
    return 18 * _ramp(tilt, 60, 80)


def _ramp(value: float, full: float, none: float) -> float:
    """1 up to ``full``, then straight down to 0 at ``none``."""
    return max(0.0, min(1.0, (none - value) / (none - full)))


# --- names ------------------------------------------------------------------------------------------------------------

_FOR_ROLE = {
    Role.T1W: ({Meaning.T1}, {Meaning.T2, Meaning.STIR, Meaning.PD}),
    Role.FLUID: ({Meaning.STIR, Meaning.T2, Meaning.FAT_SUPPRESSED, Meaning.WATER}, {Meaning.T1}),
}


def _names(case: Case) -> None:
    speaks_for, speaks_against = _FOR_ROLE[case.role]
    if case.names & speaks_for:
        case.give("name", 6, f"named {_listed(case.names & speaks_for)}")
    elif case.names & speaks_against:
        case.give("name", -3, f"named {_listed(case.names & speaks_against)}, measured otherwise")
        if not case.refusals:
            case.notes.append(f"The name says {_listed(case.names & speaks_against)}, the physics says otherwise.")
    if Meaning.JOINT in case.names:
        case.give("name", 6, "named after the sacroiliac joints")
    if case.names & {Meaning.CORONAL, Meaning.OBLIQUE}:
        case.give("name", 3, f"named {_listed(case.names & {Meaning.CORONAL, Meaning.OBLIQUE})}")
    if Meaning.HIP in case.names and Meaning.JOINT not in case.names:
        case.give("name", -5, "named after the hips")
    if Meaning.LOCALIZER in case.names:
        case.give("name", -15, "named a localizer")
    if case.names & {Meaning.AXIAL, Meaning.SAGITTAL} and not case.names & {Meaning.CORONAL, Meaning.OBLIQUE}:
        case.give("name", -2, f"named {_listed(case.names & {Meaning.AXIAL, Meaning.SAGITTAL})}, lies otherwise")


def _listed(words: set[Meaning] | frozenset[Meaning]) -> str:
    return ", ".join(sorted(words))
