"""A network that another program trained by a plan becomes a run: judged, shown and packaged like any other.

The folder to adopt holds ``ema.keras`` (the network), ``settings.json`` (``learn`` and ``held_back``: names of items;
``seed``), ``status.json`` (``state``, ``step``, ``wall_min``) and ``log.txt`` with lines of ``step N/ALL``, ``rate``
and ``loss``.
"""

import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras

from training.data import Cohort, open_cohort
from training.loop.checkpoint import Place
from training.loop.samples import Samples
from training.plans import Plan
from training.runs.folder import Run, begin, held, opened, plan_and_text
from training.runs.predictions import Reader
from training.runs.sources import Parts, read_sources, usable_item
from training.runs.train import finish, network_of, new_run, reader_of, served

NETWORK, SETTINGS, STATUS, LOG = "ema.keras", "settings.json", "status.json", "log.txt"
ROW = re.compile(r"step (\d+)/\d+ .*?rate ([0-9.e+-]+) loss ([0-9.]+)")


def adopt(
    trained: Path,
    plan_file: Path,
    cohort_folder: Path,
    out: Path,
    *,
    readers: Mapping[str, Reader] | None = None,
) -> Run:
    """Make a run of what another program trained by a plan.

    Parameters
    ----------
    trained : Path
        Folder to adopt; it is not changed.
    plan_file : Path
        What it was trained by; the seed is that of its settings.
    cohort_folder : Path
        What it learned from.
    out : Path
        Folder of the run.
    readers : mapping of str to callable, optional
        As of :func:`training.runs.train.train`: masks are bool (slices, rows, columns).

    Raises
    ------
    ValueError
        The training is not done, the network is not the plan's, or the cohort lacks an item.
    """
    settings, status = (_read(trained / name) for name in (SETTINGS, STATUS))
    if status.get("state") != "done":
        raise ValueError(f"{trained} is not done (its state is {status.get('state')!r}): let it come to its end first")
    plan, text = plan_and_text(plan_file)
    plan = plan.model_copy(update={"seed": settings["seed"]})
    cohort = open_cohort(cohort_folder)
    parts = _parts(cohort, plan, settings)
    network = _network(trained / NETWORK, plan)
    place, reader = _place(trained, plan, status), reader_of(plan, readers or {})
    run = new_run(out.name, plan, cohort, parts, _fold(cohort, plan, parts), threads=1)
    run = replace(run, adopted=f"{trained.name}, trained with Keras {settings.get('keras', 'of an unknown version')}")
    with held(out):
        run = opened(out, run, resume=False)
        begin(out, run, text)
        try:
            samples = Samples(read_sources(cohort, plan, parts.learn), plan, seed=plan.seed)
            return finish(run, out, network, plan, cohort, parts, samples=samples, place=place, reader=reader)
        except BaseException:
            shutil.rmtree(out)
            raise


def _network(path: Path, plan: Plan) -> keras.Model:
    """The plan's own network with the weights of a file."""
    given = keras.saving.load_model(path, compile=False, safe_mode=True)
    network = served(network_of(plan, size_px=plan.input.size_px), plan)
    shapes = [[tuple(weight.shape) for weight in model.weights] for model in (given, network)]
    if given.input_shape != network.input_shape or shapes[0] != shapes[1]:
        raise ValueError(
            f"{path} is not the network of the plan {plan.name}: expected {network.count_params()} parameters over "
            f"{network.input_shape}, received {given.count_params()} over {given.input_shape}"
        )
    network.set_weights(given.get_weights())
    return network


def _parts(cohort: Cohort, plan: Plan, settings: Mapping[str, Any]) -> Parts:
    learn, held_back = tuple(settings["learn"]), tuple(settings["held_back"])
    for name in (*learn, *held_back):
        if not usable_item(cohort.item(name), plan):
            raise ValueError(f"{name} of the cohort {cohort.name} lacks what the plan {plan.name} asks for")
    both = cohort.patients(learn) & cohort.patients(held_back)
    if both:
        raise ValueError(f"{len(both)} patients are among those it learned from and among those held back")
    return Parts(learn, (), held_back, 0)


def _fold(cohort: Cohort, plan: Plan, parts: Parts) -> int | None:
    """The fold of the cohort's split that holds the same items back; None where there is none such."""
    folds = cohort.splits.get(plan.split.name, ())
    return next((number for number, fold in enumerate(folds) if set(fold.held_back) == set(parts.held_back)), None)


def _place(trained: Path, plan: Plan, status: Mapping[str, Any]) -> Place:
    steps = plan.schedule.steps or 1
    rows = [
        {"epoch": int(step) / steps, "rate": float(rate), "loss": float(loss)}
        for step, rate, loss in ROW.findall((trained / LOG).read_text(encoding="utf-8"))
    ]
    return Place(epoch=round(status["step"] / steps), rows=rows, seconds=60.0 * status.get("wall_min", 0.0))


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise ValueError(f"{path.parent} cannot be adopted: {path.name} is missing")
    values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return values
