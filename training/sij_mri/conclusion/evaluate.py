"""Rule and network joined, on simulated patients and on real scans, by the path that the node takes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from inference.result import Answer, Limitation
from inference.sij_mri import (
    AsasResult,
    Conclusion,
    Cutoff,
    Edema,
    Reading,
    Stage,
    asas_rule,
    conclude_reading,
    read_volumes,
)
from inference.sij_mri.edema import Surroundings
from inference.types import BoolArray, Side
from training.data import Dataset, Subject
from training.sij_mri.edema.evaluate import READINGS
from training.sij_mri.lesions.dataset import AnatomyPlan, draw_patients, in_space
from training.sij_mri.lesions.lesions import LesionKind

NOT_JUDGED = "not judged"


@dataclass(frozen=True, slots=True)
class Judged:
    """One simulated patient: the truth, and what rule and conclusion say; NOT_JUDGED where nothing was."""

    source: str
    anatomy: str
    truth: Stage
    edema: bool
    rule: str
    axspa: str
    stage: str


@dataclass(frozen=True, slots=True)
class ReadScan:
    """One real scan with both contrasts.

    Attributes
    ----------
    ours : dict of str to str
        What the rule says of left, right and study.
    readers : dict of str to dict of str to str
        The same of each reading, where there are any.
    volumes_ml : dict of str to (float, float, float)
        Strict, usual and loose volume within each band.
    readers_ml : dict of str to list of float
        The volume within each band, of each reading.
    network, joined : float
        Probability of axial spondyloarthritis.
    axspa, stage : str
    """

    subject: str
    ours: Mapping[str, str]
    readers: Mapping[str, Mapping[str, str]]
    volumes_ml: Mapping[str, tuple[float, float, float]]
    readers_ml: Mapping[str, list[float]]
    network: float
    joined: float
    axspa: str
    stage: str


def judge_patients(plans: Sequence[AnatomyPlan], real: Dataset | None, models: Mapping[str, Any]) -> Iterator[Judged]:
    """Read every patient of some anatomies as the node would.

    Parameters
    ----------
    plans : sequence of AnatomyPlan
    real : Dataset or None
        Where real anatomies come from; needed if `plans` has any.
    models : mapping of str to models
        Of a bundle, by role.
    """
    for plan in plans:
        for patient in draw_patients(plan, real):
            reading = read_volumes(patient.anatomy.t1, patient.anatomy.fluid, models)
            concluded = conclude_reading(reading)
            study = reading.asas.study if reading.asas is not None else None
            edema = any(lesion.kind is LesionKind.EDEMA for lesion in patient.lesions)
            yield Judged(plan.source, plan.name, patient.stage, edema, str(study or NOT_JUDGED), *_said(concluded))


def read_scans(real: Dataset, models: Mapping[str, Any]) -> Iterator[ReadScan]:
    """Read every real scan that has both contrasts, and its readings where there are any."""
    for entry in real.entries:
        if {"t1w", "stir"} <= set(entry.contrasts):
            yield _read_scan(real.load(entry.subject), models)


def _read_scan(subject: Subject, models: Mapping[str, Any]) -> ReadScan:
    t1, fluid = in_space(subject.volume("t1w")), in_space(subject.volume("stir"))
    reading = read_volumes(t1, fluid, models)
    if reading.edema is None or reading.asas is None or reading.prediction is None:
        raise ValueError(f"a scan with both contrasts must be read, received {subject.subject}")
    voxel_ml = fluid.voxel_volume_mm3 / 1000
    parts = [reading.edema.at[cutoff] for cutoff in (Cutoff.STRICT, Cutoff.USUAL, Cutoff.LOOSE)]
    strict, usual, loose = ({side: _ml(one.near.get(side), voxel_ml) for side in Side} for one in parts)
    concluded = conclude_reading(reading)
    said = _readings(subject, reading)
    answers = {name: _answers(asas_rule(edema, fluid)) for name, edema in said.items()}
    near = {name: edema.usual.near for name, edema in said.items()}
    return ReadScan(
        subject=subject.subject,
        ours=_answers(reading.asas),
        readers=answers,
        volumes_ml={side.value: (strict[side], usual[side], loose[side]) for side in Side},
        readers_ml={side.value: [_ml(one.get(side), voxel_ml) for one in near.values()] for side in Side},
        network=float(reading.prediction.as_probability),
        joined=concluded.probability if isinstance(concluded, Conclusion) else float("nan"),
        axspa=_said(concluded)[0],
        stage=_said(concluded)[1],
    )


def _readings(subject: Subject, reading: Reading) -> dict[str, Edema]:
    """Each reading's own mask, shared out among the joints that were found."""
    fluid = subject.volume("stir")
    about = Surroundings.of(reading.joints_on_fluid, fluid)
    masks = {name: subject.labels.get(f"inflammation_{name}") for name in READINGS}
    parts = {name: about.share_out(mask) for name, mask in masks.items() if mask is not None}
    return {name: Edema(dict.fromkeys(Cutoff, one), 0.0, 0.0, 0.0) for name, one in parts.items()}


def _answers(rule: AsasResult) -> dict[str, str]:
    told = {side.value: str(rule.by_side.get(side, NOT_JUDGED)) for side in Side}
    return {**told, "study": str(rule.study or NOT_JUDGED)}


def _said(concluded: Conclusion | Limitation) -> tuple[str, str]:
    if not isinstance(concluded, Conclusion):
        return NOT_JUDGED, NOT_JUDGED
    return str(concluded.axspa), str(concluded.stage or Answer.UNDECIDED)


def _ml(mask: BoolArray | None, voxel_ml: float) -> float:
    return 0.0 if mask is None else float(np.count_nonzero(mask)) * voxel_ml
