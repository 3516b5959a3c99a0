"""From a saved result to a destination: how each is spoken to, proof that it keeps what it got, and the turns."""

__all__ = ["cstore", "destination", "kept", "making", "outbox", "retractions", "senders"]
