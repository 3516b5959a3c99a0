"""The synthetic study: anatomy, contrast, rendering, DICOM. Equipment for tests, demos and simulated training."""

from training.phantom.phantom import GridSpec, LesionRequest, Phantom, PhantomSpec, make_phantom

__all__ = ["GridSpec", "LesionRequest", "Phantom", "PhantomSpec", "command", "make_phantom"]
