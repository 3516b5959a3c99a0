"""Planes that a reader is sent to: those to look at first, each with its reason, and those that show a thing."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from inference.result import Analysis, Images, Key, Site
from inference.types import Side
from reporting.presentation import Terms
from reporting.words import image_name, site_words


@dataclass(frozen=True, slots=True)
class Seen:
    """Planes of one series, and what they are named for.

    Attributes
    ----------
    key : Key
        Why they were chosen, or the profile that has a number in them.
    site : Site or None
    images : Images
    planes : tuple of int
        Ascending.
    why : str
        The same in words.
    words : str
        The whole in words, with the names of the planes.
    """

    key: Key
    site: Site | None
    images: Images
    planes: tuple[int, ...]
    why: str
    words: str


def look_first(analysis: Analysis, terms: Terms) -> Iterator[Seen]:
    """The planes to look at first, in the order of the analysis."""
    for one in analysis.key_slices:
        images = analysis.of_role(one.role)
        if images is None or one.plane >= len(images.sources):
            continue
        why = terms.whys.get(one.why, str(one.why).replace("-", " "))
        words = terms.say("look-first", series=_name(images, terms), slice=_slice(images, one.plane, terms), why=why)
        yield Seen(one.why, None, images, (one.plane,), why, words)


def shown_in(analysis: Analysis, terms: Terms) -> Iterator[Seen]:
    """For each profile whose planes show a thing: those planes; the right side before the left."""
    for one in sorted(analysis.profiles, key=lambda one: one.site.side is Side.LEFT):
        shows, images = terms.profiles[one.key].shows, analysis.of_role(one.role)
        planes = tuple(int(plane) for plane in np.flatnonzero(np.isfinite(one.values)))
        if not shows or images is None or not planes:
            continue
        words = terms.say(
            "shown-in",
            site=site_words(terms, one.site),
            shows=shows,
            planes=len(planes),
            slices=images.shape[0],
            series=_name(images, terms),
            first=_slice(images, planes[0], terms),
            last=_slice(images, planes[-1], terms),
        )
        yield Seen(one.key, one.site, images, planes, shows, words)


def _name(images: Images, terms: Terms) -> str:
    words = terms.roles[images.role].words
    return words[:1].upper() + words[1:]


def _slice(images: Images, plane: int, terms: Terms) -> str:
    return image_name(images, plane, terms.language)
