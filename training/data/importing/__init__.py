"""Imports of pictures: the published sources, the curated layout, and a folder with a table."""

from training.data.importing.curated import import_curated
from training.data.importing.patients import read_patients
from training.data.importing.published import COORDS as PUBLISHED_COORDS
from training.data.importing.published import import_published
from training.data.importing.table import import_table
from training.data.importing.written import Imported, write_import
from training.data.quality import Dropped, read_gray
from training.data.tables import read_rows, whole_number

__all__ = [
    "PUBLISHED_COORDS",
    "Dropped",
    "Imported",
    "import_curated",
    "import_published",
    "import_table",
    "read_gray",
    "read_patients",
    "read_rows",
    "whole_number",
    "write_import",
]
