"""Import of real scans: NIfTI, DICOM with segmentations, and mosaics of joints."""

from training.sij_mri.importing.dicom import import_dicom
from training.sij_mri.importing.mosaics import Mosaic, has_mosaics, import_mosaics, read_mosaics
from training.sij_mri.importing.nifti import import_mapped, import_nifti, labeled_subject

__all__ = [
    "Mosaic",
    "has_mosaics",
    "import_dicom",
    "import_mapped",
    "import_mosaics",
    "import_nifti",
    "labeled_subject",
    "read_mosaics",
]
