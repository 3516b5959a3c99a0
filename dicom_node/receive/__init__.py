"""From the network to a durable image: listener, C-STORE handler, receiver process."""

__all__ = ["receiver"]
