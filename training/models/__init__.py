"""Architectures, one a module. Loads Keras."""

__all__ = ["attention_unet", "edema_voxels", "stage_cnn"]
