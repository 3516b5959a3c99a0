"""Simulated lesions in synthetic and real anatomy, and the patients made of them."""

__all__ = ["dataset", "disease", "healing", "joint_frame", "lesions", "requested"]
