"""Class and stage in words: what they are called, how near they lie to others, and why they are not given."""

from inference.result import Analysis, Answer, Evaluation, NotAssessable
from reporting.probabilities import probability_words
from reporting.sij_mri.edema_words import said, short_reason
from reporting.sij_mri.terms import TERMS

CLASS_NAME = TERMS.evaluations["axspa"].words
SIMULATED_SHORT = TERMS.evaluations["axspa"].note
SIMULATED_STATEMENT = (
    "Class and stage were learned from simulated lesions in real and synthetic anatomy, because no clinical labels "
    "exist yet; they are not validated in patients."
)
LEARNED = "Class and stage were learned from simulated lesions only; they are not validated in patients."
NOT_NO_DISEASE = "no pattern does not mean no disease"
NOT_ASSESSED = "not assessed"
CLOSE = 0.1  # stages whose probabilities differ by less are named together (issue "never more than is known")
NORMAL = "normal"


def class_words(analysis: Analysis) -> str:
    """The class as what it is, without its probability; or that it was not assessed."""
    present = said(analysis, "axspa")
    if isinstance(present.value, NotAssessable):
        return NOT_ASSESSED
    return TERMS.evaluations["axspa"].values[present.value].words


def class_lines(analysis: Analysis) -> tuple[str, ...]:
    """Class and stage, a line each, and what they were learned from; one line where neither was assessed."""
    values = [said(analysis, key).value for key in ("axspa", "stage")]
    if all(isinstance(one, NotAssessable) for one in values):
        return (f"Experimental {brief(analysis)}",)
    return _class_line(analysis), _stage_line(analysis), LEARNED


def _class_line(analysis: Analysis) -> str:
    """The class with the probability of a pattern, or why there is none."""
    present = said(analysis, "axspa")
    start = f"Experimental {CLASS_NAME}: "
    if isinstance(present.value, NotAssessable):
        return f"{start}{NOT_ASSESSED} ({short_reason(present.value)})."
    words = f"{start}{class_words(analysis)}"
    if Answer.PRESENT in present.probabilities:
        what = "probability" if present.value == Answer.PRESENT else "probability of a pattern"
        words += f", {what} {probability_words(present.probabilities[Answer.PRESENT])}"
    return f"{words}; {NOT_NO_DISEASE}." if present.value == Answer.ABSENT else f"{words}."


def _stage_line(analysis: Analysis) -> str:
    """The stage with its probability, or why there is none."""
    stage = said(analysis, "stage")
    if isinstance(stage.value, NotAssessable):
        return f"Stage: {NOT_ASSESSED} ({short_reason(stage.value)})."
    return f"{stage_brief(analysis)}."


def stage_brief(analysis: Analysis) -> str:
    """The stage in a few words: with a second one where both are close, the likeliest where it is undecided."""
    stage = said(analysis, "stage")
    if isinstance(stage.value, NotAssessable):
        return f"Stage: {NOT_ASSESSED}"
    if stage.value == Answer.UNDECIDED:
        return "Stage undecided" + _likeliest(analysis, stage)
    own = stage.probabilities.get(stage.value)
    if own is None:
        return f"Stage: {_name(stage.value)}"
    rival = _rival(stage)
    if rival is None:
        return f"Stage: {_name(stage.value)} ({probability_words(own)})"
    other = stage.probabilities[rival]
    how = "hardly more likely than" if other <= own else "hardly told from"
    return f"Stage: {_name(stage.value)}, {how} {_name(rival)} ({probability_words(own)}, {probability_words(other)})"


def _likeliest(analysis: Analysis, stage: Evaluation) -> str:
    """The likeliest stage; where the rule is met, that is never said of Normal."""
    if not stage.probabilities:
        return ""
    key = max(stage.probabilities, key=lambda one: stage.probabilities[one])
    if key == NORMAL and said(analysis, "asas").value == Answer.PRESENT:
        return ""
    return f"; likeliest {_name(key)} ({probability_words(stage.probabilities[key])})"


def _rival(stage: Evaluation) -> str | None:
    """The likeliest other stage of the same class whose probability is close."""
    own = stage.probabilities[str(stage.value)]
    others = {
        key: p
        for key, p in stage.probabilities.items()
        if key != stage.value and (key == NORMAL) == (stage.value == NORMAL) and own - p < CLOSE
    }
    return max(others, key=lambda key: others[key]) if others else None


def _name(key: str) -> str:
    return TERMS.evaluations["stage"].values[key].words


def brief(analysis: Analysis) -> str:
    """Class and stage in short sentences."""
    present, stage = said(analysis, "axspa"), said(analysis, "stage")
    if isinstance(present.value, NotAssessable) and isinstance(stage.value, NotAssessable):
        return f"{CLASS_NAME} and stage: {NOT_ASSESSED} ({short_reason(present.value)})."
    return f"{CLASS_NAME}: {class_words(analysis)}. {stage_brief(analysis)}."
