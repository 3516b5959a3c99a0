"""Reasons and limitations in words, by the terms of an application."""

from inference.types import Parameter, Reason
from reporting.presentation.terms import Terms
from reporting.probabilities import probability_words
from reporting.reasons import ERRORS, REASONS


def word_limitation(terms: Terms, limitation: Reason) -> str:
    """A limitation, or another reason that stands alone, as a sentence; see :func:`word_reason`."""
    words = word_reason(terms, limitation)
    return words if _template(terms, limitation) is not None else f"{words[:1].upper()}{words[1:]}."


def word_reason(terms: Terms, reason: Reason) -> str:
    """A reason in words: by the terms, else by the engine's own, else by the table of error codes.

    A key that none of them knows is said with its parameters. A parameter that is a reason stands in its own words,
    several of them with commas. A parameter named ``role`` is a role of images; ``{role}`` and ``{Role}`` are its
    words, small and capital. One named ``probability`` is shown as :mod:`reporting.probabilities` says.
    """
    words = {name: _word_parameter(terms, value) for name, value in reason.parameters.items()}
    template = _template(terms, reason)
    if template is None:
        given = ", ".join(f"{name} {value}" for name, value in words.items())
        return reason.code.replace("_", " ").replace("-", " ").lower() + (f" ({given})" if given else "")
    if "probability" in words:
        words["probability"] = probability_words(float(words["probability"]))
    if "role" in words:
        role = terms.roles[str(words["role"])].words
        words |= {"role": role, "Role": role[:1].upper() + role[1:]}
    return template.format(**words)


def _template(terms: Terms, reason: Reason) -> str | None:
    tables = (terms.limitations, terms.reasons, REASONS, ERRORS)
    return next((known[reason.code] for known in tables if reason.code in known), None)


def _word_parameter(terms: Terms, value: Parameter) -> str | float:
    if isinstance(value, Reason):
        return word_reason(terms, value)
    if isinstance(value, tuple):
        return ", ".join(word_reason(terms, one) for one in value)
    return value
