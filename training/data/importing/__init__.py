"""Imports of pictures: the published sources, the curated layout, and a folder with a table."""

from training.data.importing.curated import import_curated
from training.data.importing.published import import_published
from training.data.importing.table import import_table
from training.data.importing.written import Imported, write_import

__all__ = ["Imported", "import_curated", "import_published", "import_table", "write_import"]
