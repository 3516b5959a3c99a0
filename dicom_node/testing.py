"""What the tests of an application need beside :mod:`inference.testing`: its objects, as the node makes them."""

from datetime import UTC, datetime
from pathlib import Path

from dicom_node.analyse import pipeline
from dicom_node.analyse.pipeline import Outcome
from inference.dicom import read_study
from inference.serving import LoadedBundle


def make_result(application: str, folder: Path, *, bundle: LoadedBundle | None = None) -> Outcome:
    """Run an installed application on the one study in a folder, make its objects and pass them through the gate.

    Parameters
    ----------
    application : str
        Name of its entry points.
    folder : Path
        Its files lie there, or below.
    bundle : LoadedBundle, optional
        For an application that needs models.

    Returns
    -------
    Outcome
        Its ``findings`` are empty where the gate lets the result pass.
    """
    study = read_study(sorted(path for path in folder.rglob("*") if path.is_file()))
    return pipeline.run(study, bundle, application=application, revision=1, started=datetime.now(UTC))
