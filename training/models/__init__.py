"""Architectures, one a module. Loads Keras."""

__all__ = ["attention_unet", "stage_cnn"]
