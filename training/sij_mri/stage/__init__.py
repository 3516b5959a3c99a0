"""The stage network: simulated patients, training, evaluation."""

__all__ = ["evaluate", "plan", "samples", "train"]
