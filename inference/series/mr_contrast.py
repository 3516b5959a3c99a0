"""Physics of a stack: is it T1-weighted, is it fluid-sensitive with fat suppression, by TR, TE, TI and sequence.

Where the numbers come from. Inversion: fat is nulled at TI = ln 2 T1 for a long TR, less for a short one; T1 of fat is
382 ms (SD 13) at 3 T (de Bazelaire et al.) and less in weaker fields, so about 265 ms at most; that 90 to 250 ms counts
in full was set by hand. All other spans (TR 250 to 950 ms and TE up to 20 ms for T1, TR from 1600 ms and TE from 30 ms
for T2, echo trains up to 16 and 60) are those that spin-echo protocols usually have, drawn wide by hand; they are no
measurement. Real headers for setting them were few: the scans of Hepburn et al. come without TR and TE. Points and
their steps are a choice.

References
----------
C. M. J. de Bazelaire et al., "MR imaging relaxation times of abdominal and pelvic tissues measured in vivo at 3.0 T",
Radiology 2004; 230: 652-659.
"""

from inference.series.case import Case
from inference.series.words import Meaning
from inference.types import Reason


def judge_t1(case: Case) -> None:
    """Points for T1-weighting without fat suppression, or a refusal."""
    if case.fat_suppressed == "header" or case.kind == "water":
        case.refuse(after_contrast(case, Reason("fat-suppressed")))
        return
    if not case.measured:
        _unmeasured(case, Meaning.T1, (Meaning.T2, Meaning.STIR, Meaning.PD, Meaning.FAT_SUPPRESSED))
        return
    points, contrast = _t1_contrast(case)
    if points == 0:
        case.refuse(Reason.of("not-t1", contrast=contrast))
        return
    if case.fat_suppressed == "name":
        if "SE" in case.sequence and not case.series.contrast_agent and Meaning.T1 not in case.names:
            points, contrast = points - 10, Reason.of("fat-suppressed-name-only", contrast=contrast)
        else:
            case.refuse(after_contrast(case, Reason("fat-suppressed-by-name")))
            return
    if case.kind == "opposed phase":
        points, contrast = points - 15, Reason.of("in-opposed-phase", contrast=contrast)
    case.give("physics", points, contrast)
    _echo_train(case, 16)
    if case.series.contrast_agent or Meaning.CONTRAST in case.names:
        case.give("contrast agent", -8, Reason("contrast-agent-given"))
        case.note(Reason("after-contrast-agent"))


def after_contrast(case: Case, reason: Reason) -> Reason:
    """The reason, and that a contrast agent was given where it was."""
    given = case.series.contrast_agent or Meaning.CONTRAST in case.names
    return Reason.of("after-contrast", reason=reason) if given else reason


def _t1_contrast(case: Case) -> tuple[float, Reason]:
    repetition, echo = case.repetition_ms or 0.0, case.echo_ms or 0.0
    if case.inversion:
        inversion = case.inversion_ms or 0.0
        if 500 <= inversion <= 1300 and echo < 40 and 1200 <= repetition <= 4000:
            return 35, Reason.of("t1-inversion-recovery", times=case.times)
        return 0, Reason.of("inversion-recovery", times=case.times)
    if "GR" in case.sequence and "SE" not in case.sequence:
        balanced = "SS" in case.stack.words("sequence_variant") and (case.stack.typical("flip_angle_deg") or 0) >= 40
        if echo <= 8 and repetition <= 300 and not balanced:
            return 15, Reason.of("weak-t1-gradient-echo", times=case.times)
        return 0, Reason.of("gradient-echo", times=case.times)
    if echo > 32 or not 150 <= repetition <= 1300:
        return 0, Reason.of("other-times", times=case.times)
    points = 45.0 - (0 if 250 <= repetition <= 950 else 15) - (0 if echo <= 20 else 8)
    if case.stack.images[0].acquisition_type == "3D":
        points -= 4
    return points, Reason.of("t1-spin-echo", times=case.times)


def judge_fluid(case: Case) -> None:
    """Points for fluid sensitivity with fat suppression (STIR, T2 or PD), or a refusal."""
    if not case.measured:
        nulls_fat = case.inversion_ms is not None and 90 <= case.inversion_ms <= 250
        if nulls_fat and (case.repetition_ms is None or case.repetition_ms >= 1200):
            case.give("physics", 38, Reason.of("nulls-fat", times=case.times))
        else:
            _unmeasured(case, Meaning.STIR, (), also=(Meaning.FAT_SUPPRESSED, Meaning.WATER))
        return
    points, contrast = _inversion_contrast(case) if case.inversion and case.kind != "water" else _t2_contrast(case)
    if points == 0:
        case.refuse(Reason.of("not-fluid-sensitive", contrast=contrast))
        return
    case.give("physics", points, contrast)
    _echo_train(case, 60)


def _echo_train(case: Case, usual: int) -> None:
    """A 2D echo train far longer than usual is a single shot: blurred, and made for other questions."""
    length = case.stack.typical("echo_train_length") or 0
    if length > usual and case.stack.images[0].acquisition_type != "3D":
        case.give("echo train", -10, Reason.of("long-echo-train", length=length))


def _inversion_contrast(case: Case) -> tuple[float, Reason]:
    repetition, echo, inversion = case.repetition_ms or 0.0, case.echo_ms or 0.0, case.inversion_ms
    if inversion is None:
        if repetition >= 1500 and (echo >= 25 or Meaning.STIR in case.names):
            return 40, Reason.of("taken-as-stir", times=case.times)
        return 0, Reason.of("unknown-inversion-time", times=case.times)
    if repetition < 1200:
        return 0, Reason.of("inversion-short-repetition", times=case.times)
    if 90 <= inversion <= 250:
        return 45, Reason.of("stir", times=case.times)
    if 70 <= inversion <= 320:
        return 36, Reason.of("near-stir", times=case.times)
    if case.fat_suppressed:
        return _t2_contrast(case)
    return 0, Reason.of("fat-not-nulled", times=case.times)


def _t2_contrast(case: Case) -> tuple[float, Reason]:
    repetition, echo = case.repetition_ms or 0.0, case.echo_ms or 0.0
    three_d = case.stack.images[0].acquisition_type == "3D"
    if "GR" in case.sequence and "SE" not in case.sequence:
        return 0, Reason.of("gradient-echo", times=case.times)
    if repetition < (1000 if three_d else 1600):
        return 0, after_contrast(case, Reason.of("short-repetition-time", times=case.times))
    if not case.fat_suppressed:
        return 0, Reason.of("no-fat-suppression", times=case.times)
    if echo < 12 or echo > (350 if three_d else 140):
        return 0, Reason.of("echo-time-out-of-range", times=case.times)
    weighting = "T2" if echo >= 30 else "PD"
    points = (43.0 if weighting == "T2" else 30.0) - (4 if three_d else 0) - (6 if case.fat_suppressed == "name" else 0)
    how = Reason(Meaning.WATER if case.kind == "water" else "with-fat-suppression")
    code = "fat-suppressed-contrast" if case.fat_suppressed == "header" else "fat-suppressed-contrast-by-name"
    return points, Reason.of(code, weighting=weighting, how=how, times=case.times)


def _unmeasured(case: Case, wanted: Meaning, against: tuple[Meaning, ...], *, also: tuple[Meaning, ...] = ()) -> None:
    """Without TR and TE the name must carry the role, and carries less."""
    if any(word in case.names for word in against):
        named = next(word for word in against if word in case.names)
        case.refuse(Reason.of("no-times-other-name", name=Reason(named)))
    elif wanted in case.names or any(word in case.names for word in also):
        case.give("physics", 25, Reason("no-times-so-name"))
        case.note(Reason("known-by-name-only"))
    else:
        case.refuse(Reason.of("no-times-no-name", name=Reason(wanted)))
