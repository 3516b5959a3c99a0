"""Reasons and limitations in words, by the terms of an application and the catalogue of its language."""

from collections.abc import Mapping

from config.codes import Code
from inference.types import Key, Parameter, Reason
from reporting.presentation.terms import Terms
from reporting.probabilities import probability_words

ERRORS: Mapping[Key, str] = {str(code): code.sentence for code in Code}
"""What made something unreadable, where that is an error: the general sentence of its code, in English."""


def word_limitation(terms: Terms, limitation: Reason) -> str:
    """A limitation, or another reason that stands alone, in sentences; see :func:`word_reason`."""
    return " ".join(limitation_lines(terms, limitation))


def limitation_lines(terms: Terms, limitation: Reason) -> tuple[str, ...]:
    """A limitation as facts, each a sentence for a line of its own; see :func:`word_reason`."""
    lines = _known(terms, limitation)
    if lines:
        return lines
    words = _unknown(terms, limitation)
    return (f"{words[:1].upper()}{words[1:]}.",)


def word_reason(terms: Terms, reason: Reason) -> str:
    """A reason in words: by the terms, else by the catalogue of their language, else by the table of error codes.

    A key that none of them knows is said with its parameters. A parameter that is a reason stands in its own words,
    several of them with commas. A parameter named ``role`` is a role of images; ``{role}`` and ``{Role}`` are its
    words, small and capital. One named ``probability`` is shown as :mod:`reporting.probabilities` says.
    """
    return " ".join(_known(terms, reason)) or _unknown(terms, reason)


def message_key(code: Key) -> str:
    """Under which key a catalogue words a reason.

    Examples
    --------
    >>> message_key("in phase")
    'reason-in_phase'
    """
    return f"reason-{code.replace(' ', '_')}"


def _known(terms: Terms, reason: Reason) -> tuple[str, ...]:
    words = {name: _word_parameter(terms, value) for name, value in reason.parameters.items()}
    if "probability" in words:
        words["probability"] = probability_words(float(words["probability"]), terms.language)
    if "role" in words:
        role = terms.roles[str(words["role"])].words
        words |= {"role": role, "Role": role[:1].upper() + role[1:]}
    for templates in (terms.limitations, terms.reasons):
        if reason.code in templates:
            return (templates[reason.code].format(**words),)
    key = message_key(reason.code)
    if terms.language.knows(key):
        return terms.language.lines(key, **words)
    return (ERRORS[reason.code],) if reason.code in ERRORS else ()


def _unknown(terms: Terms, reason: Reason) -> str:
    given = ", ".join(f"{name} {_word_parameter(terms, value)}" for name, value in reason.parameters.items())
    return reason.code.replace("_", " ").replace("-", " ").lower() + (f" ({given})" if given else "")


def _word_parameter(terms: Terms, value: Parameter) -> str | float:
    if isinstance(value, Reason):
        return word_reason(terms, value)
    if isinstance(value, tuple):
        return ", ".join(word_reason(terms, one) for one in value)
    return value
