"""The bone region: samples, training, scores."""

__all__ = ["phantoms", "read", "samples", "train"]
