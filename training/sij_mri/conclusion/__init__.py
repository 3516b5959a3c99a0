"""The conclusion of rule and network, judged through the node's own path."""

__all__ = ["evaluate", "kept", "page"]
