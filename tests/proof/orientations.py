"""Whole studies stored in each of the sixteen legal ways, as enhanced objects, and a real patient transposed.

Run by name (``python -m pytest tests/proof/orientations.py``), by the part *recognition* of the proof.
"""

from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest

from dicom_node.analyse import pipeline
from inference.serving import LoadedBundle
from tests.factories.alike import assert_alike, assert_transposed, frames, outcome_of
from tests.factories.orientations import HEAD_TO_FEET, WAYS, Way, phantom_stored, turn_files
from tests.factories.phantoms import small
from training.phantom.dicom import StudyOptions, write_study


@pytest.fixture(scope="module")
def usual(shipped_bundle: LoadedBundle, tmp_path_factory: pytest.TempPathFactory) -> pipeline.Outcome:
    """The patient as most scanners store one, read in full."""
    return outcome_of(write_study(small(), tmp_path_factory.mktemp("usual")), shipped_bundle)


@pytest.mark.parametrize(
    ("way", "reversed_slices"),
    [
        pytest.param(way, backwards, id=" ".join((*way, "backwards" if backwards else "")).strip())
        for way, backwards in product(WAYS, (False, True))
        if way or backwards
    ],
)
def test_the_same_patient_gives_the_same_result(
    usual: pipeline.Outcome, shipped_bundle: LoadedBundle, way: Way, reversed_slices: bool, tmp_path: Path
) -> None:
    stored = phantom_stored(small(), way, reversed_slices=reversed_slices)
    found = outcome_of(write_study(stored, tmp_path), shipped_bundle)
    assert found.findings == ()
    assert_alike(found.analysis, usual.analysis)


def test_frames_of_an_enhanced_object_are_turned_as_single_images_are(
    shipped_bundle: LoadedBundle, tmp_path: Path
) -> None:
    options = StudyOptions(enhanced=True)
    stored = phantom_stored(small(), HEAD_TO_FEET)
    usual = outcome_of(write_study(small(), tmp_path / "usual", options=options), shipped_bundle)
    turned = outcome_of(write_study(stored, tmp_path / "turned", options=options), shipped_bundle)
    assert usual.findings == turned.findings == ()
    assert_alike(turned.analysis, usual.analysis)
    count = {images.sources[0].sop_instance_uid: len(images.sources) for images in usual.analysis.images}
    from_the_other_end = {
        (label, uid, count[uid] + 1 - number): plane
        for (label, uid, number), plane in frames(usual.outputs.objects).items()
    }
    assert_transposed(from_the_other_end, frames(turned.outputs.objects))


def test_a_real_patient_whose_pictures_are_transposed_gives_the_same_answers(
    real_study: Callable[[str], list[Path]], shipped_bundle: LoadedBundle, tmp_path: Path
) -> None:
    paths = real_study("2015")
    usual = outcome_of(paths, shipped_bundle)
    turned = outcome_of(turn_files(paths, tmp_path), shipped_bundle)
    assert usual.findings == turned.findings == ()
    assert_alike(turned.analysis, usual.analysis)
    assert_transposed(frames(usual.outputs.objects), frames(turned.outputs.objects))
