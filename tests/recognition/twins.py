"""Studies that are to be read: real patients, simulated ones, and those of which one joint alone is shown."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np

from inference.sij_mri import Role, Stage
from inference.types import Side
from training.phantom.dicom import StudyOptions, write_study
from training.phantom.phantom import GridSpec, Phantom, PhantomSpec, make_phantom
from training.sij_mri.lesions.requested import draw_requests

Outcome = Literal["wrong joint", "both joints", "one joint", "fluid region", "nothing"]
SPACINGS_MM = (2.0, 3.0, 4.0, 5.0, 6.0)
DEPTH_MM = 82.0
FIRST_SEED = 7000
BEYOND_SEEDS = (7950, 7951, *range(7962, 7970))
"""Limits were set with others up to 7961 as well; those after were drawn when the limits stood."""

BEYOND_MM = 60.0
"""Shift that leaves one joint outside a field of 192 mm: the joints lie 54 mm from the middle."""


@dataclass(frozen=True, slots=True)
class Study:
    """One study in a folder, and what must come of it.

    Attributes
    ----------
    name, kind : str
    person : str
        Halves go by it.
    folder : Path
    wanted : Outcome
    write : callable
        Writes its files into the folder.
    hidden : Side or None
        Of the joint that is not shown, where the other one is.
    """

    name: str
    kind: str
    person: str
    folder: Path
    wanted: Outcome
    write: Callable[[], object] = lambda: None
    hidden: Side | None = None

    def made(self) -> "Study":
        """Itself, once its files are there."""
        self.write()
        return self


def real(shared: Path, folder: Path) -> Iterator[Study]:
    """Every real scan with all that belongs to it; those with STIR with every other plane too, and their STIR alone."""
    tool = [sys.executable, str(shared / "tools" / "sij_to_dicom.py")]
    made = folder / "made"
    subprocess.run([*tool, "all", str(made)], check=True, stdout=subprocess.DEVNULL)
    for path in sorted((shared / "data/sij/followup_t1w").glob("*_before.nii.gz")):
        subprocess.run([*tool, path.name[:4], str(made), "--followup"], check=True, stdout=subprocess.DEVNULL)
    for study in sorted({path.parent for path in made.rglob("*.dcm")}):
        name = study.relative_to(made).as_posix()
        t1, stir = sorted(study.glob("MR02*.dcm")), sorted(study.glob("MR03*.dcm"))
        kind = "real, T1-weighted and STIR" if stir else "real, T1-weighted"
        yield Study(name, kind, name[:4], study, "both joints")
        if stir:
            sparse = folder / "sparse" / name
            kind = "real, T1-weighted, every other plane"
            yield Study(f"{name}, sparse", kind, name[:4], sparse, "both joints", partial(_copy, t1[::2], sparse))
        if stir:
            alone = folder / "stir" / name
            kind = "real, STIR alone"
            yield Study(f"{name}, STIR", kind, name[:4], alone, "fluid region", partial(_copy, stir, alone))


def _copy(files: list[Path], folder: Path) -> None:
    folder.mkdir(parents=True)
    for file in files:
        shutil.copy(file, folder)


def simulated(folder: Path, *, each: int = 2, spaced: int = 1) -> Iterator[Study]:
    """Simulated patients of each stage, and some at every spacing."""
    for number, stage in enumerate(Stage):
        for seed in range(FIRST_SEED + 100 * number, FIRST_SEED + 100 * number + each):
            yield _study(f"simulated, {stage.lower()}", seed, folder, "both joints", partial(_staged, stage, seed))
    for seed in range(FIRST_SEED + 900, FIRST_SEED + 900 + spaced):
        for spacing in SPACINGS_MM:
            kind = f"simulated, {spacing:g} mm apart"
            yield _study(kind, seed, folder, "both joints", partial(spaced_phantom, seed, spacing))


def _staged(stage: Stage, seed: int) -> Phantom:
    requests = draw_requests(stage, np.random.default_rng([seed, 11]))
    return make_phantom(seed, spec=PhantomSpec(lesions=requests))


def spaced_phantom(seed: int, spacing_mm: float) -> Phantom:
    """A simulated patient in planes so far apart."""
    depth = GridSpec(slices=round(DEPTH_MM / spacing_mm), step_mm=spacing_mm, thickness_mm=spacing_mm - 0.3)
    grid = replace(depth, rows=200, columns=220, pixel_mm=0.95)
    return make_phantom(seed, spec=PhantomSpec(t1=grid, fluid=grid))


def one_joint(folder: Path, *, metal: int = 2) -> Iterator[Study]:
    """Simulated patients of whom one joint alone is shown: the other is beyond the field, or lost in a metal void."""
    for seed in BEYOND_SEEDS:
        for side in Side:
            yield _study("one joint beyond the field", seed, folder, "one joint", partial(beyond, seed, side), side)
    for seed in BEYOND_SEEDS[:metal]:
        for side in Side:
            yield _study("metal at one joint", seed, folder, "one joint", partial(_metal, seed, side), side)


def beyond(seed: int, side: Side) -> Phantom:
    """A simulated patient whose joint of this side lies outside of the pictures."""
    grid = GridSpec(shift_mm=(BEYOND_MM if side is Side.RIGHT else -BEYOND_MM, 0.0, 0.0))
    return make_phantom(seed, spec=PhantomSpec(t1=grid, fluid=grid))


def _metal(seed: int, side: Side) -> Phantom:
    return voided(make_phantom(seed), side)


def voided(phantom: Phantom, side: Side, *, radius_mm: float = 50.0) -> Phantom:
    """The phantom with no signal about one joint."""
    column, row_mm = float(np.nanmean(phantom.surfaces[side])), phantom.t1.pixel_spacing_mm[0]
    rows, columns = np.indices(phantom.t1.shape[1:])
    shown = np.flatnonzero(np.isfinite(phantom.surfaces[side]).any(axis=0)).mean()
    lost = np.hypot(rows - shown, columns - column) < radius_mm / row_mm
    t1, fluid = (replace(one, voxels=np.where(lost, 0, one.voxels)) for one in (phantom.t1, phantom.fluid))
    return replace(phantom, t1=t1, fluid=fluid)


def _study(
    kind: str, seed: int, folder: Path, wanted: Outcome, phantom: Callable[[], Phantom], side: Side | None = None
) -> Study:
    name = " ".join(str(part) for part in (kind, side, seed) if part is not None)
    place = folder / name

    def write() -> None:
        write_study(phantom(), place, options=StudyOptions(roles=(Role.T1W, Role.FLUID)))

    return Study(name, kind, f"seed {seed}", place, wanted, write, side)
