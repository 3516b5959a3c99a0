"""The JSON of a result: what ``summary.json`` holds and the panel shows, as docs/result-json.md describes it.

It is the language of results with the words of the application beside the keys. It names no patient.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from inference.result import Analysis, Images
from inference.series import Candidate, Selection
from reporting.objects import ResultContext
from reporting.presentation import (
    Presentation,
    ProfileTerm,
    Report,
    Terms,
    word_limitation,
    word_reason,
)
from reporting.probabilities import probability_words
from reporting.said_json import limitation_json, rounded, said_json, site_json
from reporting.seen import Seen, look_first, shown_in
from reporting.series_words import word_candidate, word_selection
from reporting.sites import segment_label
from reporting.types import ResultObject
from reporting.words import image_name

Json = dict[str, Any]

SCHEMA = 2


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
        "language": terms.language.code,
        "research_only": " ".join(terms.language.lines("research-statement")),
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
        "sentences": [*report.findings, *report.technique],
        "impression": list(report.impression),
        "conclusions": [*report.impression, *report.conclusions],
        "reasons": _reasons(analysis, report, terms),
        "limitations": [limitation_json(one, terms) for one in analysis.limitations],
        "limits": list(report.limitations),
        "selection": {
            "sentence": word_selection(terms, analysis.selection),
            "candidates": [_candidate(one, analysis.selection, terms) for one in analysis.selection.candidates],
        },
        "series": {terms.roles[images.role].short: _series(images, terms) for images in analysis.images},
        "lead": terms.lead or next((one.key for one in analysis.evaluations), ""),
        "said": said_json(analysis, terms),
        "profiles": list(_profiles(analysis, terms)),
        "segments": [
            {
                "key": one.key,
                "label": segment_label(one, terms),
                "site": site_json(one.site, terms),
                "role": one.role,
                "volume": terms.segments[one.key].volume,
            }
            for one in analysis.segments
        ],
        "heatmaps": list(_heatmaps(analysis, terms)),
        "look_first": [_key_slice(one, terms) for one in look_first(analysis, terms)],
        "shown_in": [_shown_in(one, terms) for one in shown_in(analysis, terms)],
        "objects": [_object(one) for one in objects],
        "timings_s": {name: round(float(value), 3) for name, value in analysis.seconds.items()},
        "pictures": dict(pictures),
        **presentation.summary(analysis),
    }


def _reasons(analysis: Analysis, report: Report, terms: Terms) -> list[str]:
    """Why nothing was read."""
    if analysis.applicable:
        return []
    return list(report.reasons) or [word_selection(terms, analysis.selection)]


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


def _profiles(analysis: Analysis, terms: Terms) -> Iterator[Json]:
    for one in analysis.profiles:
        term = terms.profiles[one.key]
        yield {
            "key": one.key,
            "label": term.words,
            "site": site_json(one.site, terms),
            "role": str(one.role),
            "of": term.of,
            "value": str(term.value),
            "values": [None if np.isnan(value) else round(float(value), 4) for value in one.values],
            "words": [_profile_words(float(value), term, terms) for value in one.values],
        }


def _profile_words(value: float, term: ProfileTerm, terms: Terms) -> str:
    if np.isnan(value):
        return ""
    return probability_words(value, terms.language) if term.of else terms.language.number(value, 2)


def _heatmaps(analysis: Analysis, terms: Terms) -> Iterator[Json]:
    for one in analysis.heatmaps:
        yield {
            "key": one.key,
            "label": terms.heatmaps[one.key],
            "of": one.of,
            "towards": str(one.towards),
            "site": site_json(one.site, terms),
            "role": str(one.role),
            "planes": list(one.planes),
            "full_scale": rounded(one.full_scale),
        }


def _key_slice(one: Seen, terms: Terms) -> Json:
    (plane,) = one.planes
    return {
        "role": str(one.images.role),
        "plane": plane,
        "name": image_name(one.images, plane, terms.language),
        "why": str(one.key),
        "why_words": one.why,
        "words": one.words,
    }


def _shown_in(one: Seen, terms: Terms) -> Json:
    return {
        "key": str(one.key),
        "site": None if one.site is None else site_json(one.site, terms),
        "role": str(one.images.role),
        "planes": list(one.planes),
        "words": one.words,
    }


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
