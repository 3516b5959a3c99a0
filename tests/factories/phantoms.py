"""One phantom for the tests of joints and oedema; made once for all of them."""

from functools import lru_cache

from inference.types import Side
from training.phantom.phantom import GridSpec, LesionRequest, Phantom, PhantomSpec, make_phantom

GRID = GridSpec(rows=200, columns=220, pixel_mm=0.95)


@lru_cache(maxsize=1)
def left_lesion() -> Phantom:
    """A patient with one patch of oedema, in the left sacrum beside the joint."""
    request = LesionRequest("bme", Side.LEFT, "sacral", height=0.5, depth=0.5, radius_mm=14.0)
    return make_phantom(12, spec=PhantomSpec(t1=GRID, fluid=GRID, lesions=(request,)))
