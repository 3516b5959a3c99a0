"""Bundles, verified and loaded: arrays in, arrays out. What is cut from the images is the application's."""

from inference.serving.bundle import sha256_of, verify_bundle, verify_folder
from inference.serving.classifier import Classifier
from inference.serving.cutters import cutter_of, unknown_cutter
from inference.serving.manifest import (
    MANIFEST_FILE,
    MANIFEST_FORMAT,
    ApplicationRange,
    InputSpec,
    Kind,
    Manifest,
    ModelSpec,
)
from inference.serving.networks import Predictor
from inference.serving.registry import BundleUser, LoadedBundle, load_bundle
from inference.serving.segmenter import Segmenter
from inference.serving.shelf import BundleShelf
from inference.serving.table import Table
from inference.serving.voxels import VoxelClassifier

__all__ = [
    "MANIFEST_FILE",
    "MANIFEST_FORMAT",
    "ApplicationRange",
    "BundleShelf",
    "BundleUser",
    "Classifier",
    "InputSpec",
    "Kind",
    "LoadedBundle",
    "Manifest",
    "ModelSpec",
    "Predictor",
    "Segmenter",
    "Table",
    "VoxelClassifier",
    "cutter_of",
    "load_bundle",
    "sha256_of",
    "unknown_cutter",
    "verify_bundle",
    "verify_folder",
]
