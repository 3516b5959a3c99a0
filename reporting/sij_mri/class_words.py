"""Class and stage in words: what they are called, how near they lie to others, and why they are not given."""

from inference.result import Analysis, Answer, Evaluation, NotAssessable
from inference.sij_mri import LimitationCode
from reporting.presentation import Terms
from reporting.probabilities import probability_words
from reporting.sij_mri.edema_words import said, short_reason, with_reasons

CLOSE = 0.1  # stages whose probabilities differ by less are named together (issue "never more than is known")
NORMAL = "normal"


def class_words(analysis: Analysis, terms: Terms) -> str:
    """The class as what it is, without its probability; or that it was not assessed."""
    present = said(analysis, "axspa")
    if isinstance(present.value, NotAssessable):
        return terms.say("not-assessed")
    return terms.evaluations["axspa"].values[present.value].words


def class_lines(analysis: Analysis, terms: Terms) -> tuple[str, ...]:
    """Class and stage, a line each, and what they were learned from; why there is neither, where that is so."""
    present, stage = (said(analysis, key).value for key in ("axspa", "stage"))
    if isinstance(present, NotAssessable) and isinstance(stage, NotAssessable):
        return with_reasons(terms.say("experimental-missing"), [short_reason(present, terms)], terms)
    return *_class_lines(analysis, terms), *_stage_lines(analysis, terms), terms.say("learned")


def _class_lines(analysis: Analysis, terms: Terms) -> tuple[str, ...]:
    """The class, and the probability of a pattern; or why there is none."""
    present = said(analysis, "axspa")
    if isinstance(present.value, NotAssessable):
        return with_reasons(terms.say("class-missing"), [short_reason(present.value, terms)], terms)
    lines = [terms.say("class-line", value=class_words(analysis, terms))]
    if Answer.PRESENT in present.probabilities:
        probability = probability_words(present.probabilities[Answer.PRESENT], terms.language)
        lines.append(terms.say("class-probability", probability=probability))
    if present.value == Answer.ABSENT:
        lines.append(terms.say("not-no-disease"))
    return tuple(lines)


def _stage_lines(analysis: Analysis, terms: Terms) -> tuple[str, ...]:
    """The stage with its probability, or why there is none."""
    stage = said(analysis, "stage")
    if isinstance(stage.value, NotAssessable):
        return with_reasons(terms.say("stage-missing"), [short_reason(stage.value, terms)], terms)
    return (_stage_line(analysis, terms),)


def stage_brief(analysis: Analysis, terms: Terms) -> str:
    """The stage in a few words: with a second one where both are close, the likeliest where it is undecided."""
    return _stage_line(analysis, terms).rstrip(".")


def _stage_line(analysis: Analysis, terms: Terms) -> str:
    stage = said(analysis, "stage")
    if isinstance(stage.value, NotAssessable):
        return terms.say("stage-missing-brief")
    if stage.value == Answer.UNDECIDED:
        return _likeliest(analysis, stage, terms)
    own, name = stage.probabilities.get(stage.value), _name(stage.value, terms)
    if own is None:
        return terms.say("stage-alone", stage=name)
    rival, words = _rival(stage), probability_words(own, terms.language)
    if rival is None:
        return terms.say("stage-own", stage=name, probability=words)
    other = stage.probabilities[rival]
    return terms.say(
        "stage-hardly-likelier" if other <= own else "stage-hardly-told",
        stage=name,
        rival=_name(rival, terms),
        probability=words,
        other=probability_words(other, terms.language),
    )


def _likeliest(analysis: Analysis, stage: Evaluation, terms: Terms) -> str:
    """Undecided, and the likeliest stage; where the rule is met, that is never said of Normal."""
    key = max(stage.probabilities, key=lambda one: stage.probabilities[one], default="")
    if not key or (key == NORMAL and said(analysis, "asas").value == Answer.PRESENT):
        return terms.say("stage-undecided")
    probability = probability_words(stage.probabilities[key], terms.language)
    return terms.say("stage-undecided-likeliest", stage=_name(key, terms), probability=probability)


def _rival(stage: Evaluation) -> str | None:
    """The likeliest other stage of the same class whose probability is close."""
    own = stage.probabilities[str(stage.value)]
    others = {
        key: p
        for key, p in stage.probabilities.items()
        if key != stage.value and (key == NORMAL) == (stage.value == NORMAL) and own - p < CLOSE
    }
    return max(others, key=lambda key: others[key]) if others else None


def network_otherwise(analysis: Analysis, terms: Terms) -> str:
    """That the network alone gives another class, with its probability; empty where it gives the same."""
    for one in analysis.limitations:
        if one.code == LimitationCode.RULE_AND_NETWORK_DIFFER:
            probability = probability_words(float(str(one.parameters["probability"])), terms.language)
            return terms.say("summary-differs", probability=probability)
    return ""


def _name(key: str, terms: Terms) -> str:
    return terms.evaluations["stage"].values[key].words


def brief(analysis: Analysis, terms: Terms) -> str:
    """Class and stage in short sentences."""
    present, stage = said(analysis, "axspa").value, said(analysis, "stage").value
    if isinstance(present, NotAssessable) and isinstance(stage, NotAssessable):
        words = terms.say("class-and-stage-missing")
        return terms.say("because", words=words, reasons=short_reason(present, terms))
    return f"{terms.say('class-brief', value=class_words(analysis, terms))} {_stage_line(analysis, terms)}"
