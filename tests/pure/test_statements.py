"""What a result says, thing by thing, and the hash that tells whether a later one says anything else."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from inference.result import Analysis, Limitation, NotAssessable
from inference.types import ModelIdentity, Reason
from reporting.statements import NOT_ASSESSABLE, Statement, analysis_hash, statements
from tests.factories.foreign import TERMS, make_lumbar, make_photo


def test_each_thing_said_is_a_statement() -> None:
    assert statements(make_lumbar(), TERMS) == (
        Statement("narrowing", "disc", "", "L4", "moderate", 0.5, ""),
        Statement("narrowing", "disc", "", "L5", NOT_ASSESSABLE, None, ""),
        Statement("slip", "disc", "", "", "absent", None, ""),
        Statement("cyst-volume", "disc", "left", "L4", "", 640.0, "mm3"),
        Statement("angle", "disc", "", "", NOT_ASSESSABLE, None, "deg"),
    )


def with_number(value: float) -> Analysis:
    analysis = make_lumbar()
    first, second = analysis.measurements
    return replace(analysis, measurements=(replace(first, value=value), second))


def moved_voxel(analysis: Analysis) -> Analysis:
    mask = analysis.segments[0].mask.copy()
    mask[0, 0, 0] = True
    return replace(analysis, segments=(replace(analysis.segments[0], mask=mask),))


def other_heat(analysis: Analysis) -> Analysis:
    values = analysis.heatmaps[0].values.copy()
    values[1, 0, 0] = 1.0
    return replace(analysis, heatmaps=(replace(analysis.heatmaps[0], values=values),))


def other_reason(analysis: Analysis) -> Analysis:
    first, second = analysis.measurements
    return replace(analysis, measurements=(first, replace(second, value=NotAssessable(Limitation("TOO_DARK")))))


def other_image(analysis: Analysis) -> Analysis:
    images = analysis.images[0]
    sources = (replace(images.sources[0], sop_instance_uid="2.25.1"), *images.sources[1:])
    return replace(analysis, images=(replace(images, sources=sources),))


def other_probability(analysis: Analysis) -> Analysis:
    shares = {"mild": 0.21, "moderate": 0.5, "severe": 0.29}
    first, *others = analysis.evaluations
    return replace(analysis, evaluations=(replace(first, probabilities=shares), *others))


@pytest.mark.parametrize(
    "change",
    [
        moved_voxel,
        other_heat,
        other_reason,
        other_image,
        other_probability,
        lambda analysis: with_number(641.0),
        lambda analysis: replace(analysis, bundle=ModelIdentity("lumbar-trial", "2", "ce" * 32)),
        lambda analysis: replace(analysis, application_version="0.4"),
        lambda analysis: replace(analysis, limitations=()),
        lambda analysis: replace(analysis, key_slices=()),
    ],
)
def test_whatever_is_said_differently_changes_the_hash(change: Callable[[Analysis], Analysis]) -> None:
    assert analysis_hash(change(make_lumbar())) != analysis_hash(make_lumbar())


def test_times_and_digits_that_nobody_reports_do_not() -> None:
    known = analysis_hash(make_lumbar())
    assert analysis_hash(replace(make_lumbar(), seconds={"read": 99.0})) == known
    assert analysis_hash(with_number(640.004)) == known
    blurred = make_lumbar()
    heat = blurred.heatmaps[0]
    values = np.where(np.isnan(heat.values), np.nan, heat.values + 1e-4).astype(np.float32)
    assert analysis_hash(replace(blurred, heatmaps=(replace(heat, values=values),))) == known


def test_a_refused_series_counts_where_nothing_was_read_and_only_there() -> None:
    whole, nothing = make_photo(), replace(make_photo(), scope="none", images=(), evaluations=())
    for analysis, counts in ((whole, False), (nothing, True)):
        known = analysis.selection
        refused = replace(known.candidates[0], series_number=99, refusals=(Reason("no-pixels"),), chosen=False)
        more = replace(analysis, selection=replace(known, candidates=(*known.candidates, refused)))
        assert (analysis_hash(more) != analysis_hash(analysis)) is counts
