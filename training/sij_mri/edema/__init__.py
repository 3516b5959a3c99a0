"""The edema classifier: teaching voxels, training, evaluation."""

__all__ = ["cutoffs", "evaluate", "network", "page", "train"]
