"""The receiver stays small: it imports no network, no image processing, and nothing that only decodes pixels."""

import subprocess
import sys

CODE = """
import sys
from dicom_node import receiver
receiver.leave_out()
import dicom_node.storage_scp
print(" ".join(sorted(name for name, module in sys.modules.items() if module is not None)))
"""
HEAVY = {"keras", "tensorflow", "scipy", "cv2", "numpy", "highdicom", "skimage", "PIL", "fastapi", "uvicorn"}


def test_nothing_heavy_is_imported() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True, timeout=120)
    imported = set(done.stdout.split())
    assert {"pynetdicom", "pydicom", "sqlalchemy", "inference.dicomfile"} <= imported
    assert HEAVY & imported == set()
