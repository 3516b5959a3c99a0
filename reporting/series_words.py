"""The choice of series in words: each candidate in a sentence or two, and the choice as a whole; docs/selection.md."""

from collections import defaultdict

from inference.series import ELIGIBLE_SCORE, Candidate, Selection
from inference.types import Key, Reason
from reporting.presentation import Terms, word_limitation, word_reason

_FACTS: tuple[Key, ...] = ("physics", "plane", "slices", "resolution")
"""Criteria whose evidence stands in the sentence of a candidate."""

_REASONS_NAMED = 12
_NOT_USED = "Not used: "


def word_selection(terms: Terms, selection: Selection) -> str:
    """What was chosen, and what cannot be read; or why nothing applies."""
    if not selection.chosen:
        return _nothing(terms, selection)
    parts = []
    for role in selection.wanted or tuple(selection.chosen):
        candidate = selection.chosen.get(role)
        if candidate is None:
            parts.append(_missing(terms, role))
        else:
            parts.append(f"{_capital(role)}: {_series(candidate)}, score {candidate.score:.0f} of 100.")
    return " ".join(parts)


def word_candidate(terms: Terms, candidate: Candidate, selection: Selection) -> str:
    """What speaks for a candidate or against it, and whether it was chosen."""
    sentence = _sentence(terms, candidate)
    if candidate.chosen:
        return f"Chosen. {sentence}".rstrip()
    best = selection.chosen.get(candidate.role)
    if candidate.eligible and best is not None:
        return f"Suitable, but {_series(best)} is better. {sentence}".rstrip()
    return sentence


def _sentence(terms: Terms, candidate: Candidate) -> str:
    if candidate.refusals:
        return f"{_NOT_USED}{word_reason(terms, candidate.refusals[0])}."
    reasons = {item.criterion: item.reason for item in candidate.evidence}
    facts = "; ".join(word_reason(terms, reasons[name]) for name in _FACTS if name in reasons)
    parts = [] if candidate.eligible else [f"{_NOT_USED}the score is below {ELIGIBLE_SCORE:.0f}."]
    parts += [f"{_capital(facts)}."] if facts else []
    parts += _stack(terms, candidate)
    return " ".join([*parts, *(word_limitation(terms, note) for note in candidate.notes)])


def _stack(terms: Terms, candidate: Candidate) -> list[str]:
    """Which images of the series are meant."""
    stack, parts = candidate.stack, []
    if stack.kinds > 1:
        kind = f"the {word_reason(terms, Reason(stack.kind))} images" if stack.kind else f"{stack.planes} images"
        parts.append(f"The series holds {stack.kinds} kinds of images; {kind} are meant.")
    if stack.kept is not None:
        repeats = "1 repeat" if stack.repeats == 1 else f"{stack.repeats} repeats"
        parts.append(f"Left out: {repeats} at the same positions; kept: {word_reason(terms, stack.kept)}.")
    return parts


def _missing(terms: Terms, role: Key) -> str:
    term = terms.roles[role]
    without = f", so {term.without}" if term.without else ""
    return f"No {term.wanted or f'{term.words} series'} was found{without}."


def _nothing(terms: Terms, selection: Selection) -> str:
    """Why nothing applies: the reasons, and which series each one rules out."""
    if not selection.candidates:
        return refusals(terms, selection)[0]
    return " ".join((f"No series shows {terms.shown} as needed.", *refusals(terms, selection)))


def refusals(terms: Terms, selection: Selection) -> tuple[str, ...]:
    """One line for each reason why series were not used, with those series; a few lines where there are many."""
    if not selection.candidates:
        return ("The study holds no readable series.",)
    rows: dict[str, list[Candidate]] = defaultdict(list)
    for candidate in sorted(selection.candidates, key=_place):
        rows[candidate.series_instance_uid].append(candidate)
    reasons: dict[str, list[str]] = defaultdict(list)
    for found in rows.values():
        sentences = dict.fromkeys(_sentence(terms, one).removeprefix(_NOT_USED).rstrip(".") for one in found)
        reasons["; ".join(sentences)].append(_series(found[0]))
    named = list(reasons.items())[:_REASONS_NAMED]
    lines = [f"{_capital(', '.join(names))}: {reason}." for reason, names in named]
    if len(reasons) > len(named):
        lines.append(f"{len(reasons) - len(named)} more reasons are in the table.")
    return tuple(lines)


def _place(candidate: Candidate) -> tuple[bool, int, str]:
    """MR first, then by number."""
    return candidate.modality != "MR", candidate.series_number or 0, candidate.series_instance_uid


def _series(candidate: Candidate) -> str:
    number = "without number" if candidate.series_number is None else str(candidate.series_number)
    return f"series {number}" + (f' "{candidate.description}"' if candidate.description else "")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
