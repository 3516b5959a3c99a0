"""A bundle of the published models, tiny and untrained, for tests of what surrounds them."""

from pathlib import Path

from inference.mri_slices import MriSlices, SliceCutter, specification
from inference.serving import ApplicationRange
from training.loop.export import ModelExport, export_bundle
from training.models.registry import build

SIZE_PX = 16
SIZES = {
    "unet": ("published_unet", {"widths": (2, 3), "bottleneck": 3}),
    "unet-best": ("published_unet", {"widths": (2, 3), "bottleneck": 3}),
    "simple-cnn": ("simple_cnn", {"widths": (2, 3), "hidden": 4}),
}


def write_bundle(folder: Path, roles: tuple[str, ...] = tuple(SIZES)) -> Path:
    """Write a bundle; the networks are the same each time."""
    import keras

    keras.utils.set_random_seed(3)
    exports = []
    for role in roles:
        name, sizes = SIZES[role]
        network = build(name, size_px=SIZE_PX, **sizes)
        path = folder.parent / f"{folder.name}-{role}.keras"
        network.save(path)
        exports.append(ModelExport(specification(role, SliceCutter(SIZE_PX)), (path,)))
    export_bundle(
        folder,
        exports,
        application=ApplicationRange(MriSlices.name, MriSlices.version, "2.0.0"),
        intended_input="Nothing: it was never trained.",
        version="1.0.0",
        card="# Untrained\n",
        provenance={},
        evaluation={},
    )
    return folder
