"""From findings to DICOM objects, pictures and words."""
