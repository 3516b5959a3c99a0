"""What goes into the bundle, and its card."""

__all__ = ["assemble", "card"]
