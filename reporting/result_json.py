"""The JSON of a result: what ``summary.json`` holds and the panel shows, as docs/result-json.md describes it.

It is the language of results with the words of the application beside the keys. It names no patient.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from inference.result import Analysis, Evaluation, Images, Key, Limitation, Measurement, NotAssessable, Place, Site
from inference.series import Candidate, Selection
from inference.types import Parameter, Reason
from reporting.objects import ResultContext
from reporting.presentation import Presentation, Report, Terms, ValueTerm, word_limitation, word_reason
from reporting.series_words import word_candidate, word_selection
from reporting.sites import level_words, segment_label
from reporting.types import ResultObject
from reporting.words import (
    RESEARCH_STATEMENT,
    ascii_text,
    evaluation_words,
    image_name,
    measurement_words,
    site_words,
)

Json = dict[str, Any]

SCHEMA = 2
DIGITS = 6


def summarize(
    analysis: Analysis,
    presentation: Presentation,
    report: Report,
    context: ResultContext,
    objects: Sequence[ResultObject],
    *,
    pictures: Mapping[str, Any],
) -> Json:
    """A summary of plain JSON values.

    Parameters
    ----------
    analysis : Analysis
    presentation : Presentation
        Of its application.
    report : Report
        Of the same analysis.
    context : ResultContext
    objects : sequence of ResultObject
    pictures : mapping
        Index from :func:`reporting.pictures.make_pictures`.
    """
    bundle, terms = analysis.bundle, presentation.terms
    return {
        "schema": SCHEMA,
        "status": "result" if analysis.applicable else "not_applicable",
        "scope": analysis.scope,
        "research_only": RESEARCH_STATEMENT,
        "application": {
            "name": analysis.application,
            "version": analysis.application_version,
            "words": presentation.title,
        },
        "study_instance_uid": analysis.study_instance_uid,
        "revision": context.revision,
        "started": context.started.isoformat(),
        "software_version": context.software_version,
        "model": {"name": bundle.name, "version": bundle.version, "digest": bundle.digest},
        "headline": report.headline,
        "sentences": list(report.findings),
        "conclusions": list(report.conclusions),
        "reasons": [] if analysis.applicable else [ascii_text(word_selection(terms, analysis.selection))],
        "limitations": [_limitation(one, terms) for one in analysis.limitations],
        "limits": list(report.limitations),
        "selection": {
            "sentence": word_selection(terms, analysis.selection),
            "candidates": [_candidate(one, analysis.selection, terms) for one in analysis.selection.candidates],
        },
        "series": {terms.roles[images.role].short: _series(images, terms) for images in analysis.images},
        "lead": terms.lead or next((one.key for one in analysis.evaluations), ""),
        "said": [*_evaluations(analysis, terms), *_measurements(analysis, terms)],
        "profiles": list(_profiles(analysis, terms)),
        "segments": [
            {
                "key": one.key,
                "label": segment_label(one, terms),
                "site": _site(one.site, terms),
                "role": one.role,
                "volume": terms.segments[one.key].volume,
            }
            for one in analysis.segments
        ],
        "heatmaps": list(_heatmaps(analysis, terms)),
        "look_first": [_key_slice(analysis, one.role, one.plane, one.why) for one in analysis.key_slices],
        "objects": [_object(one) for one in objects],
        "timings_s": {name: round(float(value), 3) for name, value in analysis.seconds.items()},
        "pictures": dict(pictures),
        **presentation.summary(analysis),
    }


def _limitation(limitation: Limitation, terms: Terms) -> Json:
    return _reason(limitation) | {"sentence": word_limitation(terms, limitation)}


def _reason(reason: Reason) -> Json:
    parameters = {name: _parameter(value) for name, value in reason.parameters.items()}
    return {"code": str(reason.code), "parameters": parameters}


def _parameter(value: Parameter) -> Any:
    if isinstance(value, Reason):
        return _reason(value)
    return [_reason(one) for one in value] if isinstance(value, tuple) else value


def _candidate(candidate: Candidate, selection: Selection, terms: Terms) -> Json:
    return {
        "series_instance_uid": candidate.series_instance_uid,
        "series_number": candidate.series_number,
        "description": candidate.description,
        "role": str(candidate.role),
        "score": round(float(candidate.score), 1),
        "eligible": candidate.eligible,
        "chosen": candidate.chosen,
        "sentence": word_candidate(terms, candidate, selection),
        "images": len(candidate.images),
        "evidence": [
            {
                "criterion": item.criterion,
                "points": round(float(item.points), 1),
                "text": word_reason(terms, item.reason),
            }
            for item in candidate.evidence
        ],
    }


def _series(images: Images, terms: Terms) -> Json:
    planes, rows, columns = images.shape
    spacing = None if images.grid is None else round(float(images.grid.slice_spacing_mm), 3)
    return {
        "role": str(images.role),
        "words": terms.roles[images.role].words,
        "series_instance_uid": images.series_instance_uid,
        "slices": planes,
        "rows": rows,
        "columns": columns,
        "pixel_spacing_mm": [round(float(value), 4) for value in images.pixel_spacing_mm],
        "slice_spacing_mm": spacing,
        "placed": images.placed,
        "warnings": [word_limitation(terms, one) for one in images.warnings],
    }


def _site(site: Site, terms: Terms) -> Json:
    return {
        "anatomy": site.anatomy,
        "anatomy_words": terms.anatomy[site.anatomy].words,
        "side": None if site.side is None else site.side.value,
        "level": site.level,
        "level_words": level_words(site.level, terms) if site.level else "",
        "words": site_words(terms, site),
    }


def _evaluations(analysis: Analysis, terms: Terms) -> Iterator[Json]:
    for one in analysis.evaluations:
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
                    "p": round(float(p), 4),
                }
                for key, p in one.probabilities.items()
            ],
        }


def _severity(value: ValueTerm) -> float | None:
    return None if value.severity is None else round(value.severity, 4)


def _measurements(analysis: Analysis, terms: Terms) -> Iterator[Json]:
    for one in analysis.measurements:
        term = terms.measurements[one.key]
        yield _said("measurement", one, analysis, terms) | {
            "label": term.words,
            "value": None if isinstance(one.value, NotAssessable) else _rounded(one.value),
            "words": measurement_words(terms, one),
            "unit": term.unit.value,
            "of": one.of,
            "spread": None if one.spread is None else [_rounded(value) for value in one.spread],
        }


def _said(what: str, one: Evaluation | Measurement, analysis: Analysis, terms: Terms) -> Json:
    """What evaluations and measurements have in common."""
    because = None
    if isinstance(one.value, NotAssessable):
        because = _limitation(one.value.because, terms)
    return {
        "what": what,
        "key": one.key,
        "site": _site(one.site, terms),
        "not_assessable": because,
        "at": [_place(place, analysis) for place in one.at],
    }


def _place(place: Place, analysis: Analysis) -> Json:
    images = analysis.of_role(place.role)
    return {
        "role": str(place.role),
        "plane": place.plane,
        "name": "" if images is None else image_name(images, place.plane),
        "shape": place.shape,
        "points_px": [[_rounded(value) for value in point] for point in place.points_px],
        "area_mm2": None if place.area_mm2 is None else _rounded(place.area_mm2),
    }


def _profiles(analysis: Analysis, terms: Terms) -> Iterator[Json]:
    for one in analysis.profiles:
        term = terms.profiles[one.key]
        yield {
            "key": one.key,
            "label": term.words,
            "site": _site(one.site, terms),
            "role": str(one.role),
            "of": term.of,
            "value": str(term.value),
            "values": [None if np.isnan(value) else round(float(value), 4) for value in one.values],
        }


def _heatmaps(analysis: Analysis, terms: Terms) -> Iterator[Json]:
    for one in analysis.heatmaps:
        yield {
            "key": one.key,
            "label": terms.heatmaps[one.key],
            "of": one.of,
            "towards": str(one.towards),
            "site": _site(one.site, terms),
            "role": str(one.role),
            "planes": list(one.planes),
            "full_scale": _rounded(one.full_scale),
        }


def _key_slice(analysis: Analysis, role: Key, plane: int, why: Key) -> Json:
    images = analysis.of_role(role)
    name = "" if images is None else image_name(images, plane)
    return {"role": str(role), "plane": plane, "name": name, "why": why}


def _rounded(value: float) -> float:
    """A number as it is reported: to six digits."""
    return float(f"{float(value):.{DIGITS}g}")


def _object(item: ResultObject) -> Json:
    return {
        "kind": item.kind,
        "title": item.title,
        "series_number": item.series_number,
        "instance_number": item.instance_number,
        "description": item.description,
        "sop_class_uid": item.sop_class_uid,
        "sop_class_name": item.dataset.SOPClassUID.name,
        "sop_instance_uid": item.sop_instance_uid,
        "series_instance_uid": item.series_instance_uid,
    }
