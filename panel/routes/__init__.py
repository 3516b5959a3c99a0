"""One module for each part of the panel."""

__all__ = ["audit", "held", "login", "received", "status", "studies", "study", "users"]
