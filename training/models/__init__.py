"""Architectures, one a module. Loads Keras."""

__all__ = [
    "attention_unet",
    "edema_voxels",
    "efficientnet",
    "hybrid_v1",
    "hybrid_v2",
    "published_unet",
    "simple_cnn",
    "slice_heads",
    "stage_cnn",
]
