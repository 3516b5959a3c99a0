"""The training loop: augmentation, losses, schedule, checkpoints, export. Loads Keras."""

__all__ = [
    "augment",
    "checkpoint",
    "export",
    "fit",
    "learn",
    "losses",
    "prefetch",
    "samples",
    "threads",
    "transforms",
]
