"""Is what is said of two studies the same, on the pixels of each; and the whole path from files to objects."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from dicom_node.analyse import pipeline
from inference.dicom.headers import read_study
from inference.result import Analysis, Images, NotAssessable, Segment
from inference.serving.registry import LoadedBundle
from inference.space import to_index, to_patient
from inference.types import BoolArray
from reporting.types import ResultObject

UNEQUAL_SHARE = 0.001
"""Positions are written with ten digits, so a voxel at a threshold may fall on its other side."""


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


def outcome_of(paths: list[Path], bundle: LoadedBundle) -> pipeline.Outcome:
    """The whole path that the node takes, up to the objects that it sends."""
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
    assert len(before) > 10
    total = sum(plane.sum() for plane in before.values())
    unequal = sum(np.count_nonzero(after[key] != plane.T) for key, plane in before.items())
    assert unequal <= UNEQUAL_SHARE * total
