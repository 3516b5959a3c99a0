"""The published framework for single slices: its recipes, its table with its page, and bundles of its rows."""

__all__ = ["bundle", "page", "table"]
