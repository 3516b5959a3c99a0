"""Making and judging the models of the sacroiliac application."""

__all__ = ["runs"]
