"""The stage network, step by step: simulate its patients, train it, fit the rule for studies, say what to export."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from inference.serving import Classifier, ModelSpec
from inference.sij_mri import STAGES, SlicePrediction, Stage
from inference.sij_mri.stage import QUESTIONS, Aggregation, StageReader, StripCutter, stage_spec, suspicion
from inference.types import FloatArray
from training.data import read_index
from training.loop.fit import Schedule, averaged_model, fit
from training.models.stage_cnn import deployed, stage_cnn
from training.sij_mri.lesions.dataset import Shard, build, read
from training.sij_mri.stage.plan import stage_plans, usable_anatomies
from training.sij_mri.stage.samples import batches, gather, plain

SIZE_PX = StripCutter().size_px
MODEL_FILE = "stage.keras"
SPEC_FILE = "stage.json"
FIGURES_FILE = "stage-figures.json"
TRAIN_FOLDER = "stage"
TOP_K = (1, 2, 3, 4, 5)
EVIDENCE_WEIGHT = 15.0
STAGE_SCHEDULE = Schedule(steps=3200, peak_rate=2.5e-3, warmup_steps=100, save_every=100, report_every=50)


@dataclass(frozen=True, slots=True)
class StageTraining:
    """One training of the stage network."""

    schedule: Schedule = STAGE_SCHEDULE
    batch_size: int = 24
    seed: int = 0
    mixed_precision: bool = True


@dataclass(frozen=True, slots=True)
class JudgedPatient:
    """What the network says of the slices of one simulated patient, and the truth.

    Attributes
    ----------
    source, anatomy : str
    truth : Stage
    slices : tuple of SlicePrediction
        Empty where no joint was found.
    slice_truth : tuple of int
        Index of the stage that each slice shows; -1 where that is doubtful.
    """

    source: str
    anatomy: str
    truth: Stage
    slices: tuple[SlicePrediction, ...]
    slice_truth: tuple[int, ...]


def simulate_patients(out: Path, *, dataset: Path | None, seed: int = 0, share: float = 1.0) -> None:
    """Make the simulated patients, or go on making them.

    Parameters
    ----------
    out : Path
        Folder of the set.
    dataset : Path or None
        Imported real scans; without them only phantoms are made.
    seed : int
        Added to the phantoms' seeds.
    share : float
        Of the phantoms; below 1 for a trial.
    """
    real = read_index(dataset) if dataset is not None else None
    build(stage_plans(usable_anatomies(real), share=share, seed=seed), out, real=real)


def train_stage(simulated: Path, folder: Path, training: StageTraining | None = None) -> keras.Model:
    """Train the stage network, or go on with a training that was cut off.

    Parameters
    ----------
    simulated : Path
        Folder made by :func:`simulate_patients`.
    folder : Path
        Checkpoints and log.
    training : StageTraining, optional

    Returns
    -------
    keras.Model
        With averaged weights and all outputs.
    """
    training = training or StageTraining()
    samples = gather(list(read(simulated, "train")))
    validation = list(read(simulated, "validation"))
    policy = keras.mixed_precision.global_policy()
    if training.mixed_precision:
        keras.mixed_precision.set_global_policy("mixed_bfloat16")

    def every_batch(first: int) -> Iterator[Any]:
        return batches(samples, size_px=SIZE_PX, batch_size=training.batch_size, seed=training.seed, first=first)

    try:
        return fit(
            lambda: stage_cnn(SIZE_PX),
            every_batch,
            loss=losses(),
            schedule=training.schedule,
            folder=folder,
            seed=training.seed,
            judge=(lambda model: slice_figures(judge_shards(model, validation))) if validation else None,
            judge_every=400,
        )
    finally:
        keras.mixed_precision.set_global_policy(policy)


def losses() -> dict[str, Any]:
    """Focal losses, so that plain slices do not drown the subtle ones; the evidence counts for its few bright cells."""
    evidence = keras.losses.BinaryFocalCrossentropy(apply_class_balancing=True, alpha=0.8, gamma=2.0)

    def weighted(truth: Any, predicted: Any) -> Any:
        return EVIDENCE_WEIGHT * evidence(truth, predicted)

    return {
        "as": keras.losses.CategoricalFocalCrossentropy(alpha=1.0, gamma=1.5),
        "stage": keras.losses.CategoricalFocalCrossentropy(alpha=1.0, gamma=1.5),
        "evidence": weighted,
    }


def judge_shards(model: keras.Model, shards: Sequence[Shard]) -> list[JudgedPatient]:
    """Let a network judge every simulated patient."""
    patients = []
    for shard in shards:
        answers = _answers(model, plain(shard.images, SIZE_PX))
        for draw, truth in enumerate(shard.truth):
            mine = np.flatnonzero(shard.patients == draw)
            slices = tuple(answers[index] for index in mine)
            shown = tuple(int(shard.stages[index]) for index in mine)
            patients.append(JudgedPatient(shard.plan.source, shard.plan.name, STAGES[int(truth)], slices, shown))
    return patients


def slice_figures(patients: Sequence[JudgedPatient]) -> dict[str, float]:
    """Accuracy and macro F1 over the slices that are not doubtful."""
    truth = np.array([shown for patient in patients for shown in patient.slice_truth])
    said = np.array(
        [int(np.argmax(one.stage_probabilities)) for patient in patients for one in patient.slices], dtype=np.intp
    )
    sure = truth >= 0
    return {"slice_accuracy": float((truth == said)[sure].mean()), "slice_f1": macro_f1(truth[sure], said[sure])}


def macro_f1(truth: NDArray[Any], said: NDArray[Any]) -> float:
    """Mean F1 of the stages that occur in the truth; both are indices of stages, int (n,)."""
    scores = []
    for stage in np.unique(truth):
        hit = float(np.sum((truth == stage) & (said == stage)))
        total = float(np.sum(truth == stage) + np.sum(said == stage))
        scores.append(2 * hit / total if total else 0.0)
    return float(np.mean(scores))


def fit_rule(patients: Sequence[JudgedPatient]) -> Aggregation:
    """Fit the rule from slices to study on validation patients: the number of slices, and three logistic curves.

    The number is the one of the smallest log-loss; the curves are held near a slope of 1 by a weak prior.

    Raises
    ------
    ValueError
        No patient has a slice that shows a joint.
    """
    judged = [patient for patient in patients if patient.slices]
    stages = np.array([STAGES.index(patient.truth) for patient in judged])
    answers = np.stack([stages >= level for level in (1, 2, 3)], axis=1).astype(np.float64)
    best: tuple[float, Aggregation] | None = None
    for top_k in TOP_K:
        scores = np.stack([suspicion(patient.slices, top_k) for patient in judged])
        fits = [_logistic(scores[:, index], answers[:, index]) for index in range(len(QUESTIONS))]
        loss = sum(value for value, _ in fits)
        curves = {name: curve for name, (_, curve) in zip(QUESTIONS, fits, strict=True)}
        if best is None or loss < best[0]:
            best = (loss, Aggregation(top_k, curves))
    if best is None:
        raise ValueError("the rule needs validation patients, received none")
    return best[1]


def finish(simulated: Path, runs: Path) -> ModelSpec:
    """Fit the rule and write the network and its entry in a manifest for export.

    Parameters
    ----------
    simulated : Path
        Folder made by :func:`simulate_patients`.
    runs : Path
        Folder of the runs; the training lies in its folder ``stage``, finished or not.

    Returns
    -------
    ModelSpec
        The entry.
    """
    model = deployable(averaged_model(runs / TRAIN_FOLDER))
    rule = fit_rule(judge_shards(model, list(read(simulated, "validation"))))
    model.save(runs / MODEL_FILE, include_optimizer=False)
    spec = replace(stage_spec(rule), files=(MODEL_FILE,))
    (runs / SPEC_FILE).write_text(json.dumps(spec.to_json(), indent=1) + "\n", encoding="utf-8")
    return exported(runs)[1]


def deployable(trained: keras.Model) -> keras.Model:
    """The trained network in float32, without the outputs that only training needs."""
    whole = stage_cnn(int(trained.input_shape[1]))
    whole.set_weights(trained.get_weights())
    return deployed(whole)


def exported(runs: Path) -> tuple[Path, ModelSpec]:
    """The network's file and its entry in a manifest, as :func:`finish` wrote them.

    Raises
    ------
    FileNotFoundError
        The training was not finished yet.
    """
    values = json.loads((runs / SPEC_FILE).read_text(encoding="utf-8"))
    return runs / MODEL_FILE, ModelSpec.from_json("stage", values)


def figures(runs: Path) -> dict[str, Any]:
    """The figures that the evaluation wrote, for the card; empty where there was none yet."""
    path = runs / FIGURES_FILE
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return content


def load_reader(runs: Path) -> StageReader:
    """The exported network with its rule, as the node would load it from a bundle."""
    path, spec = exported(runs)
    return StageReader(Classifier(spec, [keras.saving.load_model(path, compile=False, safe_mode=True)]))


def _answers(model: keras.Model, images: FloatArray) -> list[SlicePrediction]:
    outputs = model.predict(images, batch_size=32, verbose=0)
    return [
        SlicePrediction(index, float(one[1]), (float(two[0]), float(two[1]), float(two[2]), float(two[3])))
        for index, (one, two) in enumerate(zip(outputs["as"], outputs["stage"], strict=True))
    ]


def _logistic(scores: NDArray[np.float64], answers: NDArray[np.float64]) -> tuple[float, tuple[float, float]]:
    """Log-loss and (slope, offset) of the best logistic curve."""

    def loss(curve: NDArray[np.float64]) -> float:
        line = curve[0] * scores + curve[1]
        prior = 0.5 * (curve[0] - 1) ** 2 + 0.02 * curve[1] ** 2
        return float(np.sum(np.logaddexp(0, line) - answers * line) + prior)

    best = optimize.minimize(loss, np.array([1.0, 0.0]), bounds=[(0.05, 5.0), (-20.0, 20.0)])
    return float(best.fun), (float(best.x[0]), float(best.x[1]))
