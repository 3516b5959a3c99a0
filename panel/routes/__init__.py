"""One module for each part of the panel."""

__all__ = ["audit", "login", "received", "status", "studies", "study", "users"]
