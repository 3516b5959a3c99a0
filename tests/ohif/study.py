"""A study and its results, as files and as what they hold."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset

from reporting.types import ResultObject
from reporting.writer import write
from tests.factories.analysis import paths_of


@dataclass(frozen=True)
class Study:
    """Images by their UID, and results by their kind.

    Attributes
    ----------
    uid : str
    images : dict of str to Dataset
    results : dict of str to list of Dataset
    files : dict of str to Path
        Of both, by the UID of what each holds.
    """

    uid: str
    images: dict[str, Dataset]
    results: dict[str, list[Dataset]]
    files: dict[str, Path]

    @classmethod
    def of_files(cls, images: Iterable[Path], results: Mapping[str, Iterable[Path]]) -> "Study":
        """Read what was written."""
        files: dict[str, Path] = {}

        def read(path: Path) -> Dataset:
            dataset = pydicom.dcmread(path)
            files[str(dataset.SOPInstanceUID)] = path
            return dataset

        sources = [read(path) for path in sorted(images)]
        made = {kind: [read(path) for path in paths] for kind, paths in results.items()}
        return cls(str(sources[0].StudyInstanceUID), {str(one.SOPInstanceUID): one for one in sources}, made, files)

    @property
    def series(self) -> int:
        """How many series there are."""
        every = [*self.images.values(), *(one for made in self.results.values() for one in made)]
        return len({str(one.SeriesInstanceUID) for one in every})

    @property
    def numbers(self) -> dict[int, str]:
        """The kind of each series number of the results."""
        return {int(one.SeriesNumber): kind for kind, made in self.results.items() for one in made}

    def only(self, kind: str) -> Dataset:
        """The first object of a kind."""
        return self.results[kind][0]


def write_objects(objects: tuple[ResultObject, ...], folder: Path) -> dict[str, list[Path]]:
    """Write objects; their files by kind."""
    folder.mkdir(exist_ok=True)
    paths = paths_of(objects, folder)
    files: dict[str, list[Path]] = {}
    for item in objects:
        write(item.dataset, paths[item.sop_instance_uid])
        files.setdefault(item.kind, []).append(paths[item.sop_instance_uid])
    return files
