"""The synthetic study that ships with the node, and the demonstration that sends it."""

import zipfile
from importlib import resources
from pathlib import Path

__all__ = ["STUDY", "run", "unpack"]

STUDY = "study.zip"


def unpack(folder: Path) -> list[Path]:
    """Unpack the shipped synthetic study.

    Parameters
    ----------
    folder : Path
        Made where it does not exist.

    Returns
    -------
    list of Path
        The DICOM files, sorted by name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with resources.as_file(resources.files(__name__) / STUDY) as archive, zipfile.ZipFile(archive) as study:
        study.extractall(folder)
        return sorted(folder / name for name in study.namelist())
