"""The receiver stays small: it imports no network, no image processing, and nothing that only decodes pixels."""

import subprocess
import sys

import pytest

from inference import dicom

CODE = """
import sys
from dicom_node.receive import receiver
receiver.leave_out()
import dicom_node.receive.storage_scp
print(" ".join(sorted(name for name, module in sys.modules.items() if module is not None)))
"""
HEAVY = {"keras", "tensorflow", "scipy", "cv2", "numpy", "highdicom", "skimage", "PIL", "fastapi", "uvicorn"}


def test_nothing_heavy_is_imported() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True, timeout=120)
    imported = set(done.stdout.split())
    assert {"pynetdicom", "pydicom", "sqlalchemy", "inference.dicom.file"} <= imported
    assert HEAVY & imported == set()


def test_what_is_imported_later_is_there_when_it_is_asked_for() -> None:
    assert [name for name in dicom.__all__ if not callable(getattr(dicom, name))] == []
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = dicom.no_such_name
