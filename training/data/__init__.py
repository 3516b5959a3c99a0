"""Data sets on disk, and how patients are dealt to folds."""

from training.data.dataset import INDEX_FILE, Dataset, Subject, SubjectEntry, read_index, write_index, write_subject
from training.data.splits import Fold, read_splits, split_labeled, write_splits

__all__ = [
    "INDEX_FILE",
    "Dataset",
    "Fold",
    "Subject",
    "SubjectEntry",
    "read_index",
    "read_splits",
    "split_labeled",
    "write_index",
    "write_splits",
    "write_subject",
]
