"""Data sets from NIfTI files or DICOM studies."""

__all__ = ["dicom", "nifti"]
