"""The whole path from files to objects that may leave, with structures drawn in place of the networks' answers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydicom import dcmread
from pydicom.dataset import Dataset, FileDataset

from inference.dicom import load_volume, read_study
from inference.result import Analysis
from inference.series.types import Selection
from inference.sij_mri import Role, SacroiliacMri
from inference.sij_mri.said import say
from inference.sij_mri.wanted import select
from inference.space import standard
from inference.turned import turn_back
from inference.types import SeriesHeader, StudyHeaders
from reporting.findings import GateFinding
from reporting.kinds import every_kind
from reporting.outputs import Outputs
from reporting.sij_mri import SacroiliacPresentation
from tests.factories.analysis import MODEL, build_outputs, gate_findings, make_reading, reading_of
from tests.factories.dicom import change, enhance, save, set_pixels

STIR = {"RepetitionTime": "4000", "EchoTime": "60", "InversionTime": "150", "ScanningSequence": ["SE", "IR"]}

WORDS_AND_PLACES = tuple(
    name for name in every_kind(SacroiliacPresentation()) if name in ("sr-text", "sc-heat") or name.startswith("seg-")
)
"""An object of words, one of gray pixels with a place, one of masks: what a header can spoil shows in these."""

EVERYTHING_WITH_A_SIDE = tuple(name for name in every_kind(SacroiliacPresentation()) if name != "sc-summary")


@dataclass(frozen=True, slots=True)
class Chain:
    """What became of files."""

    headers: StudyHeaders
    analysis: Analysis
    outputs: Outputs
    findings: tuple[GateFinding, ...]

    @property
    def kinds(self) -> set[str]:
        """Which kinds of objects there are."""
        return {item.kind for item in self.outputs.objects}

    def objects(self, kind: str) -> list[Any]:
        """The data sets of one kind, or of those whose name begins so."""
        return [item.dataset for item in self.outputs.objects if item.kind.startswith(kind)]


def write_study(folder: Path, *, size: int = 109, slices: int = 10, fluid: bool = True, **values: Any) -> list[Path]:
    """A small study that is read, of a T1-weighted and a STIR series, with these attributes in every header.

    None removes one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    make_reading(folder, slices=slices, size=size, with_fluid=fluid, header=values)
    paths = sorted(folder.glob("*.dcm"))
    rewrite([path for path in paths if path.name.startswith("03")], lambda dataset: change(dataset, **STIR))
    return paths


def rewrite(paths: Sequence[Path], change: Callable[[FileDataset], object]) -> list[Path]:
    """Files after a change to each data set."""
    for path in paths:
        dataset = dcmread(path)
        change(dataset)
        dataset.save_as(path, enforce_file_format=True)
    return list(paths)


def as_enhanced_files(paths: Sequence[Path]) -> list[Path]:
    """The slices of one series as one Enhanced MR object."""
    datasets = [dcmread(path) for path in paths]
    places = [list(dataset.ImagePositionPatient) for dataset in datasets]
    first = datasets[0]
    set_pixels(first, np.stack([dataset.pixel_array for dataset in reversed(datasets)]))
    enhance(first, places)
    for path in paths:
        path.unlink()
    return [save(first, paths[0])]


def text_of(dataset: Dataset) -> str:
    """All text of a report."""
    lines = []
    for item in dataset.get("ContentSequence", ()):
        if item.ValueType == "TEXT":
            lines.append(str(item.TextValue))
        lines.append(text_of(item))
    return "\n".join(line for line in lines if line)


def chain(paths: Sequence[Path], *, kinds: Sequence[str] = WORDS_AND_PLACES) -> Chain:
    """Read headers, choose series, load them, draw structures, turn back, build, and ask the gate."""
    study = read_study(paths)
    analysis = _analyse(study, select(study))
    outputs = build_outputs(analysis, study, kinds=kinds)
    return Chain(study, analysis, outputs, gate_findings(outputs.objects, analysis, study, kinds=kinds))


def _analyse(study: StudyHeaders, selection: Selection) -> Analysis:
    series: dict[str, SeriesHeader] = {one.series_instance_uid: one for one in study.series}
    volumes, turns = {}, {}
    for role, candidate in selection.chosen.items():
        volume = load_volume(candidate.images, series=series[candidate.series_instance_uid])
        volumes[role], turns[role] = standard(volume)
    uid = study.study_instance_uid
    if not volumes:
        return Analysis(SacroiliacMri.name, SacroiliacMri.version, uid, "none", selection, MODEL)
    reading = reading_of(volumes.get(Role.T1W), volumes.get(Role.FLUID))
    said = say(
        reading,
        application=SacroiliacMri.name,
        version=SacroiliacMri.version,
        study_instance_uid=uid,
        selection=selection,
        bundle=MODEL,
        seconds={},
    )
    return turn_back(said, turns)
