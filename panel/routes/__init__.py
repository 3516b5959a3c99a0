"""One module for each part of the panel."""

__all__ = ["audit", "destinations", "held", "login", "received", "retraction", "status", "studies", "study", "users"]
