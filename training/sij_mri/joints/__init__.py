"""The joint surfaces on phantoms and on labeled scans."""

__all__ = ["evaluate"]
