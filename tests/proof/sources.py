"""Every position of the patient, and the shipped bundle on a study in each transfer syntax that Python can write.

Run by name (``python -m pytest tests/proof/sources.py``), by the part *sources* of the proof.
"""

from pathlib import Path

import numpy as np
import pytest
from pydicom.uid import JPEG2000Lossless, JPEGLSLossless, RLELossless

from dicom_node.analyse import pipeline
from inference.serving import LoadedBundle
from tests.factories.alike import assert_alike, frames, outcome_of
from tests.factories.phantoms import small
from tests.factories.sides import POSITIONS, assert_left_stays_left, mark_left, store
from tests.factories.sources import EVERYTHING_WITH_A_SIDE, chain, write_study
from training.phantom.dicom import StudyOptions
from training.phantom.dicom import write_study as write_phantom


@pytest.mark.parametrize("position", POSITIONS)
def test_left_stays_left(tmp_path: Path, position: str) -> None:
    way, letters = POSITIONS[position]
    paths = write_study(tmp_path)
    mark_left(paths)
    assert_left_stays_left(chain(store(paths, way, position), kinds=EVERYTHING_WITH_A_SIDE), letters)


@pytest.fixture(scope="module")
def usual(shipped_bundle: LoadedBundle, tmp_path_factory: pytest.TempPathFactory) -> pipeline.Outcome:
    """A patient in Explicit VR Little Endian, read in full."""
    return outcome_of(write_phantom(small(), tmp_path_factory.mktemp("usual")), shipped_bundle)


@pytest.mark.parametrize(
    "options",
    [
        *(StudyOptions(transfer_syntax=syntax) for syntax in (RLELossless, JPEGLSLossless, JPEG2000Lossless)),
        StudyOptions(enhanced=True),
        StudyOptions(enhanced=True, transfer_syntax=JPEGLSLossless),
    ],
    ids=lambda options: f"{options.transfer_syntax.keyword}{' enhanced' * options.enhanced}",
)
def test_however_the_pixels_are_packed_the_result_is_the_same(
    usual: pipeline.Outcome, shipped_bundle: LoadedBundle, options: StudyOptions, tmp_path: Path
) -> None:
    found = outcome_of(write_phantom(small(), tmp_path, options=options), shipped_bundle)
    assert found.findings == ()
    assert_alike(found.analysis, usual.analysis)
    masks, same = (sorted(frame.sum() for frame in frames(one.outputs.objects).values()) for one in (found, usual))
    assert np.array_equal(masks, same)
