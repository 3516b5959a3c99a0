"""Phantoms that several files of tests look at, each made once."""

from dataclasses import replace
from functools import lru_cache

from inference.types import Side
from training.phantom.phantom import Phantom, make_phantom
from training.phantom.spec import GridSpec, LesionRequest, PhantomSpec

_COARSE = GridSpec(slices=7, rows=64, columns=80, pixel_mm=2.6, step_mm=9.0)
_SMALL = GridSpec(slices=10, rows=112, columns=128, pixel_mm=1.7, step_mm=6.0)
GRID = GridSpec(rows=200, columns=220, pixel_mm=0.95)


@lru_cache(maxsize=1)
def left_lesion() -> Phantom:
    """A patient with one patch of edema, in the left sacrum beside the joint."""
    request = LesionRequest("bme", Side.LEFT, "sacral", height=0.5, depth=0.5, radius_mm=14.0)
    return make_phantom(12, spec=PhantomSpec(t1=GRID, fluid=GRID, lesions=(request,)))


@lru_cache(maxsize=1)
def coarse() -> Phantom:
    """A patient in few voxels, quick to write."""
    fluid = replace(_COARSE, tilt_deg=2.0, slices=6)
    return make_phantom(3, spec=PhantomSpec(t1=_COARSE, fluid=fluid, lesions=(LesionRequest("bme", Side.LEFT),)))


@lru_cache(maxsize=1)
def small() -> Phantom:
    """A patient in few voxels that is still read in full, with one patch of edema, in the left sacrum."""
    request = LesionRequest("bme", Side.LEFT, "sacral", height=0.5, depth=0.5, radius_mm=14.0)
    return make_phantom(
        12, spec=PhantomSpec(t1=_SMALL, fluid=replace(_SMALL, tilt_deg=2.0, slices=9), lesions=(request,))
    )
