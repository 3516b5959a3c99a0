"""The ASAS/OMERACT rule in words, and what the measured evidence amounts to.

The catalogue cites de Winter et al., Arthritis Rheumatol 2018; 70: 1042-1048, as
:mod:`inference.sij_mri.conclusion` does: of 47 volunteers 11 met the definition, of 47 patients 43.
"""

from inference.result import Analysis, Answer, Evaluation, NotAssessable, Place
from inference.sij_mri import Role
from inference.types import Side
from reporting.presentation import Terms
from reporting.sij_mri.edema_words import SIDES, amounts, any_joint, number, said, short_reason, with_reasons
from reporting.sij_mri.where import image_words, images_alone
from reporting.words import why_not


def rule_words(evaluation: Evaluation, terms: Terms) -> str:
    """The rule's value in words: met, not met, undecided or not assessable."""
    if isinstance(evaluation.value, NotAssessable):
        return terms.say("not-assessable")
    return terms.evaluations["asas"].values[evaluation.value].words


def rule_brief(analysis: Analysis, terms: Terms) -> str:
    """The rule's value, with the sides where it is met, or a short reason."""
    rule = said(analysis, "asas")
    if isinstance(rule.value, NotAssessable):
        return f"{terms.say('not-assessable')} ({short_reason(rule.value, terms)})"
    if rule.value == Answer.PRESENT:
        return terms.say("met-at", where=_met(analysis, terms))
    return rule_words(rule, terms)


def _met(analysis: Analysis, terms: Terms) -> str:
    met = [side for side in SIDES if said(analysis, "asas", side).value == Answer.PRESENT]
    named = {side.value: terms.say("side", side=side.value) for side in met}
    if len(met) == len(SIDES):
        return terms.say("met-both", **named)
    return named[met[0].value] if met else terms.say("met-together")


def rule_lines(analysis: Analysis, terms: Terms) -> tuple[str, ...]:
    """The rule for the study and by side, what it asks for, and what was counted at each side."""
    rule = said(analysis, "asas")
    sides = {side: said(analysis, "asas", side) for side in SIDES}
    key = "asas-depends" if rule.value == Answer.UNDECIDED else "asas-of-study"
    by_side = {side.value: rule_words(one, terms) for side, one in sides.items()}
    first = (*terms.language.lines(key, value=rule_words(rule, terms)), terms.say("asas-by-side", **by_side))
    if all(isinstance(one.value, NotAssessable) for one in (rule, *sides.values())):
        return first
    counted = (line for side in SIDES for line in _counted(analysis, side, terms))
    return (*first, *terms.language.lines("asas-asks"), *counted)


def rule_sentence(analysis: Analysis, terms: Terms) -> str:
    """The rule, what it asks for, and whether it is met, in one sentence."""
    value, asked = said(analysis, "asas").value, terms.say("rule")
    if isinstance(value, NotAssessable):
        return terms.say("rule-not-assessable", why=why_not(terms, value), rule=asked)
    if value == Answer.PRESENT:
        return terms.say("rule-met", where=_met(analysis, terms), rule=asked)
    return terms.say("rule-undecided" if value == Answer.UNDECIDED else "rule-not-met", rule=asked)


def lesions(analysis: Analysis) -> list[tuple[Side, Place]]:
    """The counted lesions with their side: the left ones first, in the order of their planes."""
    return [(side, place) for side in Side for place in said(analysis, "asas", side).at]


def _counted(analysis: Analysis, side: Side, terms: Terms) -> tuple[str, ...]:
    """What was counted at a side: how many areas, on which images, and the largest."""
    places = said(analysis, "asas", side).at
    where = image_words(analysis, Role.FLUID, [place.plane for place in places], terms)
    if not where:
        return ()
    largest = max(places, key=lambda place: place.area_mm2 or 0.0)
    area = float(largest.area_mm2 or 0.0)
    if len(places) == 1:
        return (terms.say("counted-one", side=side.value, area=area, images=where),)
    on = images_alone(analysis, Role.FLUID, [largest.plane], terms)
    return (
        terms.say("counted-many", side=side.value, areas=len(places), images=where),
        terms.say("counted-largest", side=side.value, area=area, images=on),
    )


def evidence_impression(analysis: Analysis, terms: Terms) -> tuple[str, ...]:
    """What the measured edema amounts to, its volumes and images, and what that does not say."""
    rule = said(analysis, "asas")
    edema = _edema(analysis, rule, terms)
    if isinstance(rule.value, NotAssessable):
        first = () if edema else (terms.say("edema-near", amounts=terms.say("not-assessable")),)
        return (*first, *with_reasons(terms.say("asas-missing"), missing_evidence(analysis, terms), terms), *edema)
    if rule.value == Answer.UNDECIDED:
        return (*terms.language.lines("definition-undecided"), *edema)
    if rule.value == Answer.ABSENT:
        return (terms.say("definition-not-met"), *edema, *terms.language.lines("not-excluded"))
    met = terms.language.lines("definition-met", where=_met(analysis, terms))
    return (*met, *edema, *terms.language.lines("healthy"))


def _edema(analysis: Analysis, rule: Evaluation, terms: Terms) -> tuple[str, ...]:
    """The volumes at the joints, and the images that were counted."""
    if not any_joint(analysis):
        return ()
    where = image_words(analysis, Role.FLUID, [place.plane for place in rule.at], terms)
    seen = (terms.say("edema-seen", images=where),) if where else ()
    return (terms.say("edema-near", amounts=amounts(analysis, terms)), *seen)


def missing_evidence(analysis: Analysis, terms: Terms) -> tuple[str, ...]:
    """Why edema or rule are not assessable, in a few words, each reason once."""
    values = [number(analysis, "edema-volume", side).value for side in SIDES] + [said(analysis, "asas").value]
    return tuple(dict.fromkeys(short_reason(one, terms) for one in values if isinstance(one, NotAssessable)))
