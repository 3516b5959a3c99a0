"""Data sets on disk, and how patients are dealt to folds."""

from training.data.cohort import Cohort, Item, open_cohort
from training.data.dataset import INDEX_FILE, Dataset, Subject, SubjectEntry, read_index, write_index, write_subject
from training.data.pictures import Picture, write_pictures
from training.data.splits import (
    BY_PATIENT,
    PUBLISHED_BY_IMAGE,
    Fold,
    read_splits,
    split_labeled,
    write_splits,
)

__all__ = [
    "BY_PATIENT",
    "INDEX_FILE",
    "PUBLISHED_BY_IMAGE",
    "Cohort",
    "Dataset",
    "Fold",
    "Item",
    "Picture",
    "Subject",
    "SubjectEntry",
    "open_cohort",
    "read_index",
    "read_splits",
    "split_labeled",
    "write_index",
    "write_pictures",
    "write_splits",
    "write_subject",
]
