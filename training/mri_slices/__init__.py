"""The published framework for single slices: its plans, its table, and the bundle that ships for demo and tests."""
