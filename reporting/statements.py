"""What an analysis says, thing by thing, as plain values; and a hash of all of it."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from inference.result import Analysis, Evaluation, Key, Measurement, NotAssessable, Place, Site
from inference.series import Candidate
from inference.types import FloatArray, Parameter, Reason
from reporting.presentation import Terms

NOT_ASSESSABLE: Key = "not-assessable"
"""The value of a statement that says that there is none."""

DIGITS = 4
"""Significant digits of numbers, and decimals of probabilities, that reports and lists show at most."""

HEAT_LEVELS = 255


@dataclass(frozen=True, slots=True)
class Statement:
    """One thing that a result says.

    Attributes
    ----------
    key, anatomy, level : Key
    side : str
        ``left``, ``right`` or empty.
    value : Key
        Value of an evaluation; :data:`NOT_ASSESSABLE` where there is none; empty for a number.
    number : float or None
        A measurement; the probability of an evaluation's value, where that is known.
    unit : str
        UCUM code of a measurement's unit.
    """

    key: Key
    anatomy: Key
    side: str
    level: Key
    value: Key
    number: float | None
    unit: str


def statements(analysis: Analysis, terms: Terms) -> tuple[Statement, ...]:
    """Every evaluation and measurement of an analysis, in its order."""
    return (
        *(_evaluated(one) for one in analysis.evaluations),
        *(_measured(one, str(terms.measurements[one.key].unit.value)) for one in analysis.measurements),
    )


def _evaluated(one: Evaluation) -> Statement:
    if isinstance(one.value, NotAssessable):
        return _at(one.key, one.site, NOT_ASSESSABLE, None, "")
    known = one.probabilities.get(one.value)
    return _at(one.key, one.site, str(one.value), None if known is None else float(known), "")


def _measured(one: Measurement, unit: str) -> Statement:
    if isinstance(one.value, NotAssessable):
        return _at(one.key, one.site, NOT_ASSESSABLE, None, unit)
    return _at(one.key, one.site, "", float(one.value), unit)


def _at(key: Key, site: Site, value: Key, number: float | None, unit: str) -> Statement:
    return Statement(str(key), str(site.anatomy), str(site.side or ""), str(site.level), value, number, unit)


def analysis_hash(analysis: Analysis) -> str:
    """Hash of everything that an analysis says, which tells whether a later one says anything else.

    Numbers are rounded as they are reported, masks and heat maps count by their content, and so do the images that were
    read, since what is sent names them. Times and the refused series of a study that was read do not count.

    Returns
    -------
    str
        SHA-256 in hexadecimal. It holds no UID and no identity in a form that could be read.
    """
    digest = hashlib.sha256()
    for part in _parts(analysis):
        digest.update(part if isinstance(part, bytes) else repr(part).encode())
        digest.update(b"\x1e")
    return digest.hexdigest()


def _parts(analysis: Analysis) -> Iterator[Any]:
    bundle = analysis.bundle
    yield analysis.application, analysis.application_version, analysis.scope
    yield bundle.name, bundle.version, bundle.digest
    yield from _selected(analysis)
    for images in analysis.images:
        sources = [(image.sop_instance_uid, image.frame) for image in images.sources]
        yield str(images.role), sources, [_reason(one) for one in images.warnings]
    for segment in analysis.segments:
        yield "segment", str(segment.key), _site(segment.site), str(segment.role), segment.mask.shape
        yield np.packbits(segment.mask).tobytes()
    for trace in analysis.traces:
        yield "trace", str(trace.key), _site(trace.site), str(trace.role)
        yield from (_quantized(line, 10.0) for line in trace.lines_px)
    yield from (
        ("measurement", str(one.key), _site(one.site), _value(one), _places(one.at)) for one in analysis.measurements
    )
    yield from _evaluations(analysis)
    for profile in analysis.profiles:
        yield "profile", str(profile.key), _site(profile.site), str(profile.role)
        yield _quantized(profile.values, 10.0**DIGITS)
    for heat in analysis.heatmaps:
        yield "heat", str(heat.key), str(heat.of), _site(heat.site), str(heat.towards), str(heat.role)
        yield _quantized(heat.values, HEAT_LEVELS / heat.full_scale)
    yield [(str(one.role), one.plane, str(one.why)) for one in analysis.key_slices]
    yield [_reason(one) for one in analysis.limitations]


def _selected(analysis: Analysis) -> Iterator[Any]:
    """The series that were chosen; where none was, the reasons, which are all that the report then holds."""
    chosen = analysis.selection.chosen
    yield sorted((str(role), one.series_number, one.description) for role, one in chosen.items())
    if not analysis.applicable:
        yield [str(role) for role in analysis.selection.wanted]
        yield from (_candidate(one) for one in analysis.selection.candidates)


def _candidate(one: Candidate) -> Any:
    reasons = [*one.refusals, *(item.reason for item in one.evidence), *one.notes]
    return one.series_number, one.description, str(one.role), [_reason(reason) for reason in reasons]


def _evaluations(analysis: Analysis) -> Iterator[Any]:
    for one in analysis.evaluations:
        known = [(str(key), round(float(value), DIGITS)) for key, value in one.probabilities.items()]
        value = _reason(one.value.because) if isinstance(one.value, NotAssessable) else str(one.value)
        yield "evaluation", str(one.key), _site(one.site), value, str(one.basis), known, _places(one.at)


def _value(one: Measurement) -> Any:
    if isinstance(one.value, NotAssessable):
        return _reason(one.value.because)
    spread = None if one.spread is None else tuple(_rounded(value) for value in one.spread)
    return _rounded(one.value), spread


def _rounded(value: float) -> str:
    return f"{float(value):.{DIGITS}g}"


def _reason(one: Reason) -> Any:
    return "reason", str(one.code), sorted((name, _parameter(value)) for name, value in one.parameters.items())


def _parameter(value: Parameter) -> Any:
    if isinstance(value, Reason):
        return _reason(value)
    if isinstance(value, tuple):
        return [_reason(one) for one in value]
    return _rounded(value) if isinstance(value, float) else str(value)


def _places(places: tuple[Place, ...]) -> Any:
    return [
        (
            str(one.role),
            one.plane,
            one.shape,
            [(round(float(row), 1), round(float(column), 1)) for row, column in one.points_px],
            None if one.area_mm2 is None else _rounded(one.area_mm2),
        )
        for one in places
    ]


def _site(site: Site) -> tuple[str, str, str]:
    return str(site.anatomy), str(site.side or ""), str(site.level)


def _quantized(values: FloatArray, scale: float) -> bytes:
    """Values in steps of one part of the scale; NaN is a step of its own."""
    steps = np.where(np.isfinite(values), np.round(np.nan_to_num(values) * scale), -(2**31)).astype(np.int64)
    return repr(values.shape).encode() + steps.tobytes()
