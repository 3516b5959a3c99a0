"""What a result says, as the part ``said`` of its JSON: every evaluation and measurement with its words."""

from collections.abc import Iterator
from typing import Any

from inference.result import Analysis, Evaluation, Limitation, Measurement, NotAssessable, Place, Site
from inference.types import Parameter, Reason
from reporting.presentation import MeasurementTerm, Terms, ValueTerm, word_limitation
from reporting.probabilities import probability_words
from reporting.sites import level_words
from reporting.words import evaluation_words, image_name, measurement_words, site_words

Json = dict[str, Any]

DIGITS = 6


def said_json(analysis: Analysis, terms: Terms) -> list[Json]:
    """Evaluations, then measurements, each in the order of the terms."""
    return [*_evaluations(analysis, terms), *_measurements(analysis, terms)]


def _evaluations(analysis: Analysis, terms: Terms) -> Iterator[Json]:
    order = {key: number for number, key in enumerate(terms.evaluations)}
    for one in sorted(analysis.evaluations, key=lambda one: order[one.key]):
        term = terms.evaluations[one.key]
        missing = isinstance(one.value, NotAssessable)
        yield _said("evaluation", one, analysis, terms) | {
            "label": term.words,
            "short": term.short or term.words,
            "note": term.note,
            "value": None if missing else str(one.value),
            "words": evaluation_words(terms, one),
            "severity": None if missing else _severity(term.values[str(one.value)]),
            "basis": one.basis,
            "probabilities": [
                {
                    "value": str(key),
                    "words": term.values[key].words,
                    "severity": _severity(term.values[key]),
                    "p": round(float(p), DIGITS),
                    "p_words": probability_words(float(p), terms.language),
                }
                for key, p in one.probabilities.items()
            ],
        }


def _severity(value: ValueTerm) -> float | None:
    return None if value.severity is None else round(value.severity, 4)


def _measurements(analysis: Analysis, terms: Terms) -> Iterator[Json]:
    order = {key: number for number, key in enumerate(terms.measurements)}
    for one in sorted(analysis.measurements, key=lambda one: order[one.key]):
        term = terms.measurements[one.key]
        yield _said("measurement", one, analysis, terms) | {
            "label": term.words,
            "value": None if isinstance(one.value, NotAssessable) else rounded(one.value),
            "words": measurement_words(terms, one),
            "unit": term.unit.value,
            "of": one.of,
            "role": _measured_on(one, analysis, terms),
            "spread": None if one.spread is None else [rounded(value) for value in one.spread],
            "spread_words": _spread(one, term, terms),
        }


def _spread(one: Measurement, term: MeasurementTerm, terms: Terms) -> str:
    """The two ends of the spread in words; empty where there is none to be seen."""
    shown = dict.fromkeys(term.show(value) for value in one.spread or ())
    return terms.say("range", low=next(iter(shown)), high=next(reversed(shown))) if len(shown) > 1 else ""


def _measured_on(one: Measurement, analysis: Analysis, terms: Terms) -> str:
    """The role of the images that it was measured on; empty where it was not, or where that is not known."""
    if isinstance(one.value, NotAssessable):
        return ""
    segment = next((each for each in analysis.segments if (each.key, each.site) == (one.of, one.site)), None)
    return str(terms.measurements[one.key].role if segment is None else segment.role)


def _said(what: str, one: Evaluation | Measurement, analysis: Analysis, terms: Terms) -> Json:
    """What evaluations and measurements have in common."""
    because = None
    if isinstance(one.value, NotAssessable):
        because = limitation_json(one.value.because, terms)
    return {
        "what": what,
        "key": one.key,
        "site": site_json(one.site, terms),
        "not_assessable": because,
        "at": [_place(place, analysis, terms) for place in one.at],
    }


def _place(place: Place, analysis: Analysis, terms: Terms) -> Json:
    images = analysis.of_role(place.role)
    return {
        "role": str(place.role),
        "plane": place.plane,
        "name": "" if images is None else image_name(images, place.plane, terms.language),
        "shape": place.shape,
        "points_px": [[rounded(value) for value in point] for point in place.points_px],
        "area_mm2": None if place.area_mm2 is None else rounded(place.area_mm2),
    }


def site_json(site: Site, terms: Terms) -> Json:
    """Where in the body, in keys and words."""
    return {
        "anatomy": site.anatomy,
        "anatomy_words": terms.anatomy[site.anatomy].words,
        "side": None if site.side is None else site.side.value,
        "level": site.level,
        "level_words": level_words(site.level, terms) if site.level else "",
        "words": site_words(terms, site),
    }


def limitation_json(limitation: Limitation, terms: Terms) -> Json:
    """A limitation as code, parameters and sentence."""
    return _reason(limitation) | {"sentence": word_limitation(terms, limitation)}


def _reason(reason: Reason) -> Json:
    parameters = {name: _parameter(value) for name, value in reason.parameters.items()}
    return {"code": str(reason.code), "parameters": parameters}


def _parameter(value: Parameter) -> Any:
    if isinstance(value, Reason):
        return _reason(value)
    return [_reason(one) for one in value] if isinstance(value, tuple) else value


def rounded(value: float) -> float:
    """A number as it is reported: to six digits."""
    return float(f"{float(value):.{DIGITS}g}")
