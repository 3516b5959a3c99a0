"""Labelled and unlabelled subjects for training: import, storage, splits."""
