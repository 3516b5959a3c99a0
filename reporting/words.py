"""Words that every result needs, whatever its application: the catalogue's, with what an analysis says in them."""

from collections.abc import Callable
from dataclasses import replace
from textwrap import wrap

from config.codes import GapCode
from inference.result import Analysis, Evaluation, Images, Key, Measurement, NotAssessable, Site
from inference.series import Candidate
from inference.types import ImageHeader
from reporting.language import Language
from reporting.presentation import Report, Terms, limitation_lines, word_limitation
from reporting.sites import level_words

LONGEST = 90
"""Characters that an item of a report has at most: what lists of viewers show of it in one line."""


def research_lines(terms: Terms) -> tuple[str, ...]:
    """What must be said of every result; first of all, where that is so, that no radiologist has read its wording."""
    unread = () if terms.language.read else (terms.say("wording-not-read"),)
    return (*unread, *terms.language.lines("research-statement"))


def clip(text: str, longest: int = LONGEST) -> str:
    """A text in one line, cut short with ``...`` where it is too long.

    Examples
    --------
    >>> clip("a  long name", 9)
    'a long...'
    """
    text = " ".join(text.split())
    return text if len(text) <= longest else text[: max(longest - 3, 0)].rstrip() + "..."


def fit(word: Callable[[str], str], name: str) -> str:
    """A line that holds a name of others, which is cut short where the line would be too long for an item.

    Examples
    --------
    >>> len(fit(lambda name: f"Looked at: {name}.", 100 * "x"))
    90
    """
    name = " ".join(name.split())
    over = len(word(name)) - LONGEST
    return clip(word(name if over <= 0 else clip(name, max(len(name) - over, 4))))


def lines_of(text: str) -> list[str]:
    """A text as items of a report, broken between words where it is longer than one.

    Examples
    --------
    >>> [len(line) for line in lines_of(30 * "word ")]
    [89, 59]
    """
    return wrap(text, LONGEST, break_on_hyphens=False)


def with_gaps_first(report: Report, analysis: Analysis, terms: Terms) -> Report:
    """A report that says, before all else, that the study is not whole and what is missing; another stays as it is."""
    found = (limitation_lines(terms, one) for one in analysis.limitations if one.code in set(GapCode))
    gaps = tuple(dict.fromkeys(line for lines in found for line in lines))
    if not gaps:
        return report
    first = (terms.say("study-incomplete"), *gaps)
    headline = f"{' '.join(first)} {report.headline}"
    conclusions = (headline if one == report.headline else one for one in report.conclusions)
    return replace(
        report,
        headline=headline,
        conclusions=tuple(conclusions),
        limitations=(*first, *(one for one in report.limitations if one not in gaps)),
        missing=(*first, *report.missing),
        gaps=first,
    )


def incomplete_line(report: Report) -> str:
    """That the study is not whole, and what is missing; empty where nothing is known to be."""
    return " ".join(report.gaps)


def conclusion_of(report: Report) -> tuple[str, ...]:
    """What a report concludes: its impression; the headline, without the gaps before it, where there is none."""
    return report.impression or (report.headline.removeprefix(incomplete_line(report)).strip(),)


def other_limitations(report: Report) -> tuple[str, ...]:
    """The limitations that are not said before all else."""
    return tuple(one for one in report.limitations if one not in report.missing)


def image_name(images: Images, plane: int, language: Language) -> str:
    """How people find a slice: ``slice 9 of 25 (image 17)``, the image number being the scanner's."""
    header = images.sources[plane] if plane < len(images.sources) else None
    number = None if header is None else image_number(header)
    place = {"slice": plane + 1, "slices": images.shape[0]}
    if number is None:
        return language.say("slice-name", **place)
    return language.say("slice-name-image", image=number, **place)


def image_number(header: ImageHeader) -> int | None:
    """The number by which a viewer names an image: its frame, or its instance number."""
    return header.frame if header.frame is not None else header.instance_number


def why_not(terms: Terms, value: NotAssessable) -> str:
    """``not assessable`` with its reason, in words."""
    why = word_limitation(terms, value.because)
    return terms.say("not-assessable-because", why=why, Why=why)


def side_words(terms: Terms, site: Site) -> str:
    """The side of a site in words; empty where it has none."""
    return "" if site.side is None else terms.say("side", side=site.side.value)


def site_words(terms: Terms, site: Site) -> str:
    """Where in the body: ``Sacroiliac joint, left``."""
    level = level_words(site.level, terms) if site.level else ""
    return ", ".join(part for part in (terms.anatomy[site.anatomy].words, level, side_words(terms, site)) if part)


def evaluation_words(terms: Terms, evaluation: Evaluation) -> str:
    """The value of an evaluation in words, or why there is none."""
    if isinstance(evaluation.value, NotAssessable):
        return why_not(terms, evaluation.value)
    return terms.evaluations[evaluation.key].values[evaluation.value].words


def measurement_words(terms: Terms, measurement: Measurement) -> str:
    """The value of a measurement with its unit in words, or why there is none."""
    if isinstance(measurement.value, NotAssessable):
        return why_not(terms, measurement.value)
    return terms.measurements[measurement.key].show(measurement.value)


def series_words(analysis: Analysis, role: Key, language: Language) -> str:
    """Which series was read in a role: ``series 2 't1_tse', 25 slices``; empty where none was."""
    images = analysis.of_role(role)
    if images is None:
        return ""
    name = series_name(analysis.selection.chosen.get(role), language)
    return language.say("series-read", series=name, slices=images.shape[0])


def series_name(candidate: Candidate | None, language: Language, *, description: str = "") -> str:
    """How people find a series: ``series 2 't1_tse'``.

    Parameters
    ----------
    candidate : Candidate or None
    language : Language
    description : str
        Stands for that of the series, where it shall be shorter.
    """
    if candidate is None:
        return language.say("series-chosen")
    name = " ".join((description or candidate.description).split())
    parts: dict[str, str | float] = {}
    if candidate.series_number is not None:
        parts["number"] = candidate.series_number
    if name:
        parts["name"] = name
    return language.say("-".join(("series", *parts)), **parts)
