"""How a reader finds an image: by its number and that of its series."""

from collections.abc import Sequence

from inference.result import Analysis, Key
from reporting.sij_mri.terms import TERMS
from reporting.words import image_number


def image_words(analysis: Analysis, role: Key, planes: Sequence[int]) -> str:
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

    Returns
    -------
    str
        Empty where no such series was read, or no plane is given.
    """
    images = analysis.of_role(role)
    if images is None or not planes:
        return ""
    headers = [images.sources[plane] if plane < len(images.sources) else None for plane in planes]
    numbers = [None if header is None else image_number(header) for header in headers]
    known = [one for one in numbers if one is not None]
    what, named = ("image", known) if len(known) == len(numbers) else ("slice", [plane + 1 for plane in planes])
    first, last = min(named), max(named)
    return (f"{what} {first}" if first == last else f"{what}s {first} to {last}") + f" of {_series(analysis, role)}"


def _series(analysis: Analysis, role: Key) -> str:
    candidate = analysis.selection.chosen.get(role)
    if candidate is None or candidate.series_number is None:
        return f"the {TERMS.roles[role].words} series"
    return f"series {candidate.series_number}"
