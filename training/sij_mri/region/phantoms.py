"""Phantoms as subjects of a data set: anatomies beyond the few real ones, with lesions of all kinds."""

from pathlib import Path

import numpy as np

from inference.types import Side
from training.data import Dataset, Subject, SubjectEntry, write_index, write_subject
from training.phantom import LesionRequest, PhantomSpec, make_phantom

SOURCE = "phantoms of training.phantom (synthetic)"
KINDS = ("bme", "erosion", "fat", "sclerosis", "ankylosis")
FIRST_SEED = 5000


def write_phantoms(out: Path, count: int, *, first_seed: int = FIRST_SEED) -> Dataset:
    """Make phantoms and write them as a data set with the label ``region``.

    Parameters
    ----------
    out : Path
        Folder of the data set.
    count : int
    first_seed : int
        Seed of the first; the others follow.
    """
    entries: list[SubjectEntry] = []
    for seed in range(first_seed, first_seed + count):
        entries.append(write_subject(out, phantom_subject(seed)))
        write_index(Dataset(out, SOURCE, tuple(entries)))
    return Dataset(out, SOURCE, tuple(entries))


def phantom_subject(seed: int) -> Subject:
    """Make one phantom with lesions drawn by its seed."""
    rng = np.random.default_rng([seed, 1])
    phantom = make_phantom(seed, spec=PhantomSpec(lesions=_lesions(rng)))
    name = f"phantom-{seed}"
    return Subject(
        subject=name,
        patient=name,
        images={"t1w": phantom.t1.voxels, "stir": phantom.fluid.voxels},
        labels={"region": phantom.region},
        positions_mm=phantom.t1.positions_mm,
        directions=np.array([phantom.t1.row_direction, phantom.t1.column_direction]),
        pixel_spacing_mm=phantom.t1.pixel_spacing_mm,
    )


def _lesions(rng: np.random.Generator) -> tuple[LesionRequest, ...]:
    return tuple(
        LesionRequest(
            kind=str(rng.choice(KINDS)),
            side=Side.LEFT if rng.random() < 0.5 else Side.RIGHT,
            bone=str(rng.choice(("sacral", "iliac", "both"))),
            height=float(rng.uniform(0.15, 0.85)),
            depth=float(rng.uniform(0.2, 0.8)),
            radius_mm=float(rng.uniform(6.0, 16.0)),
            strength=float(rng.uniform(0.4, 1.0)),
        )
        for _ in range(int(rng.integers(0, 4)))
    )
