"""The edema classifier: teaching voxels, training, evaluation."""

__all__ = ["evaluate", "train"]
