"""Rule and network joined, on simulated patients and on real scans, by the path that the node takes."""

import multiprocessing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from inference.result import Answer, Limitation
from inference.sij_mri import (
    STAGES,
    AsasResult,
    Conclusion,
    Cutoff,
    Edema,
    Prediction,
    Reading,
    SacroiliacMri,
    Stage,
    answer_of,
    asas_rule,
    conclude_reading,
    read_volumes,
)
from inference.sij_mri.edema import Surroundings
from inference.types import BoolArray, Side
from training.data import Dataset, Subject, read_index
from training.sij_mri.edema.cutoffs import NOT_JUDGED, told, with_fluid
from training.sij_mri.edema.evaluate import READINGS
from training.sij_mri.lesions.dataset import AnatomyPlan, draw_patients, in_space
from training.sij_mri.lesions.lesions import LesionKind


@dataclass(frozen=True, slots=True)
class Judged:
    """One simulated patient: the truth and what is said; NOT_JUDGED where nothing was.

    Attributes
    ----------
    source : str
        As of :class:`~training.sij_mri.lesions.dataset.AnatomyPlan`.
    anatomy : str
    truth : Stage
    edema : bool
        Whether any was painted.
    rule, rule_with_fluid : str
        Of the study, as it is and if it counted fluid in the joint.
    axspa, stage : str
        Of rule and network joined.
    network, network_stage : str
        Of the network alone, called undecided within the same bounds.
    """

    source: str
    anatomy: str
    truth: Stage
    edema: bool
    rule: str
    rule_with_fluid: str
    axspa: str
    stage: str
    network: str
    network_stage: str


@dataclass(frozen=True, slots=True)
class ReadScan:
    """One real scan with both contrasts.

    Attributes
    ----------
    ours, ours_with_fluid : dict of str to str
        What the rule says of left, right and study, as it is and if it counted fluid in the joint.
    readers : dict of str to dict of str to str
        The same of each reading, where there are any.
    volumes_ml : dict of str to (float, float, float)
        Strict, usual and loose volume within each band.
    readers_ml : dict of str to list of float
        The volume within each band, of each reading.
    network, joined : float
        Probability of axial spondyloarthritis.
    axspa, stage : str
        Of rule and network joined.
    network_alone : str
        The class of the network alone, called undecided within the same bounds.
    """

    subject: str
    ours: Mapping[str, str]
    ours_with_fluid: Mapping[str, str]
    readers: Mapping[str, Mapping[str, str]]
    volumes_ml: Mapping[str, tuple[float, float, float]]
    readers_ml: Mapping[str, list[float]]
    network: float
    joined: float
    axspa: str
    stage: str
    network_alone: str


Task = str | AnatomyPlan  # a real scan, or the patients of an anatomy


def tasks(real: Dataset, plans: Sequence[AnatomyPlan]) -> dict[str, Task]:
    """Every real scan that has both contrasts, and every anatomy, by a name that no other has."""
    scans = [one.subject for one in real.entries if {"t1w", "stir"} <= set(one.contrasts)]
    return {**{f"scan {name}": name for name in scans}, **{f"{plan.draws} of {plan.name}": plan for plan in plans}}


def answer_all(
    wanted: Sequence[Task], dataset: Path, bundle: str, *, workers: int
) -> Iterator[list[Judged] | list[ReadScan]]:
    """Read scans and patients in several processes of one thread each.

    What is said does not depend on their number: each anatomy draws by its own seed.

    Parameters
    ----------
    wanted : sequence of Task
    dataset : Path
        Real scans.
    bundle : str
        Name of a bundle.
    workers : int

    Yields
    ------
    list of Judged or of ReadScan
        Of each task, in their order.
    """
    with multiprocessing.get_context("spawn").Pool(workers, _begin, (dataset, bundle)) as pool:
        yield from pool.imap(_answer, wanted)


_given: dict[str, Any] = {}  # of a process of the pool: the data set, and the models by role


def _begin(dataset: Path, bundle: str) -> None:
    """Load once what every task of a process needs."""
    from training.loop.threads import set_threads

    set_threads(1)
    from inference.serving import load_bundle

    _given.update(real=read_index(dataset), models=load_bundle(bundle, SacroiliacMri()).models)


def _answer(task: Task) -> list[Judged] | list[ReadScan]:
    real, models = _given["real"], _given["models"]
    if isinstance(task, AnatomyPlan):
        return list(judge_patients(task, real, models))
    return [read_scan(real.load(task), models)]


def judge_patients(plan: AnatomyPlan, real: Dataset | None, models: Mapping[str, Any]) -> Iterator[Judged]:
    """Read every patient of an anatomy as the node would.

    Parameters
    ----------
    plan : AnatomyPlan
    real : Dataset or None
        Where real anatomies come from; needed if the plan's is one.
    models : mapping of str to models
        Of a bundle, by role.
    """
    for patient in draw_patients(plan, real):
        reading = read_volumes(patient.anatomy.t1, patient.anatomy.fluid, models)
        yield Judged(
            source=plan.source,
            anatomy=plan.name,
            truth=patient.stage,
            edema=any(lesion.kind is LesionKind.EDEMA for lesion in patient.lesions),
            rule=_study(reading.asas),
            rule_with_fluid=_study(_with_fluid(reading)),
            **dict(zip(("axspa", "stage"), _said(conclude_reading(reading)), strict=True)),
            **dict(zip(("network", "network_stage"), _network_alone(reading.prediction), strict=True)),
        )


def read_scan(subject: Subject, models: Mapping[str, Any]) -> ReadScan:
    """Read a real scan as the node would, beside its readings where there are any.

    Parameters
    ----------
    subject : Subject
        With ``t1w`` and ``stir``.
    models : mapping of str to models
        Of a bundle, by role.

    Raises
    ------
    ValueError
        One of the contrasts could not be judged.
    """
    t1, fluid = in_space(subject.volume("t1w")), in_space(subject.volume("stir"))
    reading = read_volumes(t1, fluid, models)
    if reading.edema is None or reading.asas is None or reading.prediction is None:
        raise ValueError(f"a scan with both contrasts must be read, received {subject.subject}")
    voxel_ml = fluid.voxel_volume_mm3 / 1000
    parts = [reading.edema.at[cutoff] for cutoff in (Cutoff.STRICT, Cutoff.USUAL, Cutoff.LOOSE)]
    strict, usual, loose = ({side: _ml(one.near.get(side), voxel_ml) for side in Side} for one in parts)
    concluded = conclude_reading(reading)
    said = _readings(subject, reading)
    answers = {name: told(asas_rule(edema, fluid)) for name, edema in said.items()}
    near = {name: edema.usual.near for name, edema in said.items()}
    return ReadScan(
        subject=subject.subject,
        ours=told(reading.asas),
        ours_with_fluid=told(asas_rule(with_fluid(reading.edema), fluid)),
        readers=answers,
        volumes_ml={side.value: (strict[side], usual[side], loose[side]) for side in Side},
        readers_ml={side.value: [_ml(one.get(side), voxel_ml) for one in near.values()] for side in Side},
        network=float(reading.prediction.as_probability),
        joined=concluded.probability if isinstance(concluded, Conclusion) else float("nan"),
        axspa=_said(concluded)[0],
        stage=_said(concluded)[1],
        network_alone=_network_alone(reading.prediction)[0],
    )


def _with_fluid(reading: Reading) -> AsasResult | None:
    if reading.edema is None or reading.fluid is None:
        return None
    return asas_rule(with_fluid(reading.edema), reading.fluid)


def _study(rule: AsasResult | None) -> str:
    return NOT_JUDGED if rule is None or rule.study is None else str(rule.study)


def _readings(subject: Subject, reading: Reading) -> dict[str, Edema]:
    """Each reading's own mask, shared out among the joints that were found."""
    fluid = subject.volume("stir")
    about = Surroundings.of(reading.joints_on_fluid, fluid)
    masks = {name: subject.labels.get(f"inflammation_{name}") for name in READINGS}
    parts = {name: about.share_out(mask) for name, mask in masks.items() if mask is not None}
    return {name: Edema(dict.fromkeys(Cutoff, one), 0.0, 0.0, 0.0) for name, one in parts.items()}


def _said(concluded: Conclusion | Limitation) -> tuple[str, str]:
    if not isinstance(concluded, Conclusion):
        return NOT_JUDGED, NOT_JUDGED
    return str(concluded.axspa), str(concluded.stage or Answer.UNDECIDED)


def _network_alone(prediction: Prediction | None) -> tuple[str, str]:
    """Class and stage as the conclusion would give them if there were no rule."""
    if prediction is None:
        return NOT_JUDGED, NOT_JUDGED
    answer = answer_of(prediction.as_probability)
    likeliest = STAGES[1 + int(np.argmax(prediction.stage_probabilities[1:]))]
    stages = {Answer.ABSENT: str(Stage.NORMAL), Answer.UNDECIDED: str(Answer.UNDECIDED)}
    return str(answer), stages.get(answer, str(likeliest))


def _ml(mask: BoolArray | None, voxel_ml: float) -> float:
    return 0.0 if mask is None else float(np.count_nonzero(mask)) * voxel_ml
