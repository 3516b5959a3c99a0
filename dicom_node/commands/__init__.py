"""Commands that need no running node."""

__all__ = ["destinations", "doctor", "held", "pictures", "process"]
