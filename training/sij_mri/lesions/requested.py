"""Patients whose lesions the phantom itself makes: another hand than :mod:`training.sij_mri.lesions.lesions`.

The stage network sees both in training, so that it learns lesions and not one way of painting them.
"""

import numpy as np

from inference.sij_mri import Role, Stage
from inference.types import Side
from training.phantom import GridSpec, LesionRequest, PhantomSpec, make_phantom
from training.sij_mri.lesions.disease import SimulatedPatient, distract, slice_stages
from training.sij_mri.lesions.lesions import Anatomy, Flank, Lesion, LesionKind

KINDS = {
    "bme": LesionKind.EDEMA,
    "erosion": LesionKind.EROSION,
    "fat": LesionKind.FAT,
    "sclerosis": LesionKind.SCLEROSIS,
    "ankylosis": LesionKind.ANKYLOSIS,
}


def requested_patient(seed: int, stage: Stage, *, grid: GridSpec) -> SimulatedPatient:
    """A phantom with lesions of its own making.

    Parameters
    ----------
    seed : int
        Of anatomy and lesions.
    stage : Stage
    grid : GridSpec
        Of both contrasts.
    """
    rng = np.random.default_rng([seed, 11])
    spec = PhantomSpec(t1=grid, fluid=grid, lesions=draw_requests(stage, rng))
    phantom = make_phantom(seed, spec=spec)
    lesions = tuple(
        Lesion(KINDS[made.kind], made.side, Flank(_flank(made.bone)), made.mask, made.center_mm, made.volume_mm3)
        for made in phantom.lesions
        if made.mask.any() and (made.role is Role.FLUID) == (made.kind == "bme")
    )
    anatomy = distract(Anatomy(phantom.t1, phantom.fluid, phantom.region, phantom.surfaces), rng)
    return SimulatedPatient(anatomy, phantom.stage, phantom.as_present, lesions, slice_stages(phantom.t1, lesions))


def _flank(bone: str) -> str:
    return "sacral" if bone == "both" else bone


def draw_requests(stage: Stage, rng: np.random.Generator) -> tuple[LesionRequest, ...]:
    """Lesions of a patient at a stage, for the phantom to make."""
    kinds: list[str] = []
    if stage is Stage.EARLY:
        kinds = ["bme"] * int(rng.integers(1, 4))
    elif stage is Stage.MODERATE:
        kinds = [str(kind) for kind in rng.choice(["erosion", "fat", "sclerosis"], int(rng.integers(1, 4)))]
        kinds += ["bme"] * int(rng.integers(0, 2))
    elif stage is Stage.ADVANCED:
        kinds = ["ankylosis"] + ["bme"] * int(rng.integers(0, 2))
    return tuple(_request(kind, rng) for kind in kinds)


def _request(kind: str, rng: np.random.Generator) -> LesionRequest:
    low, high = {"erosion": (8.0, 16.0), "ankylosis": (14.0, 45.0)}.get(kind, (9.0, 20.0))
    return LesionRequest(
        kind=kind,
        side=Side.LEFT if rng.random() < 0.5 else Side.RIGHT,
        bone=("sacral", "iliac", "both")[int(rng.integers(3))] if kind != "ankylosis" else "both",
        height=float(rng.uniform(0.2, 0.8)),
        depth=float(rng.uniform(0.3, 0.7)),
        radius_mm=float(rng.uniform(low, high)),
        strength=float(rng.uniform(0.5, 1.0)),
    )
