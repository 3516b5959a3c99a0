"""The ASAS/OMERACT rule in words, and what the measured evidence amounts to."""

from inference.result import Analysis, Answer, Evaluation, NotAssessable, Place
from inference.sij_mri import Role
from inference.types import Side
from reporting.sij_mri.edema_words import SIDES, amounts, any_joint, number, said, short_reason
from reporting.sij_mri.terms import TERMS
from reporting.sij_mri.where import image_words
from reporting.words import NOT_ASSESSABLE, why_not

RULE = (
    "subchondral bone marrow edema (within 10 mm of the joint, at least 20 mm2 in a slice) in two consecutive slices "
    "or at two places in one slice"
)
RULE_NAME = "ASAS/OMERACT rule for active sacroiliitis"
DEFINITION = "the ASAS/OMERACT definition of active sacroiliitis"
ASAS_STATEMENT = "The ASAS/OMERACT rule is computed from edema that a small network found; check it by eye."
HEALTHY = (
    "Healthy people meet that definition too: 11 of 47 volunteers (de Winter 2018).",
    "How often healthy people meet this software's rule is not known.",
)
"""de Winter et al., Arthritis Rheumatol 2018; 70: 1042-1048, as :mod:`inference.sij_mri.conclusion` cites it."""
NOT_EXCLUDED = (
    "That does not exclude axial spondyloarthritis: 4 of 47 patients did not meet the definition either (de Winter "
    "2018), and structural lesions are not measured."
)
"""47 patients less the 43 that met it, of the same study."""
DEPENDS = "it depends on the cut-off of edema"


def rule_words(evaluation: Evaluation) -> str:
    """The rule's value in words: met, not met, undecided or not assessable."""
    if isinstance(evaluation.value, NotAssessable):
        return NOT_ASSESSABLE
    return TERMS.evaluations["asas"].values[evaluation.value].words


def rule_brief(analysis: Analysis) -> str:
    """The rule's value, with the sides where it is met, or a short reason."""
    rule = said(analysis, "asas")
    if isinstance(rule.value, NotAssessable):
        return f"{NOT_ASSESSABLE} ({short_reason(rule.value)})"
    if rule.value == Answer.PRESENT:
        return f"met ({_met(analysis)})"
    return rule_words(rule)


def _met(analysis: Analysis) -> str:
    met = [side.value for side in SIDES if said(analysis, "asas", side).value == Answer.PRESENT]
    return " and ".join(met) or "both sides together"


def rule_lines(analysis: Analysis) -> tuple[str, ...]:
    """The rule for the study and by side, what it asks for, and what was counted at each side."""
    rule = said(analysis, "asas")
    sides = {side: said(analysis, "asas", side) for side in SIDES}
    first = f"{RULE_NAME}: {rule_words(rule)}" + (f", {DEPENDS}" if rule.value == Answer.UNDECIDED else "")
    first += "; " + ", ".join(f"{side}: {rule_words(one)}" for side, one in sides.items()) + "."
    if all(isinstance(one.value, NotAssessable) for one in (rule, *sides.values())):
        return (first,)
    return (first, f"It asks for {RULE}.", *(line for side in SIDES for line in _counted(analysis, side)))


def rule_sentence(analysis: Analysis) -> str:
    """The rule, what it asks for, and whether it is met, in one sentence."""
    rule = said(analysis, "asas")
    if isinstance(rule.value, NotAssessable):
        return f"The {RULE_NAME} is {why_not(TERMS, rule.value)} It asks for {RULE}."
    if rule.value == Answer.PRESENT:
        return f"The {RULE_NAME} is met ({_met(analysis)}): {RULE}."
    if rule.value == Answer.UNDECIDED:
        return f"The {RULE_NAME} is undecided, {DEPENDS}. It asks for {RULE}."
    return f"The {RULE_NAME} is not met: no {RULE}."


def lesions(analysis: Analysis) -> list[tuple[Side, Place]]:
    """The counted lesions with their side: the left ones first, in the order of their planes."""
    return [(side, place) for side in Side for place in said(analysis, "asas", side).at]


def _counted(analysis: Analysis, side: Side) -> tuple[str, ...]:
    """What was counted at a side: how many areas, on which images, and the largest."""
    places = said(analysis, "asas", side).at
    where = image_words(analysis, Role.FLUID, [place.plane for place in places])
    if not where:
        return ()
    largest = max(places, key=lambda place: place.area_mm2 or 0.0)
    area = f"{largest.area_mm2 or 0.0:.0f} mm2"
    if len(places) == 1:
        return (f"Counted for the rule, {side}: 1 area of {area}, on {where}.",)
    on, _, _ = image_words(analysis, Role.FLUID, [largest.plane]).partition(" of ")
    return (f"Counted for the rule, {side}: {len(places)} areas on {where}; the largest, {area}, on {on}.",)


def evidence_impression(analysis: Analysis) -> tuple[str, ...]:
    """What the measured edema amounts to, its volumes and images, and what that does not say."""
    rule = said(analysis, "asas")
    edema = _edema(analysis, rule)
    if isinstance(rule.value, NotAssessable):
        what = RULE_NAME if edema else f"Bone marrow edema at the joints and {RULE_NAME}"
        return (f"{what}: {NOT_ASSESSABLE} ({', '.join(missing_evidence(analysis))}).", *edema)
    if rule.value == Answer.UNDECIDED:
        return (f"Whether the edema meets {DEFINITION} is undecided: {DEPENDS}.", *edema)
    if rule.value == Answer.ABSENT:
        return (f"No edema that meets {DEFINITION}, as computed.", *edema, NOT_EXCLUDED)
    met = f"Bone marrow edema that meets {DEFINITION} ({_met(analysis)}), as computed."
    return (met, *edema, *HEALTHY)


def _edema(analysis: Analysis, rule: Evaluation) -> tuple[str, ...]:
    """The volumes at the joints, and the images that were counted."""
    if not any_joint(analysis):
        return ()
    where = image_words(analysis, Role.FLUID, [place.plane for place in rule.at])
    return (f"Edema within 10 mm of the joint: {amounts(analysis)}{f'; see {where}' if where else ''}.",)


def missing_evidence(analysis: Analysis) -> tuple[str, ...]:
    """Why edema or rule are not assessable, in a few words, each reason once."""
    values = [number(analysis, "edema-volume", side).value for side in SIDES] + [said(analysis, "asas").value]
    return tuple(dict.fromkeys(short_reason(one) for one in values if isinstance(one, NotAssessable)))
