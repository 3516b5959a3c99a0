"""Architectures, one a module. Loads Keras."""

__all__ = [
    "attention_unet",
    "edema_unet",
    "edema_voxels",
    "hybrid_v1",
    "hybrid_v2",
    "published_unet",
    "registry",
    "simple_cnn",
    "stage_cnn",
    "unet",
]
