"""However a scanner stores its pictures, the same patient gives the same result, on the pixels that were stored."""

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import numpy as np
import pydicom
import pytest

from dicom_node.analyse import pipeline
from inference.dicom.headers import read_study
from inference.result import Analysis, Images, NotAssessable, Segment
from inference.serving.registry import LoadedBundle
from inference.sij_mri import SacroiliacMri
from inference.space import to_index, to_patient
from inference.types import BoolArray, Side
from reporting.types import ResultObject
from tests.factories.orientations import HEAD_TO_FEET, WAYS, Way, phantom_stored, turn_files
from tests.factories.phantoms import small
from training.phantom.dicom import StudyOptions, write_study

UNEQUAL_SHARE = 0.001
"""Positions are written with ten digits, so a voxel at a threshold may fall on its other side."""

Analyse = Callable[[list[Path]], Analysis]


@pytest.fixture(scope="module")
def analyse(shipped_bundle: LoadedBundle) -> Analyse:
    """A function from files to what the sacroiliac application says of them."""
    reader = SacroiliacMri()

    def run(paths: list[Path]) -> Analysis:
        study = read_study(paths)
        return reader.analyse(
            study,
            reader.select(study),
            shipped_bundle.models,
            bundle=shipped_bundle.identity,
            progress=lambda step: None,
        )

    return run


@pytest.fixture(scope="module")
def usual(analyse: Analyse, tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    """The patient as most scanners store one, read in full."""
    analysis = analyse(write_study(small(), tmp_path_factory.mktemp("usual")))
    assert analysis.scope == "full"
    left, right = (analysis.measurement("edema-volume", side) for side in (Side.LEFT, Side.RIGHT))
    assert left is not None and isinstance(left.value, float)
    assert right is not None and isinstance(right.value, float)
    assert left.value > 3 * right.value, "the lesion is on the left"
    return analysis


def answers(analysis: Analysis) -> dict[str, float]:
    """Every number and probability by its name; an answer's value is part of the name."""
    numbers = {}
    for one in analysis.measurements:
        assert not isinstance(one.value, NotAssessable)
        numbers[f"{one.key} {one.site.side}"] = one.value
    for said in analysis.evaluations:
        numbers[f"{said.key} {said.site.side}: {said.value}"] = 0.0
        numbers |= {f"{said.key} {said.site.side}: {key}": value for key, value in said.probabilities.items()}
    return numbers


def on_usual(segment: Segment, images: Images, usual: Images) -> BoolArray:
    """A mask on the grid of the usual study, by the patient coordinates of its voxels."""
    mask = np.zeros(usual.shape, bool)
    places = np.rint(to_index(usual.volume, to_patient(images.volume, np.argwhere(segment.mask)))).astype(int)
    mask[tuple(places.T)] = True
    return mask


def assert_alike(found: Analysis, usual: Analysis) -> None:
    """The same scope, answers, sides and masks, whatever pixels they lie on."""
    assert found.scope == usual.scope
    assert answers(found) == pytest.approx(answers(usual), rel=2e-3, abs=2e-3)
    assert [(one.key, one.site) for one in found.segments] == [(one.key, one.site) for one in usual.segments]
    for one, other in zip(found.segments, usual.segments, strict=True):
        images, expected = found.of_role(one.role), usual.of_role(other.role)
        assert images is not None and expected is not None
        mask = on_usual(one, images, expected)
        assert mask.sum() == one.mask.sum()
        assert np.count_nonzero(mask != other.mask) <= UNEQUAL_SHARE * other.mask.sum(), one.key


@pytest.mark.parametrize(
    ("way", "reversed_slices"),
    [
        pytest.param(way, backwards, id=" ".join((*way, "backwards" if backwards else "")).strip())
        for way, backwards in product(WAYS, (False, True))
        if way or backwards
    ],
)
def test_the_same_patient_gives_the_same_result(
    analyse: Analyse, usual: Analysis, way: Way, reversed_slices: bool, tmp_path: Path
) -> None:
    stored = phantom_stored(small(), way, reversed_slices=reversed_slices)
    found = analyse(write_study(stored, tmp_path))
    assert_alike(found, usual)
    for images, given in zip(found.images, (stored.t1, stored.fluid), strict=True):
        assert images.shape == given.shape, "the pixels are those of the source"
        first = pydicom.dcmread(images.sources[0].path)
        assert images.grid is not None
        assert images.grid.positions_mm[0] == pytest.approx(np.array(first.ImagePositionPatient, float), abs=1e-6)
        np.testing.assert_array_equal(images.pixels[0], first.pixel_array)
    for line, same in zip(found.traces, usual.traces, strict=True):
        assert sum(map(len, line.lines_px)) == sum(map(len, same.lines_px)) > 0


def test_only_one_series_stored_otherwise_meets_the_other(analyse: Analyse, usual: Analysis, tmp_path: Path) -> None:
    paths = write_study(small(), tmp_path / "usual")
    fluid = [path for path in paths if pydicom.dcmread(path, stop_before_pixels=True).SeriesNumber == 3]
    assert fluid
    found = analyse([path for path in paths if path not in fluid] + turn_files(fluid, tmp_path / "turned"))
    assert_alike(found, usual)


def outcome_of(paths: list[Path], bundle: LoadedBundle) -> pipeline.Outcome:
    return pipeline.run(read_study(paths), bundle, application="sij_mri", revision=1, started=datetime.now(UTC))


def frames(objects: tuple[ResultObject, ...]) -> dict[tuple[str, str, int], BoolArray]:
    """Each frame of each segmentation by its segment, and by the instance and frame that it was made from."""
    found = {}
    for dataset in (item.dataset for item in objects if item.dataset.Modality == "SEG"):
        labels = {one.SegmentNumber: str(one.SegmentLabel) for one in dataset.SegmentSequence}
        shared = dataset.SharedFunctionalGroupsSequence[0]
        pixels = dataset.pixel_array.reshape(-1, dataset.Rows, dataset.Columns)
        for frame, plane in zip(dataset.PerFrameFunctionalGroupsSequence, pixels, strict=True):
            source = frame.DerivationImageSequence[0].SourceImageSequence[0]
            segment = frame if "SegmentIdentificationSequence" in frame else shared
            label = labels[segment.SegmentIdentificationSequence[0].ReferencedSegmentNumber]
            number = int(source.get("ReferencedFrameNumber", 0))
            found[label, str(source.ReferencedSOPInstanceUID), number] = plane.astype(bool)
    return found


def assert_transposed(
    before: dict[tuple[str, str, int], BoolArray], after: dict[tuple[str, str, int], BoolArray]
) -> None:
    """The same frames of the same sources, rows and columns changed."""
    assert before.keys() == after.keys()
    assert len(before) > 20
    total = sum(plane.sum() for plane in before.values())
    unequal = sum(np.count_nonzero(after[key] != plane.T) for key, plane in before.items())
    assert unequal <= UNEQUAL_SHARE * total


def test_rows_from_head_to_feet_pass_the_gate_on_the_sources_own_pixels(
    shipped_bundle: LoadedBundle, tmp_path: Path
) -> None:
    paths = write_study(small(), tmp_path / "usual")
    usual = outcome_of(paths, shipped_bundle)
    turned = outcome_of(turn_files(paths, tmp_path / "turned"), shipped_bundle)
    assert usual.findings == turned.findings == ()
    assert_alike(turned.analysis, usual.analysis)
    assert_transposed(frames(usual.outputs.objects), frames(turned.outputs.objects))
    (first, *_) = (item.dataset for item in turned.outputs.objects if item.dataset.Modality == "SEG")
    directions = first.SharedFunctionalGroupsSequence[0].PlaneOrientationSequence[0].ImageOrientationPatient
    assert [float(one) for one in directions] == pytest.approx(
        [*small().t1.column_direction, *small().t1.row_direction], abs=1e-6
    )


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
