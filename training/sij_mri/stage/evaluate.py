"""Judging the stage network: held-back simulated patients, and what it says of real scans whose truth nobody knows."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.sij_mri import STAGES, Prediction, find_joints, joint_slices
from inference.sij_mri.stage import StageReader, aggregate
from training.data import Dataset, read_index
from training.sij_mri.lesions.dataset import in_space, read
from training.sij_mri.stage.plan import split_of
from training.sij_mri.stage.train import (
    FIGURES_FILE,
    JudgedPatient,
    judge_shards,
    load_reader,
    macro_f1,
    slice_figures,
)

RESAMPLES = 2000
GROUPS = {
    "all": ("phantom", "requested", "real"),
    "phantom anatomy": ("phantom", "requested"),
    "real anatomy": ("real",),
}
HEAD = """# Stage network: evaluation

RESEARCH ONLY. The network has never seen a clinical label: it was trained and judged on **simulated** lesions, painted
into phantoms and into real scans whose edema had been taken out first. The figures say how well it finds what the
simulation paints; they do not say how well it finds disease.

- Normal: no lesion. Early: bone marrow edema alone. Moderate: erosion, fat metaplasia or sclerosis. Advanced:
  ankylosis. Axial spondyloarthritis counts as present in every stage but Normal.
- No phantom and no real patient is in two of train, validation and held-back; joints were found by the node's own
  method inside the true region."""

LIMITS = """## Limits

- The lesions are painted by the same program in training and in judgment; how real lesions look to the network is
  unknown.
- The real anatomies are those of patients. Their edema was replaced by normal marrow, their structural lesions were
  not: a *Normal* patient made from them may carry real erosions or fat, which blurs the border to *Moderate*.
- The held-back patients were looked at while three designs of the network were compared, so the figures flatter it a
  little.
- Patients drawn from one anatomy are not independent; with three held-back real anatomies the intervals are too narrow.
- The network sees strips of 19 mm to both sides of the joints it was given. A joint that was not found is not judged.
- Where one of the two contrasts is missing, the network still answers, and less surely."""

UNTOUCHED = """## Real scans as they are

All are patients with spondyloarthritis; no stage is known. Edema is the mean of the readers' volumes where they read.

| scan | used for | readers' edema, ml | P(axial spondyloarthritis) | said | P(stages) |
| --- | --- | --- | --- | --- | --- |"""

Metric = Callable[[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]], float]


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its bootstrap 95 % confidence interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        """``0.91 (0.87 to 0.95)``."""
        return f"{self.value:.2f} ({self.low:.2f} to {self.high:.2f})"


@dataclass(frozen=True, slots=True)
class UntouchedScan:
    """What the network says of a real scan as it is."""

    subject: str
    split: str
    prediction: Prediction
    reader_ml: float | None


def evaluate_stage(simulated: Path, runs: Path, page: Path, *, dataset: Path | None = None) -> dict[str, Any]:
    """Judge the finished network and write the page and the figures for the card.

    Parameters
    ----------
    simulated : Path
        Folder of the simulated patients.
    runs : Path
        Where :func:`training.sij_mri.stage.train.finish` wrote the network.
    page : Path
        Markdown page to write.
    dataset : Path, optional
        Imported real scans, to show what the network says of them as they are.

    Returns
    -------
    dict
        The figures, as written to ``stage-figures.json`` in `runs`.
    """
    reader = load_reader(runs)
    (network,) = reader.classifier.networks
    patients = judge_shards(network, list(read(simulated, "held-back")))
    figures: dict[str, Any] = {"date": datetime.now(UTC).date().isoformat(), "groups": {}}
    for group, sources in GROUPS.items():
        members = [patient for patient in patients if patient.source in sources]
        if members:
            figures["groups"][group] = group_figures(members, reader)
    untouched = judge_untouched(reader, read_index(dataset)) if dataset is not None else []
    figures["untouched"] = [_untouched_row(scan) for scan in untouched]
    figures["rule"] = reader.rule.parameters()
    figures["parameters"] = int(network.count_params())
    (runs / FIGURES_FILE).write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(page_of(figures), encoding="utf-8")
    return figures


def group_figures(patients: Sequence[JudgedPatient], reader: StageReader) -> dict[str, Any]:
    """Figures of a group of simulated patients, with intervals; a patient without slices counts as Normal."""
    truth = np.array([STAGES.index(patient.truth) for patient in patients], np.intp)
    predictions = [aggregate(patient.slices, reader.rule) if patient.slices else None for patient in patients]
    said = np.array([STAGES.index(one.stage) if one else 0 for one in predictions], np.intp)
    score = np.array([one.as_probability if one else 0.0 for one in predictions], np.float64)
    metrics: dict[str, Metric] = {
        "macro F1": lambda t, s, _: macro_f1(t, s),
        "accuracy": lambda t, s, _: float((t == s).mean()),
        "AUC of axial spondyloarthritis": lambda t, _, p: auc(t > 0, p),
        "sensitivity": lambda t, s, _: _share(s[t > 0] > 0),
        "specificity": lambda t, s, _: _share(s[t == 0] == 0),
    }
    for index, stage in enumerate(STAGES):
        metrics[f"recall of {stage}"] = _recall(index)
    confusion = np.zeros((len(STAGES), len(STAGES)), int)
    np.add.at(confusion, (truth, said), 1)
    return {
        "patients": len(patients),
        "anatomies": len({patient.anatomy for patient in patients}),
        "not classified": sum(one is None for one in predictions),
        "figures": {name: _interval(metric, truth, said, score) for name, metric in metrics.items()},
        "confusion": confusion.tolist(),
        "slices": slice_figures(patients),
    }


def auc(positive: NDArray[np.bool_], score: NDArray[np.float64]) -> float:
    """Area under the ROC curve: the chance that a positive scores above a negative, ties counting half.

    Parameters
    ----------
    positive : bool array (n,)
    score : float64 array (n,)

    Returns
    -------
    float
        NaN where one of the two groups is empty.

    References
    ----------
    J. A. Hanley and B. J. McNeil, "The meaning and use of the area under a receiver operating characteristic (ROC)
    curve", Radiology 1982; 143: 29-36.
    """
    high, low = score[positive], score[~positive]
    if not len(high) or not len(low):
        return float("nan")
    difference = high[:, None] - low[None, :]
    return float((difference > 0).mean() + 0.5 * (difference == 0).mean())


def judge_untouched(reader: StageReader, data: Dataset) -> list[UntouchedScan]:
    """Classify every labeled real scan as it is, with the manual region."""
    out = []
    for name in data.labeled("region"):
        subject = data.load(name)
        t1 = in_space(subject.volume("t1w"))
        fluid = in_space(subject.volume("stir")) if "stir" in subject.images else None
        joints = find_joints(t1, subject.labels["region"])
        shown = joint_slices(joints, t1)
        if shown:
            marks = [mask for key, mask in subject.labels.items() if key.startswith("inflammation")]
            ml = float(np.mean([mask.sum() for mask in marks])) * t1.voxel_volume_mm3 / 1000 if marks else None
            split = split_of(subject.patient) if fluid is not None else "not used"
            out.append(UntouchedScan(name, split, reader.predict(reader.prepare(t1, fluid, joints, shown)), ml))
    return out


def page_of(figures: dict[str, Any]) -> str:
    """The page, in Markdown."""
    lines = [*HEAD.splitlines(), ""]
    lines += [
        f"- {figures['parameters']:,} parameters; study rule: `{json.dumps(figures['rule'])}`.",
        f"- Made by `axspa-train evaluate stage`, {figures['date']}, on 2 CPU cores.",
        f"- Intervals: 95 %, bootstrap over patients ({RESAMPLES} resamples).",
        "",
    ]
    for name, group in figures["groups"].items():
        lines += _group_lines(name, group)
    lines += _untouched_lines(figures["untouched"])
    lines += LIMITS.splitlines()
    return "\n".join(lines) + "\n"


def _group_lines(name: str, group: dict[str, Any]) -> list[str]:
    lines = [
        f"## Held-back patients, {name}",
        "",
        f"{group['patients']} simulated patients of {group['anatomies']} anatomies; "
        f"{group['not classified']} without a joint to classify (counted as Normal).",
        "",
        "| figure | value (95 % CI) |",
        "| --- | --- |",
    ]
    for figure, interval in group["figures"].items():
        lines.append(f"| {figure} | {Interval(**interval)} |")
    lines += [
        f"| single slices: accuracy | {group['slices']['slice_accuracy']:.2f} |",
        f"| single slices: macro F1 | {group['slices']['slice_f1']:.2f} |",
        "",
        "| truth \\ said | " + " | ".join(STAGES) + " |",
        "| --- |" + " --- |" * len(STAGES),
    ]
    for stage, row in zip(STAGES, group["confusion"], strict=True):
        lines.append(f"| {stage} | " + " | ".join(str(count) for count in row) + " |")
    return [*lines, ""]


def _untouched_lines(rows: Sequence[dict[str, Any]]) -> list[str]:
    if not rows:
        return []
    lines = UNTOUCHED.splitlines()
    for row in rows:
        edema = "-" if row["reader_ml"] is None else f"{row['reader_ml']:.1f}"
        stages = " / ".join(f"{value:.2f}" for value in row["stage_probabilities"])
        present = f"{row['as_probability']:.2f}"
        lines.append(f"| {row['subject']} | {row['split']} | {edema} | {present} | {row['stage']} | {stages} |")
    return [*lines, ""]


def _untouched_row(scan: UntouchedScan) -> dict[str, Any]:
    return {
        "subject": scan.subject,
        "split": scan.split,
        "as_probability": scan.prediction.as_probability,
        "stage": str(scan.prediction.stage),
        "stage_probabilities": list(scan.prediction.stage_probabilities),
        "reader_ml": scan.reader_ml,
    }


def _recall(index: int) -> Metric:
    def recall(truth: NDArray[np.intp], said: NDArray[np.intp], _: NDArray[np.float64]) -> float:
        return _share(said[truth == index] == index)

    return recall


def _share(hits: NDArray[np.bool_]) -> float:
    """Share of hits; not a number where there is nothing to count."""
    return float(hits.mean()) if hits.size else float("nan")


def _interval(
    metric: Metric, truth: NDArray[np.intp], said: NDArray[np.intp], score: NDArray[np.float64]
) -> dict[str, float]:
    rng = np.random.default_rng(0)
    values = []
    for _ in range(RESAMPLES):
        drawn = rng.integers(0, len(truth), len(truth))
        values.append(metric(truth[drawn], said[drawn], score[drawn]))
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return {"value": metric(truth, said, score), "low": float(low), "high": float(high)}
