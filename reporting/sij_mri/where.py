"""How a reader finds an image: by its number and that of its series."""

from collections.abc import Sequence

from inference.result import Analysis, Key
from reporting.presentation import Terms
from reporting.words import image_number


def image_words(analysis: Analysis, role: Key, planes: Sequence[int], terms: Terms) -> str:
    """Images of a series in a few words: ``image 6 of series 3``, ``images 2 to 16 of series 3``.

    Where the scanner gave the images no numbers, their slices are counted; where it gave the series none, it is named
    by its role.

    Parameters
    ----------
    analysis : Analysis
    role : Key
        Of the series.
    planes : sequence of int
        One or more; of several the first and the last are named.
    terms : Terms
        Of the language.

    Returns
    -------
    str
        Empty where no such series was read, or no plane is given.
    """
    images = images_alone(analysis, role, planes, terms)
    return terms.say("images-of", images=images, series=_series(analysis, role, terms)) if images else ""


def images_alone(analysis: Analysis, role: Key, planes: Sequence[int], terms: Terms) -> str:
    """The same without the series: ``images 2 to 16``."""
    images = analysis.of_role(role)
    if images is None or not planes:
        return ""
    headers = [images.sources[plane] if plane < len(images.sources) else None for plane in planes]
    numbers = [None if header is None else image_number(header) for header in headers]
    known = [one for one in numbers if one is not None]
    what, named = ("images", known) if len(known) == len(numbers) else ("slices", [plane + 1 for plane in planes])
    first, last = min(named), max(named)
    return terms.say(what, count=1 if first == last else 2, first=first, last=last)


def _series(analysis: Analysis, role: Key, terms: Terms) -> str:
    candidate = analysis.selection.chosen.get(role)
    if candidate is None or candidate.series_number is None:
        return terms.say("series-of-role", role=terms.roles[role].words)
    return terms.say("series-number", number=candidate.series_number)
