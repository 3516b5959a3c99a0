"""The bone region: samples, training, scores."""

__all__ = ["evaluate", "page", "phantoms", "read", "samples", "train", "trained"]
