"""What goes into the shipped bundle: every network that learnt from all subjects, the stage network, and the card."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras

from inference.serving import ApplicationRange, Manifest
from inference.sij_mri import SacroiliacMri, region_spec
from inference.sij_mri.edema import edema_network_spec, edema_spec
from training.data import Cohort
from training.loop.export import ModelExport, export_bundle, in_float32
from training.loop.fit import averaged_model
from training.sij_mri.bundle.card import card
from training.sij_mri.bundle.data import data_words
from training.sij_mri.edema.network import NETWORK_RUNS, served
from training.sij_mri.region.trained import ROLES, shipped, trained_regions
from training.sij_mri.runs import EDEMA_FIGURES, EDEMA_FILE, EDEMA_SOURCE, REGION_FIGURES
from training.sij_mri.stage.train import exported, figures

APPLICATION = ApplicationRange(SacroiliacMri.name, first=SacroiliacMri.version, before="2.0.0")
INTENDED_INPUT = (
    "Semicoronal MRI of the sacroiliac joints of adults: a T1-weighted spin-echo series and a fat-suppressed "
    "fluid-sensitive one (STIR, TIRM, T2 FS, Dixon water)."
)


def assemble(runs: Path, out: Path, *, version: str, cohorts: Sequence[Cohort] = ()) -> Manifest:
    """Make the bundle of what lies in the runs.

    Parameters
    ----------
    runs : Path
        Folder of the runs: region networks (:mod:`training.sij_mri.region.trained`, or ``region/all-*`` of
        ``axspa-train train region``, which read both contrasts), ``stage.keras`` with ``stage.json``, ``edema.keras``
        with ``edema.json``, ``edema-network/all`` where it was trained, and the figures of the evaluations.
    out : Path
        Folder of the bundle.
    version : str
    cohorts : sequence of Cohort
        The real data that the networks learned from; card and manifest say their source and terms.

    Raises
    ------
    FileNotFoundError
        A network was not trained yet.
    """
    evaluation = {
        "region": _read(runs / REGION_FIGURES),
        "stage": figures(runs),
        "edema": _read(runs / EDEMA_FIGURES),
    }
    provenance: dict[str, Any] = {
        **data_words(cohorts),
        "keras": keras.__version__,
        "region runs": _region_runs(runs),
        "edema": _read(runs / EDEMA_SOURCE),
    }
    return export_bundle(
        out,
        [*_region(runs), _stage(runs), _edema(runs), *_edema_network(runs)],
        application=APPLICATION,
        intended_input=INTENDED_INPUT,
        version=version,
        card=card(out.name, version, evaluation=evaluation, provenance=provenance),
        provenance=provenance,
        evaluation=evaluation,
    )


def _region(runs: Path) -> list[ModelExport]:
    """A network of its own for each contrast, or one for both that learnt from both."""
    ready = {role: shipped(trained_regions(runs, role)) for role in ROLES}
    if not any(ready.values()):
        return _region_of_both(runs)
    for role, networks in ready.items():
        if not networks:
            raise FileNotFoundError(f"no finished {role} network that learnt from all subjects in {runs / role}")
    return [ModelExport(of[0].spec(role), tuple(one.path for one in of)) for role, of in ready.items()]


def _region_of_both(runs: Path) -> list[ModelExport]:
    trained = _finished_runs(runs)
    if not trained:
        raise FileNotFoundError(f"no finished region network that learnt from all subjects in {runs / 'region'}")
    saved = []
    for run in trained:
        path = runs / "export" / f"region-{run.name}.keras"
        path.parent.mkdir(parents=True, exist_ok=True)
        in_float32(averaged_model(run)).save(path)
        saved.append(path)
    return [ModelExport(region_spec(role), tuple(saved)) for role in ROLES]


def _stage(runs: Path) -> ModelExport:
    path, spec = exported(runs)
    return ModelExport(spec, (path,))


def _edema(runs: Path) -> ModelExport:
    path = runs / EDEMA_FILE
    if not path.is_file():
        raise FileNotFoundError(f"no edema classifier in {runs}; axspa-train train edema makes it")
    return ModelExport(edema_spec(), (path,))


def _edema_network(runs: Path) -> list[ModelExport]:
    """The network that learnt from all scans with readings; none where it was not trained to its end."""
    trained = runs / NETWORK_RUNS / "all"
    if not (trained / "state.json").is_file() or not _finished(trained):
        return []
    path = runs / "export" / "edema_network.keras"
    path.parent.mkdir(parents=True, exist_ok=True)
    served(averaged_model(trained)).save(path)
    return [ModelExport(edema_network_spec(), (path,))]


def _read(path: Path) -> dict[str, Any]:
    """JSON values of a file; empty where it was not made yet."""
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return content


def _region_runs(runs: Path) -> dict[str, Mapping[str, Any]]:
    """What is known of each network that goes into the bundle, by its role and name."""
    ready = [(role, one) for role in ROLES for one in shipped(trained_regions(runs, role))]
    facts = {f"{role}/{one.folder.name}": one.facts for role, one in ready}
    return facts or {f"region/{run.name}": _facts(run) for run in _finished_runs(runs)}


def _facts(run: Path) -> dict[str, Any]:
    """Of a network that learnt from both contrasts."""
    spec = region_spec()
    known = {"cutter": spec.input.cutter, "parameters": dict(spec.input.parameters), **spec.parameters}
    return {**known, **_state(run)}


def _finished_runs(runs: Path) -> list[Path]:
    folders = [path.parent for path in sorted((runs / "region").glob("all-*/state.json"))]
    return [folder for folder in folders if _finished(folder)]


def _finished(run: Path) -> bool:
    state = _state(run)
    return bool(state["step"] >= state["schedule"]["steps"])


def _state(run: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((run / "state.json").read_text(encoding="utf-8"))
    return content
