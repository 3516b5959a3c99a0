"""The series that are read: the semicoronal T1-weighted one and the fat-suppressed fluid-sensitive one.

Here stands what speaks for and against a stack of planes in a role; physics and geometry count first, names last.

Points of a perfect series: physics 45, geometry 40, names 15. A refusal rules the stack out whatever its points.
"""

from collections.abc import Mapping, Set
from dataclasses import replace

from inference.series import (
    Candidate,
    Case,
    Meaning,
    Selection,
    WantedSeries,
    choose,
    judge_fluid,
    judge_t1,
    meanings,
    refuse_kind,
)
from inference.sij_mri.types import Role
from inference.types import Key, Reason, StudyHeaders

OTHER_PARTS = {
    *("HEAD", "BRAIN", "SKULL", "NECK", "CSPINE", "TSPINE", "CTSPINE", "CHEST", "THORAX", "BREAST", "HEART", "LIVER"),
    *("KNEE", "SHOULDER", "ELBOW", "WRIST", "HAND", "FINGER", "ANKLE", "FOOT", "TOE", "ARM", "FOREARM", "LEG", "CALF"),
    *("PROSTATE", "ORBIT", "JAW", "TMJ", "EXTREMITY", "FEMUR", "THIGH", "UPPERLEG", "LOWERLEG", "UTERUS", "RECTUM"),
}
WHOLE_BODY_MM = 460
NEARBY_PARTS = {
    "ABDOMEN": -12.0,
    "PELVISABDOMEN": -6.0,
    "HIP": -4.0,
    "LSPINE": -3.0,
    "WHOLEBODY": -12.0,
}
NEIGHBORS = {Meaning.HIP, Meaning.LUMBAR}
NEIGHBOR_PARTS = {"HIP", "HIPS", "LSPINE", "LUMBARSPINE"}
CORONAL_DEG = 10.0  # less tilt along the sacrum is truly coronal: real semicoronal scans have 23 and more
NEIGHBOR_CORONAL, NEIGHBOR_OBLIQUE = -30.0, -6.0
COIL = -25.0
NARROWEST_MM = 130.0  # two joints of adults lie up to 116 mm apart (19 patients of Hepburn et al.)


def judge(case: Case) -> Case:
    """Fill a case with evidence, refusals and notes.

    A stack that is refused for its kind or contrast still gets the points of its geometry and name, so that the table
    shows how near it came.
    """
    refuse_kind(case, unwanted={"fat", "opposed phase"} if case.role == Role.FLUID else {"fat"})
    if not case.refusals and (reason := _elsewhere(case)):
        case.refuse(reason)
    if not case.magnetic or not case.placed:
        return case
    _plane(case)
    if not case.refusals:
        (judge_t1 if case.role == Role.T1W else judge_fluid)(case)
    _extent(case)
    _neighbors(case)
    _coil(case)
    _names(case)
    return case


# --- geometry ---------------------------------------------------------------------------------------------------------


def _extent(case: Case) -> None:
    slices = len(case.stack.images)
    case.give("slices", 6 if 14 <= slices <= 60 else 4 if slices <= 200 else 1, Reason.of("slices", slices=slices))
    pixel = case.stack.pixel_mm or 0.0
    if pixel > 2.0:
        case.refuse(Reason.of("too-coarse", pixel_mm=pixel))
    case.give("resolution", _ramp(pixel, 0.8, 1.6) * 6, Reason.of("pixels", pixel_mm=pixel))
    spacing, coverage = case.stack.spacing_mm or 0.0, case.stack.coverage_mm or 0.0
    points = 5.0 * _ramp(spacing, 5.0, 9.0) * min(1.0, coverage / 45.0)
    case.give("coverage", points, Reason.of("coverage", spacing_mm=spacing, coverage_mm=coverage))
    view = case.stack.field_of_view_mm or 0.0
    points = 5.0 * _ramp(view, 320, 450) * (1 if view >= NARROWEST_MM else 0.2)
    case.give("field of view", points, Reason.of("field-of-view", view_mm=view))
    if view > WHOLE_BODY_MM:
        case.give("field of view", -25, Reason("whole-body"))
    if 0 < view < NARROWEST_MM:
        case.note(Reason.of("too-narrow-for-both", view_mm=view))
    if view > 340:
        case.note(Reason.of("large-field-of-view", view_mm=view))


def _neighbors(case: Case) -> None:
    """A part of the body that is near, but not meant for these joints."""
    if Meaning.JOINT in case.names:
        return
    part = case.series.body_part.replace(" ", "")
    points = NEARBY_PARTS.get(part, 0.0)
    if points:
        case.give("body part", points, Reason.of("body-part", body_part=case.series.body_part))
    named = case.names & NEIGHBORS
    coronal = (case.stack.tilt_deg or 0.0) < CORONAL_DEG
    if not named and not (coronal and part in NEIGHBOR_PARTS and Meaning.JOINT not in case.around):
        return
    reason = _named("named-after-a-neighbor", named) if named else Reason("coronal-of-a-neighbor")
    case.give("neighbor", NEIGHBOR_CORONAL if coronal else NEIGHBOR_OBLIQUE, reason)


def _coil(case: Case) -> None:
    """A coil for another part of the body; those that lie about the pelvis are named after spine, body or torso."""
    named = meanings(case.series.coil)
    if Meaning.OTHER_ANATOMY in named and Meaning.JOINT not in case.names:
        case.give("coil", COIL, Reason.of("coil-elsewhere", coil=case.series.coil))


def _plane(case: Case) -> None:
    tilt, lean = case.stack.tilt_deg or 0.0, case.stack.lean_deg or 0.0
    if lean > 25:
        case.refuse(Reason.of("sagittal-plane" if lean > 65 else "oblique-sagittal-plane", lean_deg=lean))
    elif abs(tilt) > 75:
        case.refuse(Reason.of("axial-plane", tilt_deg=abs(tilt)))
    elif tilt < -20:
        case.refuse(Reason.of("across-the-sacrum", tilt_deg=-tilt))
    else:
        level = 1 - 0.7 * max(0.0, (lean - 10) / 15)
        case.give("plane", _tilt_points(tilt) * level, Reason.of("along-the-sacrum", tilt_deg=tilt))
        if tilt < CORONAL_DEG:
            case.note(Reason("truly-coronal"))


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

_FOR_ROLE: Mapping[str, tuple[set[Meaning], set[Meaning]]] = {
    Role.T1W: ({Meaning.T1}, {Meaning.T2, Meaning.STIR, Meaning.PD}),
    Role.FLUID: ({Meaning.STIR, Meaning.T2, Meaning.FAT_SUPPRESSED, Meaning.WATER}, {Meaning.T1}),
}


def _names(case: Case) -> None:
    speaks_for, speaks_against = _FOR_ROLE[case.role]
    if case.names & speaks_for:
        case.give("name", 6, _named("named", case.names & speaks_for))
    elif case.names & speaks_against:
        case.give("name", -3, _named("named", case.names & speaks_against))
        if not case.refusals:
            case.note(_named("name-against-physics", case.names & speaks_against))
    if Meaning.JOINT in case.names:
        case.give("name", 6, Reason("named-after-the-joints"))
    if case.names & {Meaning.CORONAL, Meaning.OBLIQUE}:
        case.give("name", 3, _named("named", case.names & {Meaning.CORONAL, Meaning.OBLIQUE}))
    if Meaning.LOCALIZER in case.names:
        case.give("name", -15, Reason("named-a-localizer"))
    if case.names & {Meaning.AXIAL, Meaning.SAGITTAL} and not case.names & {Meaning.CORONAL, Meaning.OBLIQUE}:
        case.give("name", -2, _named("named-otherwise", case.names & {Meaning.AXIAL, Meaning.SAGITTAL}))


def _named(code: Key, words: Set[Meaning]) -> Reason:
    return Reason.of(code, names=tuple(Reason(word) for word in sorted(words)))


_ELSEWHERE = frozenset({"elsewhere", "elsewhere-by-name", "elsewhere-by-study"})


def _elsewhere(case: Case) -> Reason | None:
    if Meaning.JOINT in case.names:
        return None
    if case.series.body_part.replace(" ", "") in OTHER_PARTS:
        return Reason.of("elsewhere", body_part=case.series.body_part)
    if Meaning.OTHER_ANATOMY in case.names:
        return Reason("elsewhere-by-name")
    near = case.around & {Meaning.JOINT, Meaning.PELVIS, *NEIGHBORS}
    return Reason("elsewhere-by-study") if Meaning.OTHER_ANATOMY in case.around and not near else None


_WANTED = (WantedSeries(Role.T1W, judge), WantedSeries(Role.FLUID, judge))


def select(study: StudyHeaders) -> Selection:
    """Choose the two series of a study by role; see :func:`inference.series.choose`."""
    found = choose(study, _WANTED)
    return replace(found, plausible=bool(found.chosen) or _plausible(study, found))


def _plausible(study: StudyHeaders, found: Selection) -> bool:
    """Whether a study of which nothing was chosen might show the joints all the same.

    It is named after them, or a series that is not of another part of the body lies along the sacrum, and not plainly
    coronal, which knees, hips and heads are too.
    """
    named = any(
        Meaning.JOINT in meanings(series.study_description, series.description, series.protocol_name)
        for series in study.series
    )
    return named or any(_along_the_sacrum(candidate) for candidate in found.candidates)


def _along_the_sacrum(candidate: Candidate) -> bool:
    if any(reason.code in _ELSEWHERE for reason in candidate.refusals):
        return False
    reasons = [one.reason for one in candidate.evidence if one.reason.code == "along-the-sacrum"]
    return any(float(str(reason.parameters["tilt_deg"])) >= CORONAL_DEG for reason in reasons)
