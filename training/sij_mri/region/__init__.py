"""The bone region: samples, training, scores."""

__all__ = ["phantoms", "samples", "train"]
