"""A PACS with studies in it, and the viewer before it."""

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.uid import UID

from tests import programs
from tests.chromium import Browser
from tests.factories.dicom import uid
from tests.ohif import origin
from tests.ohif.viewer import Viewer

WIDTH, HEIGHT = 1280, 800


@dataclass(frozen=True, slots=True)
class Hospital:
    """A running viewer and its PACS."""

    pacs: programs.Orthanc
    viewer: Viewer

    def store(self, files: Iterable[Path]) -> None:
        """Store files in the PACS."""
        for file in files:
            self.pacs.http.post("/instances", content=file.read_bytes()).raise_for_status()

    def store_as_another(self, datasets: Iterable[Dataset], name: str) -> None:
        """Store copies of objects as those of another study: every UID is :func:`another`, so names what it named."""

        def change(_: Dataset, element: DataElement) -> None:
            if element.VR == "UI" and isinstance(element.value, UID) and element.value and element.value.is_private:
                element.value = another(str(element.value), name)

        for dataset in datasets:
            copy = deepcopy(dataset)
            copy.walk(change)
            copy.file_meta.MediaStorageSOPInstanceUID = copy.SOPInstanceUID
            content = io.BytesIO()
            copy.save_as(content, enforce_file_format=True)
            self.pacs.http.post("/instances", content=content.getvalue()).raise_for_status()


def another(of: str, name: str) -> str:
    """The UID that stands for another in the copy of a study that has this name."""
    return uid(name, of)


@contextmanager
def hospital(folder: Path, built: Path, need_program: programs.Need) -> Iterator[Hospital]:
    """Start Orthanc, the origin of the built viewer, and a browser of its own, since it must know WebGL."""
    profile = folder / "profile"
    profile.mkdir(parents=True)
    with (
        programs.orthanc(folder / "pacs", need_program) as pacs,
        origin.served(origin.viewer(built, pacs.http.base_url)) as address,
        Browser(need_program("chromium"), profile, width=WIDTH, height=HEIGHT, webgl=True) as browser,
    ):
        yield Hospital(pacs, Viewer(browser, address))
