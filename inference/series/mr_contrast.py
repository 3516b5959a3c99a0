"""Physics of a stack: is it T1-weighted, is it fluid-sensitive with fat suppression, by TR, TE, TI and sequence."""

from inference.series.case import Case
from inference.series.words import Meaning


def judge_t1(case: Case) -> None:
    """Points for T1-weighting without fat suppression, or a refusal."""
    if case.fat_suppressed == "header" or case.kind == "water":
        case.refuse("fat-suppressed: T1-weighting without fat suppression is needed" + after_contrast(case))
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
                "fat-suppressed by its name: T1-weighting without fat suppression is needed" + after_contrast(case)
            )
            return
    if case.kind == "opposed phase":
        points, text = points - 15, f"{text}, opposed phase"
    case.give("physics", points, text)
    _echo_train(case, 16)
    if case.series.contrast_agent or Meaning.CONTRAST in case.names:
        case.give("contrast agent", -8, "given after a contrast agent")
        case.notes.append("The images were made after a contrast agent.")


def after_contrast(case: Case) -> str:
    """Words to add where a contrast agent was given."""
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


def judge_fluid(case: Case) -> None:
    """Points for fluid sensitivity with fat suppression (STIR, T2 or PD), or a refusal."""
    if not case.measured:
        nulls_fat = case.inversion_ms is not None and 90 <= case.inversion_ms <= 250
        if nulls_fat and (case.repetition_ms is None or case.repetition_ms >= 1200):
            case.give("physics", 38, f"inversion recovery that nulls fat, other times not given ({case.times})")
        else:
            _unmeasured(case, Meaning.STIR, (), also=(Meaning.FAT_SUPPRESSED, Meaning.WATER))
        return
    points, text = _inversion_contrast(case) if case.inversion and case.kind != "water" else _t2_contrast(case)
    if points == 0:
        case.refuse(f"not fluid-sensitive with fat suppression: {text}")
        return
    case.give("physics", points, text)
    _echo_train(case, 60)


def _echo_train(case: Case, usual: int) -> None:
    """A 2D echo train far longer than usual is a single shot: blurred, and made for other questions."""
    length = case.stack.typical("echo_train_length") or 0
    if length > usual and case.stack.images[0].acquisition_type != "3D":
        case.give("echo train", -10, f"an echo train of {length:.0f}")


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
        return 0, f"the repetition time is short ({case.times}){after_contrast(case)}"
    if not case.fat_suppressed:
        return 0, f"no fat suppression in the header or the name ({case.times})"
    if echo < 12 or echo > (350 if three_d else 140):
        return 0, f"the echo time is out of range ({case.times})"
    named = "T2" if echo >= 30 else "PD"
    points = (43.0 if named == "T2" else 30.0) - (4 if three_d else 0) - (6 if case.fat_suppressed == "name" else 0)
    how = "Dixon water" if case.kind == "water" else "with fat suppression"
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
