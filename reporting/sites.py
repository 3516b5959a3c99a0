"""How a site, and what is said of it, is named in words and in code."""

from collections.abc import Mapping

from pydicom.sr.coding import Code as Concept

from inference.result import Key, Segment, Site
from inference.types import Side
from reporting.presentation import Presentation, Terms


def concept_of(concepts: Mapping[Side | None, Concept], site: Site) -> Concept:
    """The concept of a term for a site: that of its side, or that of all others.

    Raises
    ------
    KeyError
        The term has neither.
    """
    return concepts[site.side] if site.side in concepts else concepts[None]


def of_whole_study(concepts: Mapping[Side | None, Concept], site: Site, presentation: Presentation) -> bool:
    """True where the concept alone says of what it is said, in the one group that speaks of the study's own site.

    A level is never named by a concept; a side is where the term has a concept for it.
    """
    anatomy = presentation.terms.anatomy[site.anatomy].concept
    return anatomy == presentation.study_site and not site.level and (site.side is None or site.side in concepts)


def is_paired(concept: Concept, terms: Terms) -> bool:
    """True where a part of the body, named in code, has a left and a right."""
    return any(term.paired for term in terms.anatomy.values() if term.concept == concept)


def level_words(level: Key, terms: Terms) -> str:
    """A level in words; one that the terms do not know is its own word."""
    return terms.levels[level].words if level in terms.levels else level


def segment_label(segment: Segment, terms: Terms) -> str:
    """Segment label: that of its kind and side, with the level where there is one."""
    label = terms.segments[segment.key].labels[segment.site.side]
    return f"{label}, {level_words(segment.site.level, terms)}" if segment.site.level else label


def site_key(key: Key, site: Site | None) -> str:
    """A thing at a site as a short name: ``joint-left``, ``disc-L4/L5``."""
    if site is None:
        return key
    return "-".join(part for part in (key, site.level, site.side or "") if part)
