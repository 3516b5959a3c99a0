"""What goes into the shipped bundle: every network that learnt from all subjects, the stage network, and the card."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras

from inference.serving import InputSpec, Manifest
from training.commands import REGION_FIGURES
from training.loop.export import ModelExport, export_bundle, in_float32
from training.loop.fit import averaged_model
from training.sij_mri.bundle.card import card
from training.sij_mri.stage.train import export_entry, figures

SOURCES = {
    "real data": "Hepburn et al., supplement to 'Volume of hyperintense inflammation (VHI)', "
    "github.com/c-hepburn/Bone_MRI; research use, no licence stated; the images are not part of this bundle",
    "synthetic data": "phantoms and simulated lesions made by training.simulate",
    "use of the weights": "research only",
}
REGION_OUTPUT = {"region": ("Sacroiliac bone region",)}


def assemble(runs: Path, out: Path, *, version: str) -> Manifest:
    """Make the bundle of what lies in the runs.

    Parameters
    ----------
    runs : Path
        Folder of the runs: ``region/all-*``, ``stage.keras`` with ``stage.json``, and the figures of the evaluations.
    out : Path
        Folder of the bundle.
    version : str

    Raises
    ------
    FileNotFoundError
        A network was not trained yet.
    """
    evaluation = {"region": _region_figures(runs), "stage": figures(runs)}
    provenance: dict[str, Any] = {**SOURCES, "keras": keras.__version__, "region runs": _region_runs(runs)}
    return export_bundle(
        out,
        [*_region(runs), _stage(runs)],
        version=version,
        card=card(out.name, version, evaluation=evaluation, provenance=provenance),
        provenance=provenance,
        evaluation=evaluation,
    )


def _region(runs: Path) -> list[ModelExport]:
    """One network for both contrasts: it learnt from both."""
    trained = _finished_runs(runs)
    if not trained:
        raise FileNotFoundError(f"no finished region network that learnt from all subjects in {runs / 'region'}")
    saved = []
    for run in trained:
        path = runs / "export" / f"region-{run.name}.keras"
        path.parent.mkdir(parents=True, exist_ok=True)
        in_float32(averaged_model(run)).save(path)
        saved.append(path)
    return [
        ModelExport(role, tuple(saved), InputSpec(), REGION_OUTPUT, {"region": 0.5})
        for role in ("region", "region_fluid")
    ]


def _stage(runs: Path) -> ModelExport:
    path, entry = export_entry(runs)
    given = dict(entry["input"])
    given["percentiles"] = tuple(given["percentiles"])
    return ModelExport(
        role="stage",
        sources=(path,),
        input=InputSpec(**given),
        outputs={name: tuple(labels) for name, labels in entry["outputs"].items()},
        thresholds=entry["thresholds"],
        parameters=entry["parameters"],
    )


def _region_figures(runs: Path) -> dict[str, Any]:
    path = runs / REGION_FIGURES
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return content


def _region_runs(runs: Path) -> dict[str, Mapping[str, Any]]:
    return {run.name: _state(run) for run in _finished_runs(runs)}


def _finished_runs(runs: Path) -> list[Path]:
    folders = [path.parent for path in sorted((runs / "region").glob("all-*/state.json"))]
    return [folder for folder in folders if _state(folder)["step"] >= _state(folder)["schedule"]["steps"]]


def _state(run: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((run / "state.json").read_text(encoding="utf-8"))
    return content
