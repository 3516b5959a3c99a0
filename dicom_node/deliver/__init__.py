"""From a saved result to a destination: C-STORE, and the turns of the outbox."""

__all__ = ["cstore", "outbox"]
