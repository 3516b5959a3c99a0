"""The training loop: augmentation, losses, schedule, checkpoints, export. Loads Keras."""

__all__ = ["augment", "export", "fit", "losses", "threads"]
