"""Cohorts on disk: how they are imported, checked, labeled, dealt to folds and described."""

from training.data.cohort import Cohort, Item, open_cohort
from training.data.curate import curate
from training.data.dataset import INDEX_FILE, Dataset, Subject, SubjectEntry, read_index, write_index, write_subject
from training.data.datasheet import write_datasheet
from training.data.importing import (
    PUBLISHED_COORDS,
    Dropped,
    Imported,
    import_curated,
    import_published,
    import_table,
    read_gray,
    read_patients,
    read_rows,
    whole_number,
    write_import,
)
from training.data.labeling import FIGURES, ITERATIONS, brightness_figures, label
from training.data.leaks import refuse_leak
from training.data.mapping import DicomMapping, Mapping, read_mapping
from training.data.mapping import pattern as path_pattern
from training.data.pictures import ANNOTATIONS, COHORT_FILE, Label, Picture, drawn_box, write_pictures
from training.data.pseudonyms import Pseudonyms, site_pseudonyms
from training.data.splits import BY_PATIENT, PUBLISHED_BY_IMAGE, Fold, read_splits, split_labeled, write_splits
from training.data.splitting import Split, split_cohort
from training.data.volumes import Scan, write_volumes
from training.data.whole import write_whole

__all__ = [
    "ANNOTATIONS",
    "BY_PATIENT",
    "COHORT_FILE",
    "FIGURES",
    "INDEX_FILE",
    "ITERATIONS",
    "PUBLISHED_BY_IMAGE",
    "PUBLISHED_COORDS",
    "Cohort",
    "Dataset",
    "DicomMapping",
    "Dropped",
    "Fold",
    "Imported",
    "Item",
    "Label",
    "Mapping",
    "Picture",
    "Pseudonyms",
    "Scan",
    "Split",
    "Subject",
    "SubjectEntry",
    "brightness_figures",
    "curate",
    "drawn_box",
    "import_curated",
    "import_published",
    "import_table",
    "label",
    "open_cohort",
    "path_pattern",
    "read_gray",
    "read_index",
    "read_mapping",
    "read_patients",
    "read_rows",
    "read_splits",
    "refuse_leak",
    "site_pseudonyms",
    "split_cohort",
    "split_labeled",
    "whole_number",
    "write_datasheet",
    "write_import",
    "write_index",
    "write_pictures",
    "write_splits",
    "write_subject",
    "write_volumes",
    "write_whole",
]
