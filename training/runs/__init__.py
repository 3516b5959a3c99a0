"""Runs: a training with all that tells how it came about, what it found, and what that is worth. Loads Keras."""

__all__ = [
    "adopt",
    "compare",
    "crossvalidate",
    "evaluate",
    "folder",
    "judgments",
    "package",
    "pictures",
    "predictions",
    "provenance",
    "report",
    "sources",
    "train",
]
