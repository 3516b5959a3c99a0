"""The shipped stage network on phantoms: what it says, and where it looks."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from scipy import ndimage

from inference.dicom.headers import read_study
from inference.result import Answer
from inference.serving.classifier import Classifier
from inference.serving.registry import LoadedBundle
from inference.sij_mri.application import SacroiliacMri
from inference.sij_mri.joints import find_joints, joint_slices
from inference.sij_mri.stage.focus import FLOOR as HEAT_FLOOR
from inference.sij_mri.stage.focus import explain
from inference.sij_mri.stage.reader import StageReader
from inference.sij_mri.types import Joint, Stage
from inference.types import Side
from training.phantom.phantom import make_phantom
from training.sij_mri.lesions.lesions import Anatomy, Flank, Lesion, LesionKind, LesionPlan, paint

SEED = 22  # in no split of the shipped network


@pytest.fixture(scope="module")
def reader(shipped_bundle: LoadedBundle) -> StageReader:
    return StageReader(cast(Classifier, shipped_bundle.models["stage"]))


@pytest.fixture(scope="module")
def healthy() -> Anatomy:
    phantom = make_phantom(SEED)
    t1, fluid = (replace(volume, frame_of_reference_uid="1.2.3") for volume in (phantom.t1, phantom.fluid))
    return Anatomy(t1, fluid, phantom.region, phantom.surfaces)


def _painted(anatomy: Anatomy, kind: LesionKind, side: Side) -> tuple[Anatomy, Lesion]:
    """One strong lesion on one side."""
    size = (18.0, 40.0, 3.0) if kind is LesionKind.ANKYLOSIS else (8.0, 15.0, 11.0)
    plan = LesionPlan(kind, side, Flank.SACRAL, across=0.5, along=0.5, size_mm=size, strength=0.9)
    painted, (lesion,) = paint(anatomy, [plan], np.random.default_rng(1))
    return painted, lesion


def _joints(anatomy: Anatomy) -> tuple[tuple[Joint, ...], tuple[int, ...]]:
    joints = find_joints(anatomy.t1, anatomy.region)
    return joints, joint_slices(joints, anatomy.t1)


def test_a_phantom_without_lesions_is_normal(reader: StageReader, healthy: Anatomy) -> None:
    joints, shown = _joints(healthy)
    said = reader.predict(reader.prepare(healthy.t1, healthy.fluid, joints, shown))
    assert said.stage is Stage.NORMAL
    assert not said.as_present
    made = explain(reader, reader.prepare(healthy.t1, healthy.fluid, joints, shown), joints=joints)
    assert made.focused.max() <= HEAT_FLOOR, "nothing glows where nothing is found"


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize(("kind", "stage"), [(LesionKind.EDEMA, Stage.EARLY), (LesionKind.ANKYLOSIS, Stage.ADVANCED)])
def test_a_strong_lesion_is_found_and_the_heat_lies_on_it(
    reader: StageReader, healthy: Anatomy, side: Side, kind: LesionKind, stage: Stage
) -> None:
    painted, lesion = _painted(healthy, kind, side)
    joints, shown = _joints(painted)
    given = reader.prepare(painted.t1, painted.fluid, joints, shown)
    said = reader.predict(given)
    assert said.stage is stage
    made = explain(reader, given, joints=joints)
    for heat in (made.grad_cam, made.focused):
        assert heat.shape == painted.t1.shape
        middle = heat.shape[2] // 2
        left, right = heat[:, :, middle:].sum(), heat[:, :, :middle].sum()
        assert (left > 1.5 * right) if side is Side.LEFT else (right > 1.5 * left)
    sampling = (painted.t1.slice_spacing_mm, *painted.t1.pixel_spacing_mm)
    away_mm = ndimage.distance_transform_edt(~lesion.mask, sampling=sampling)
    assert away_mm[np.unravel_index(int(made.grad_cam.argmax()), away_mm.shape)] < 8


def test_without_the_fluid_series_structural_lesions_are_still_found(reader: StageReader, healthy: Anatomy) -> None:
    painted, _ = _painted(healthy, LesionKind.ANKYLOSIS, Side.LEFT)
    joints, shown = _joints(painted)
    assert reader.predict(reader.prepare(painted.t1, None, joints, shown)).stage is Stage.ADVANCED


def test_the_patient_of_strong_edema_has_it(
    shipped_bundle: LoadedBundle, real_study: Callable[[str], list[Path]]
) -> None:
    """Scan 1013, which the stage network has not seen: both readers mark more than 100 ml of edema."""
    application, study = SacroiliacMri(), read_study(real_study("1013"))
    said = application.analyse(
        study,
        application.select(study),
        shipped_bundle.models,
        bundle=shipped_bundle.identity,
        progress=lambda step: None,
    )
    present, heat = said.evaluation("axspa"), said.heatmap("grad-cam")
    assert present is not None
    assert present.value == Answer.PRESENT
    assert heat is not None
    assert (heat.of, heat.towards) == ("axspa", Answer.PRESENT)
    assert np.nanmax(heat.values) > heat.floor
