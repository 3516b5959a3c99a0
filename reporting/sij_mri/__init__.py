"""The sacroiliac application in words and pictures."""

__all__ = ["keyslices", "page", "report"]
