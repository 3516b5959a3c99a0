"""Heat maps of the stage network: the scale that they all have, and how they lie on what readers marked."""

__all__ = ["evaluate", "page"]
