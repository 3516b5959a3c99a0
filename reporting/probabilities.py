"""Probabilities as a person may read them: never nearer to certainty than anything measured allows.

The bounds: 36 right answers in 36 simulated studies (docs/evaluation/stage.md) support no more than 0.92 (exact,
one-sided, 95 %), and no calibration on patients exists. 0.95 is the round figure next to it, 0.05 its mirror. What is
stored keeps every digit.
"""

from reporting.language import Language

LOWEST_SHOWN = 0.05
HIGHEST_SHOWN = 0.95


def is_bounded(probability: float) -> bool:
    """True where it is not shown as it is."""
    return not LOWEST_SHOWN <= probability <= HIGHEST_SHOWN


def shown_probability(probability: float) -> float:
    """The number that may be shown: itself, or the bound that it lies beyond."""
    return min(max(float(probability), LOWEST_SHOWN), HIGHEST_SHOWN)


def probability_words(probability: float, language: Language) -> str:
    """A probability in words, two decimals.

    Examples
    --------
    >>> from reporting.language import find_language
    >>> [probability_words(p, find_language()) for p in (0.0, 0.049, 0.05, 0.418, 0.95, 0.99996)]
    ['under 0.05', 'under 0.05', '0.05', '0.42', '0.95', 'over 0.95']
    >>> probability_words(0.99996, find_language("de"))
    'über 0,95'
    """
    if probability < LOWEST_SHOWN:
        return language.say("under", bound=language.number(LOWEST_SHOWN, 2))
    if probability > HIGHEST_SHOWN:
        return language.say("over", bound=language.number(HIGHEST_SHOWN, 2))
    return language.number(probability, 2)


def bound_statement(language: Language) -> str:
    """Why some probabilities are not shown as they are."""
    bounds = {"low": language.number(LOWEST_SHOWN, 2), "high": language.number(HIGHEST_SHOWN, 2)}
    return language.say("bound-statement", **bounds)


def names_a_bound(words: str, language: Language) -> bool:
    """True where words hold a probability that is not shown as it is.

    Examples
    --------
    >>> from reporting.language import find_language
    >>> [names_a_bound(probability_words(p, find_language()), find_language()) for p in (0.01, 0.5, 0.99)]
    [True, False, True]
    """
    return probability_words(0.0, language) in words or probability_words(1.0, language) in words
