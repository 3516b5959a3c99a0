"""The choice of series in words: each candidate in a sentence or two, and the choice as a whole; docs/selection.md."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from inference.series import ELIGIBLE_SCORE, Candidate, Selection
from inference.types import Key, Reason
from reporting.presentation import Terms, limitation_lines, word_limitation, word_reason
from reporting.words import LONGEST, clip

_FACTS: tuple[Key, ...] = ("physics", "plane", "slices", "resolution")
"""Criteria whose evidence stands in the sentence of a candidate."""

_REASONS_NAMED = 12
_SHORTEST_NAME = 12


def word_selection(terms: Terms, selection: Selection) -> str:
    """What was chosen, and what cannot be read; or why nothing applies."""
    if not selection.chosen:
        return " ".join(_nothing(terms, selection))
    parts = []
    for role in selection.wanted or tuple(selection.chosen):
        candidate = selection.chosen.get(role)
        if candidate is None:
            parts.append(_missing(terms, role))
        else:
            score = terms.language.number(candidate.score)
            parts.append(
                terms.say("chosen-as", role=_capital(role), series=quoted_series(terms, candidate), score=score)
            )
    return " ".join(parts)


def word_candidate(terms: Terms, candidate: Candidate, selection: Selection) -> str:
    """What speaks for a candidate or against it, and whether it was chosen."""
    sentence = " ".join((*_refusal(terms, candidate), *candidate_facts(terms, candidate)))
    best = selection.chosen.get(candidate.role)
    if candidate.chosen:
        sentence = f"{terms.say('chosen')} {sentence}"
    elif candidate.eligible and best is not None:
        sentence = f"{terms.say('suitable', series=quoted_series(terms, best))} {sentence}"
    return sentence.rstrip()


def _refusal(terms: Terms, candidate: Candidate) -> tuple[str, ...]:
    """Why it is not used; empty where it may be."""
    reason = _why_refused(terms, candidate)
    return (terms.say("not-used", reason=reason),) if reason else ()


def _why_refused(terms: Terms, candidate: Candidate) -> str:
    if candidate.refusals:
        return word_reason(terms, candidate.refusals[0])
    return "" if candidate.eligible else terms.say("score-below", score=terms.language.number(ELIGIBLE_SCORE))


def candidate_facts(terms: Terms, candidate: Candidate) -> tuple[str, ...]:
    """What the header of a candidate says, which images are meant, and what is to be noted, in sentences.

    Empty for one that is refused.
    """
    if candidate.refusals:
        return ()
    facts = "; ".join(evidence_of(terms, candidate))
    notes = (word_limitation(terms, note) for note in candidate.notes)
    return (*((f"{_capital(facts)}.",) if facts else ()), *_stack(terms, candidate), *notes)


def fact_lines(terms: Terms, candidate: Candidate) -> tuple[str, ...]:
    """The same, each fact a sentence of its own."""
    notes = (line for note in candidate.notes for line in limitation_lines(terms, note))
    return (*(f"{_capital(one)}." for one in evidence_of(terms, candidate)), *_stack(terms, candidate), *notes)


def evidence_of(terms: Terms, candidate: Candidate) -> Iterator[str]:
    """The reasons that stand in the sentence of a candidate."""
    reasons = {item.criterion: item.reason for item in candidate.evidence}
    return (word_reason(terms, reasons[name]) for name in _FACTS if name in reasons)


def _stack(terms: Terms, candidate: Candidate) -> list[str]:
    """Which images of the series are meant."""
    stack, parts = candidate.stack, []
    if stack.kinds > 1:
        if stack.kind:
            meant = terms.say("images-of-kind", kind=word_reason(terms, Reason(stack.kind)))
        else:
            meant = terms.say("images-counted", images=stack.planes)
        parts.append(terms.say("kinds-of-images", kinds=stack.kinds, meant=meant))
    if stack.kept is not None:
        parts.append(terms.say("repeats-left-out", repeats=stack.repeats, kept=word_reason(terms, stack.kept)))
    return parts


def _missing(terms: Terms, role: Key) -> str:
    term = terms.roles[role]
    wanted = term.wanted or terms.say("role-series", role=term.words)
    if term.without:
        return terms.say("not-found-so", wanted=wanted, without=term.without)
    return terms.say("not-found", wanted=wanted)


def no_series(terms: Terms) -> str:
    """That no series shows what the application reads."""
    return terms.say("no-series-shows", shown=terms.shown or terms.say("what-is-read"))


def _nothing(terms: Terms, selection: Selection) -> Iterator[str]:
    """The same as :func:`nothing_lines`, with all names, and one sentence for each reason."""
    if not selection.candidates:
        yield terms.say("no-readable-series")
        return
    yield no_series(terms)
    for facts, series in _by_reason(terms, selection):
        names = ", ".join(quoted_series(terms, one) for one in series)
        yield terms.say("refused", series=_capital(names), reason="; ".join(facts))
    yield from _others(terms, selection)


def nothing_lines(terms: Terms, selection: Selection) -> tuple[str, ...]:
    """Why nothing applies: that no series shows what is read, then which series each reason rules out."""
    lines = refusals(terms, selection)
    return (no_series(terms), *lines) if selection.candidates else lines


def refusals(terms: Terms, selection: Selection) -> tuple[str, ...]:
    """Lines for each reason why series were not used, with those series; a last one where there are many reasons."""
    if not selection.candidates:
        return (terms.say("no-readable-series"),)
    found = ((series, fact) for facts, series in _by_reason(terms, selection) for fact in facts)
    lines = (line for series, fact in found for line in _refused(terms, series, fact))
    return (*lines, *_others(terms, selection))


def _by_reason(terms: Terms, selection: Selection) -> list[tuple[tuple[str, ...], list[Candidate]]]:
    """The facts that speak against series, with those series; not more than can be read."""
    return _grouped(terms, selection)[:_REASONS_NAMED]


def _others(terms: Terms, selection: Selection) -> Iterator[str]:
    """That there are more reasons, where there are."""
    more = len(_grouped(terms, selection)) - _REASONS_NAMED
    if more > 0:
        yield terms.say("more-reasons", count=more)


def _grouped(terms: Terms, selection: Selection) -> list[tuple[tuple[str, ...], list[Candidate]]]:
    rows: dict[str, list[Candidate]] = defaultdict(list)
    for candidate in sorted(selection.candidates, key=_place):
        rows[candidate.series_instance_uid].append(candidate)
    reasons: dict[tuple[str, ...], list[Candidate]] = defaultdict(list)
    for found in rows.values():
        reasons[tuple(dict.fromkeys(fact for one in found for fact in _against(terms, one)))].append(found[0])
    return list(reasons.items())


def _against(terms: Terms, candidate: Candidate) -> Iterator[str]:
    """Why a candidate is not used, and what its header says, a fact each, without a full stop."""
    reason = _why_refused(terms, candidate)
    if reason:
        yield reason
    if not candidate.refusals:
        yield from (line.rstrip(".") for line in fact_lines(terms, candidate))


def _refused(terms: Terms, series: Sequence[Candidate], fact: str) -> Iterator[str]:
    """A fact with as many series before it as a line has room for, and the rest in further lines."""
    room = LONGEST - len(terms.say("refused", series="", reason=fact))
    names: list[str] = []
    for one in series:
        name = quoted_series(terms, one, longest=max(room // len(series) - len(", "), _SHORTEST_NAME))
        if names and len(", ".join((*names, name))) > room:
            yield clip(terms.say("refused", series=_capital(", ".join(names)), reason=fact))
            names = []
        names.append(name)
    yield clip(terms.say("refused", series=_capital(", ".join(names)), reason=fact))


def _place(candidate: Candidate) -> tuple[bool, int, str]:
    """MR first, then by number."""
    return candidate.modality != "MR", candidate.series_number or 0, candidate.series_instance_uid


def quoted_series(terms: Terms, candidate: Candidate, *, longest: int = LONGEST) -> str:
    """How people find a series: ``series 2 "t1_tse"``, its description cut short where there is little room."""
    parts: dict[str, str | float] = {}
    if candidate.series_number is not None:
        parts["number"] = candidate.series_number
    start = "series" if parts else "series-unnumbered"
    bare = terms.say("series-number" if parts else start, **parts)
    room = longest - len(bare) - len(' ""')
    if not candidate.description or room < len("t1..."):
        return bare
    return terms.say(f"{start}-quoted", name=clip(candidate.description, room), **parts)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
