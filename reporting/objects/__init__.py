"""DICOM objects of a result: segmentation, reports, captures, and what all of them carry."""

__all__ = ["capture", "codes", "seg", "sources", "sr", "stamp", "text"]
