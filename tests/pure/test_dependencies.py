"""What is imported is declared, and what is declared is used."""

import ast
import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PARTS = {"config", "storage", "inference", "reporting", "panel", "training", "dicom_node"}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

DISTRIBUTION = {
    "cv2": "opencv-python-headless",
    "PIL": "pillow",
    "argon2": "argon2-cffi",
    "fluent": "fluent.runtime",
    "sklearn": "scikit-learn",
    "tensorflow": "tensorflow-cpu",
}
PLUGINS = {
    "pyjpegls": "a decoder that pydicom finds",
    "pylibjpeg": "a decoder that pydicom finds",
    "pylibjpeg-openjpeg": "a decoder that pydicom finds",
    "pylibjpeg-rle": "a decoder that pydicom finds",
    "python-gdcm": "a decoder that pydicom finds",
    "python-multipart": "FastAPI reads forms with it",
    "tensorflow": "the cuda extra, in the place of tensorflow-cpu",
    "psycopg": "SQLAlchemy's driver for PostgreSQL",
}
OTHER_BACKENDS = {"jax", "torch"}  # imported where Keras was told to run on them


def _imported() -> set[str]:
    found = set()
    for path in (path for part in PARTS for path in (ROOT / part).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.split(".")[0])
    return found - PARTS - set(sys.stdlib_module_names) - OTHER_BACKENDS


def _declared() -> set[str]:
    lines = [*PROJECT["dependencies"], *(line for extra in PROJECT["optional-dependencies"].values() for line in extra)]
    return {re.split(r"[\[<>=!~ ]", line)[0].lower() for line in lines}


def _used() -> set[str]:
    return {DISTRIBUTION.get(name, name).replace("_", "-").lower() for name in _imported()}


def test_what_is_imported_is_declared() -> None:
    assert _used() - _declared() == set()


def test_what_is_declared_is_used() -> None:
    assert _declared() - _used() == set(PLUGINS)
