"""Pictures of a result: drawing, windows, layers for the panel."""

__all__ = ["drawing", "fonts", "layers", "viewport"]
