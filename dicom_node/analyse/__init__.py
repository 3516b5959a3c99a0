"""From a complete study to a saved result: completion, coordinator, workers, the one pipeline."""

__all__ = ["coordinator", "engine", "pipeline", "worker"]
