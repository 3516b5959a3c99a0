"""DICOM files read: headers, planes, stacks, volumes. Foreign bytes are met here and nowhere else."""

from inference.dicom.headers import read_studies, read_study
from inference.dicom.stacks import Stack, orientations, stacks
from inference.dicom.volume import load_volume

__all__ = ["Stack", "load_volume", "orientations", "read_studies", "read_study", "stacks"]
