"""Heat maps judged: their strength on simulated patients, and their place on scans whose edema readers marked.

References
----------
J. A. Hanley and B. J. McNeil, "The meaning and use of the area under a receiver operating characteristic (ROC) curve",
Radiology 1982; 143: 29-36 (the area as the share of pairs that a score puts in order).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from scipy.stats import rankdata

from inference.sij_mri import Reading, Stage, read_volumes
from inference.types import BoolArray, FloatArray
from training.data import Dataset, Subject
from training.sij_mri.edema.evaluate import READINGS, labeled_scans
from training.sij_mri.lesions.dataset import AnatomyPlan, draw_patients, in_space
from training.sij_mri.stage.plan import stage_plans

LEAST_READINGS = 2
SMOOTH_MM = 6.0  # of a random map: about as coarse as the features that are weighed
MAPS = ("focused", "grad-cam", "brightness", "random")


@dataclass(frozen=True, slots=True)
class Strength:
    """The highest focused heat of one simulated patient, on the scale of the network."""

    truth: Stage
    peak: float


@dataclass(frozen=True, slots=True)
class HeatScore:
    """How the maps of one scan lie on the edema that readers marked, within the bone region of the explained slices.

    Attributes
    ----------
    area : dict of str to float
        By each of MAPS the area under the curve.
    marked : int
        Voxels that at least LEAST_READINGS of the readings hold.
    peak : float
        The highest focused heat.
    """

    subject: str
    patient: str
    area: Mapping[str, float]
    marked: int
    peak: float


def scale_plans() -> tuple[AnatomyPlan, ...]:
    """The synthetic anatomies on which the scale is set: those that calibrate the stage network, none that judge it."""
    return tuple(plan for plan in stage_plans(()) if plan.split == "validation")


def strengths(plans: Sequence[AnatomyPlan], models: Mapping[str, Any]) -> Iterator[Strength]:
    """Read every patient of the plans, and keep how strong the heat is; patients that were not explained are left out.

    Parameters
    ----------
    plans : sequence of AnatomyPlan
    models : mapping of str to models
        Of a bundle, by role.
    """
    for plan in plans:
        for patient in draw_patients(plan, None):
            found = read_volumes(patient.anatomy.t1, patient.anatomy.fluid, models).explanation
            if found is not None:
                yield Strength(patient.stage, float(found.focused.max()))


def score_scans(dataset: Dataset, models: Mapping[str, Any]) -> Iterator[HeatScore]:
    """Score each scan that has readings; see :class:`HeatScore`."""
    for number, name in enumerate(labeled_scans(dataset)):
        subject = dataset.load(name)
        reading = read_volumes(in_space(subject.volume("t1w")), in_space(subject.volume("stir")), models)
        yield score(subject, reading, seed=number)


def score(subject: Subject, reading: Reading, *, seed: int) -> HeatScore:
    """Score one scan.

    Parameters
    ----------
    subject : Subject
        With the readings, on one grid with both contrasts.
    reading : Reading
        Of the same scan.
    seed : int
        Of its random map.

    Raises
    ------
    ValueError
        Nothing was explained.
    """
    found = reading.explanation
    if found is None or reading.region is None:
        raise ValueError(f"a scan with both contrasts must be explained, received {subject.subject}")
    explained = np.array([bool(source) for source in found.focus_source])
    where = reading.region & explained[:, None, None]
    marks = np.sum([subject.labels[f"inflammation_{reading}"] for reading in READINGS], axis=0) >= LEAST_READINGS
    truth = marks[where]
    maps = {
        "focused": found.focused,
        "grad-cam": found.grad_cam,
        "brightness": subject.images["stir"],
        "random": random_map(where.shape, subject.pixel_spacing_mm, seed=seed),
    }
    return HeatScore(
        subject.subject,
        subject.patient,
        {name: area_under_curve(maps[name][where], truth) for name in MAPS},
        int(truth.sum()),
        float(found.focused.max()),
    )


def area_under_curve(scores: FloatArray, truth: BoolArray) -> float:
    """The share of pairs of a true and a false one that the scores put in order, ties as half.

    Parameters
    ----------
    scores : float32 array (n,)
    truth : bool array (n,)

    Returns
    -------
    float
        NaN where all are true, or none is.
    """
    true = int(truth.sum())
    false = truth.size - true
    if not true or not false:
        return float("nan")
    return float((rankdata(scores)[truth].sum() - true * (true + 1) / 2) / (true * false))


def random_map(shape: tuple[int, ...], spacing_mm: tuple[float, float], *, seed: int) -> FloatArray:
    """Noise as coarse as a heat map, float32 (slices, rows, columns)."""
    rng = np.random.default_rng(seed)
    made = np.empty(shape, np.float32)
    for index in range(shape[0]):
        noise = rng.standard_normal(shape[1:], dtype=np.float32)
        made[index] = cv2.GaussianBlur(noise, (0, 0), SMOOTH_MM / spacing_mm[1], sigmaY=SMOOTH_MM / spacing_mm[0])
    return made
