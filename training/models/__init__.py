"""Architectures, one a module. Loads Keras."""

__all__ = ["attention_unet", "edema_voxels", "registry", "stage_cnn", "unet"]
