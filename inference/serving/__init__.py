"""Bundles, verified and loaded: arrays in, arrays out. What is cut from the images is the application's."""

from inference.serving.bundle import (
    MANIFEST_FILE,
    MANIFEST_FORMAT,
    BundleFile,
    InputSpec,
    Manifest,
    ModelSpec,
    sha256_of,
    verify_bundle,
    verify_folder,
)
from inference.serving.gradcam import class_activation
from inference.serving.registry import LoadedBundle, load_bundle
from inference.serving.segmenter import RegionPredictor

__all__ = [
    "MANIFEST_FILE",
    "MANIFEST_FORMAT",
    "BundleFile",
    "InputSpec",
    "LoadedBundle",
    "Manifest",
    "ModelSpec",
    "RegionPredictor",
    "class_activation",
    "load_bundle",
    "sha256_of",
    "verify_bundle",
    "verify_folder",
]
