"""From a plan and a cohort to a finished run."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import keras

from training.data import Cohort, open_cohort
from training.loop.checkpoint import Place, write_whole
from training.loop.learn import compiled, learn, wanted_outputs
from training.loop.samples import Samples
from training.models.registry import build
from training.plans import Plan
from training.runs.folder import (
    FINISHED,
    NETWORK_FILE,
    TRAINING,
    Run,
    begin,
    held,
    opened,
    plan_and_text,
    plan_values,
    write_run,
)
from training.runs.log import draw_curves, write_events, write_log
from training.runs.predictions import HELD_BACK, LEARNED, VALIDATION, Reader, predict, save_predictions
from training.runs.provenance import made_by
from training.runs.sources import Parts, deal, read_sources


def train(
    plan_file: Path,
    cohort_folder: Path,
    out: Path,
    *,
    fold: int | None = 0,
    resume: bool = False,
    threads: int = 1,
    readers: Mapping[str, Reader] | None = None,
) -> Run:
    """Train by a plan, or go on where a run stopped.

    Parameters
    ----------
    plan_file : Path
    cohort_folder : Path
    out : Path
        Folder of the run.
    fold : int or None
        Of the plan's split, held back; None: learn from all.
    resume : bool
    threads : int
        For the record; they are set before.
    readers : mapping of str to callable, optional
        Functions of applications that find masks, bool (slices, rows, columns), by the name that plans call them.

    Raises
    ------
    ValueError
        The plan is wrong, the cohort does not fit it, or the folder holds another run.
    """
    plan, text = plan_and_text(plan_file)
    cohort = open_cohort(cohort_folder)
    parts = deal(cohort, plan, fold)
    reader = reader_of(plan, readers or {})
    new = new_run(out.name, plan, cohort, parts, fold, threads)
    with held(out):
        run = opened(out, new, resume=resume)
        if run.state == FINISHED:
            return run
        keras.utils.set_random_seed(plan.seed)
        keras.mixed_precision.set_dtype_policy(plan.schedule.precision)
        try:
            samples = Samples(read_sources(cohort, plan, parts.learn), plan, seed=plan.seed)
            model = network_of(plan, size_px=None if plan.schedule.grids else plan.input.size_px)
            model = compiled(model, plan, samples)
            begin(out, run, text)
            place = learn(model, plan, samples, validation=_validation(cohort, plan, parts), folder=out, told=_say)
        finally:
            keras.mixed_precision.set_dtype_policy("float32")
        network = served(model, plan)
        return finish(run, out, network, plan, cohort, parts, samples=samples, place=place, reader=reader)


def network_of(plan: Plan, *, size_px: int | None) -> keras.Model:
    """The untrained network of a plan, with the outputs that the plan asks for.

    Parameters
    ----------
    plan : Plan
    size_px : int or None
        None: of any size, for the way from coarse grids to fine ones.

    Raises
    ------
    ValueError
        It has no such output.
    """
    config = {"size_px": size_px, "channels": plan.input.channels, **plan.architecture.config}
    model = build(plan.architecture.name, **config)
    outputs = model.output
    if plan.task.kind == "segment" and not isinstance(outputs, dict):
        outputs = {"mask": keras.layers.Identity(name="mask", dtype="float32")(outputs)}
    wanted = wanted_outputs(plan)
    missing = [name for name in wanted if name not in outputs]
    if missing:
        raise ValueError(f"{model.name} has the outputs {', '.join(outputs)}; the plan asks for {', '.join(missing)}")
    return keras.Model(model.inputs, {name: outputs[name] for name in wanted}, name=model.name)


def served(model: keras.Model, plan: Plan) -> keras.Model:
    """What is kept of a trained network: one size, float32, without what only training needs.

    Parameters
    ----------
    model : keras.Model
        With the weights to keep.
    plan : Plan

    Returns
    -------
    keras.Model
        From pictures to the probability of the mask, or to a dict of probabilities of classes.
    """
    whole = network_of(plan, size_px=plan.input.size_px)
    whole.set_weights(model.get_weights())
    if plan.task.kind == "classify":
        outputs: Any = {head.output: whole.output[head.output] for head in plan.task.heads}
    else:
        outputs = whole.output["mask"]
    return keras.Model(whole.inputs, outputs, name=plan.architecture.name)


def finish(
    run: Run,
    out: Path,
    network: keras.Model,
    plan: Plan,
    cohort: Cohort,
    parts: Parts,
    *,
    samples: Samples,
    place: Place,
    reader: Reader | None,
) -> Run:
    """Write network, log and predictions; with the last file the run is finished.

    Parameters
    ----------
    run : Run
    out : Path
    network : keras.Model
        As it is served.
    plan : Plan
    cohort : Cohort
    parts : Parts
    samples : Samples
        What was learned from.
    place : Place
    reader : callable, optional
        Who finds masks, bool (slices, rows, columns).
    """
    write_whole(out / NETWORK_FILE, network.save)
    write_log(out, place.rows)
    draw_curves(out, place.rows)
    write_events(out, place.rows)
    wanted = {VALIDATION: parts.validation, HELD_BACK: parts.held_back}
    if plan.split.choose_on_held_back:
        wanted[VALIDATION] = ()
    if plan.task.kind == "classify":
        wanted[LEARNED] = parts.learn
    save_predictions(out, predict(network, plan, cohort, wanted, learned=samples, reader=reader))
    ended = datetime.now(UTC).isoformat(timespec="seconds")
    return write_run(out, run, state=FINISHED, ended=ended, epochs=place.epoch, seconds=round(place.seconds, 1))


def _validation(cohort: Cohort, plan: Plan, parts: Parts) -> Samples | None:
    if not parts.validation:
        return None
    return Samples(read_sources(cohort, plan, parts.validation), plan, seed=plan.seed)


def new_run(name: str, plan: Plan, cohort: Cohort, parts: Parts, fold: int | None, threads: int) -> Run:
    """A run that begins now."""
    about = {name: str(getattr(cohort, name)) for name in ("name", "kind", "digest", "source", "terms")}
    return Run(
        name=name,
        state=TRAINING,
        plan=plan_values(plan),
        fold=fold,
        cohort=about,
        made_by=made_by(threads),
        began=datetime.now(UTC).isoformat(timespec="seconds"),
        **asdict(parts),
    )


def reader_of(plan: Plan, readers: Mapping[str, Reader]) -> Reader | None:
    """Who finds the masks of a plan, bool (slices, rows, columns); None: the frame.

    Raises
    ------
    ValueError
        Nobody is called so.
    """
    if not plan.task.reader:
        return None
    if plan.task.reader not in readers:
        raise ValueError(f"task.reader must be one of {', '.join(readers) or '(none)'}, received {plan.task.reader!r}")
    return readers[plan.task.reader]


def _say(row: dict[str, float]) -> None:
    print("  ".join(f"{key} {value:.4g}" for key, value in row.items()), flush=True)
