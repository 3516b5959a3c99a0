"""The three example applications, each read from files and built as the node does, without a node."""

import sys
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset

from inference.dicom import read_study
from inference.result import Analysis
from inference.testing import SAGITTAL, run, write_series
from reporting.findings import GateFinding
from reporting.gate import check
from reporting.outputs import Outputs, build
from reporting.types import ResultObject

PACKAGE = Path(__file__).resolve().parents[1] / "applications"
if str(PACKAGE) not in sys.path:
    sys.path.append(str(PACKAGE))


class Made:
    """What an example makes of the study in a folder."""

    def __init__(self, name: str, folder: Path) -> None:
        module = __import__(f"axspa_examples.{name}", fromlist=[name])
        self.words: Any = getattr(module, f"{name.capitalize()}Words")()
        self.source = read_study(sorted(folder.glob("*.dcm")))
        self.analysis: Analysis = run(getattr(module, name.capitalize())(), folder)
        self.outputs: Outputs = build(
            self.analysis,
            self.source,
            presentation=self.words,
            revision=1,
            software_version="1",
            started=datetime.now(UTC),
            series_base=920,
        )

    def findings(self, objects: tuple[ResultObject, ...] | None = None) -> tuple[GateFinding, ...]:
        """What the gate says of its objects, or of others."""
        objects = self.outputs.objects if objects is None else objects
        return check(objects, self.analysis, presentation=self.words, source=self.source)

    def one(self, kind: str) -> Dataset:
        """The first object of a kind."""
        return next(item.dataset for item in self.outputs.objects if item.kind == kind)

    def spoiled(self, kind: str) -> tuple[tuple[ResultObject, ...], Dataset]:
        """All objects with a copy of one that may be changed, and that copy."""
        objects = [replace(item, dataset=deepcopy(item.dataset)) for item in self.outputs.objects]
        return tuple(objects), next(item.dataset for item in objects if item.kind == kind)

    @property
    def kinds(self) -> list[str]:
        """Kinds of its objects, each once."""
        return list(dict.fromkeys(item.kind for item in self.outputs.objects))


def make_levels(folder: Path) -> Made:
    """Levels over a sagittal series, the axial one being missing."""
    write_series(folder, (5, 50, 50), number=1, orientation=SAGITTAL)
    return Made("levels", folder)


def make_threshold(folder: Path) -> Made:
    """Bright voxels in one of many planes."""
    pixels = np.full((20, 40, 40), 300)
    pixels[4, 10:20, 10:20] = 3000
    write_series(folder, pixels)
    return Made("threshold", folder)


def make_picture(folder: Path) -> Made:
    """A radiograph without a place."""
    write_series(folder, (1, 30, 20), orientation=None)
    return Made("picture", folder)


EXAMPLES = {"levels": make_levels, "threshold": make_threshold, "picture": make_picture}
