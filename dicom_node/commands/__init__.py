"""Commands that need no running node."""

__all__ = ["doctor", "held", "pictures", "process"]
