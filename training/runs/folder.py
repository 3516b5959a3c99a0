"""The folder of a run: how it is begun, gone on with, finished and read.

``plan.toml`` is the plan as it was given, ``run.json`` what the run is (:class:`Run`), ``log.csv`` a row for each
epoch, ``curves.png`` and ``tensorboard/`` the same drawn, ``checkpoint.npz`` where it stands, ``network.keras`` what
came of it and ``predictions.npz`` with ``predictions.json`` what that says of the items that were held back.
"""

import contextlib
import fcntl
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from training.plans import Plan, read_plan

RUN_FILE = "run.json"
PLAN_FILE = "plan.toml"
NETWORK_FILE = "network.keras"
LOCK_FILE = ".lock"
TRAINING, FINISHED = "training", "finished"


@dataclass(frozen=True, slots=True)
class Run:
    """What a run is.

    Attributes
    ----------
    name : str
    state : {"training", "finished"}
    plan : dict
        The plan with everything that it left out.
    fold : int or None
        Of the split; None: nothing was held back.
    cohort : dict
        Name, kind, digest, source, terms.
    learn, validation, held_back : tuple of str
        Items.
    left_out : int
        Items of the fold that lack a mask or label.
    made_by : dict
        Commit, versions, machine, threads.
    began, ended : str
        ISO 8601.
    epochs : int
        That were done.
    seconds : float
    adopted : str
        What it was made of, where another program trained the network.
    """

    name: str
    state: str
    plan: dict[str, Any]
    fold: int | None
    cohort: dict[str, str]
    learn: tuple[str, ...]
    validation: tuple[str, ...]
    held_back: tuple[str, ...]
    left_out: int = 0
    made_by: dict[str, Any] = field(default_factory=dict)
    began: str = ""
    ended: str = ""
    epochs: int = 0
    seconds: float = 0.0
    adopted: str = ""

    @property
    def options(self) -> dict[str, Any]:
        """What must not change when it is gone on with."""
        values = json.loads(json.dumps(asdict(self)))
        names = ("plan", "fold", "cohort", "learn", "validation", "held_back")
        return {name: values[name] for name in names}


def opened(folder: Path, run: Run, *, resume: bool) -> Run:
    """The run that a folder holds, or the new one where it holds none; nothing is written yet.

    Parameters
    ----------
    folder : Path
    run : Run
        The new one.
    resume : bool
        Go on with what is there.

    Raises
    ------
    ValueError
        There is a run already and going on was not asked for, or it was begun with other options.
    """
    if not (folder / RUN_FILE).is_file():
        if any(path for path in folder.iterdir() if not path.name.startswith(".")):
            raise ValueError(f"--out must be a new folder or that of a run, received {folder} with other things in it")
        return run
    if not resume:
        raise ValueError(f"{folder} holds a run already; give --resume to go on with it, or another --out")
    there = read_run(folder)
    changed = [name for name, value in run.options.items() if there.options[name] != value]
    if changed:
        raise ValueError(
            f"{folder} was begun with another {' and another '.join(changed)} "
            f"({_difference(there.options[changed[0]], run.options[changed[0]])}): give what it was begun with, or "
            "another --out"
        )
    return there


def begin(folder: Path, run: Run, plan_text: str) -> None:
    """Write the first files of a run where they are not there yet; take away what a killed writing left."""
    for left in folder.glob(".next-*"):
        left.unlink()
    if not (folder / RUN_FILE).is_file():
        (folder / PLAN_FILE).write_text(plan_text, encoding="utf-8")
        write_run(folder, run)


def read_run(folder: Path) -> Run:
    """Read ``run.json``.

    Raises
    ------
    ValueError
        The folder holds no run.
    """
    path = folder / RUN_FILE
    if not path.is_file():
        raise ValueError(f"{folder} holds no run: {RUN_FILE} is missing")
    values = json.loads(path.read_text(encoding="utf-8"))
    lists = {name: tuple(values[name]) for name in ("learn", "validation", "held_back")}
    return Run(**{**values, **lists})


def finished_run(folder: Path) -> Run:
    """The same of a run that came to its end.

    Raises
    ------
    ValueError
        The folder holds no run, or one that is not finished.
    """
    run = read_run(folder)
    if run.state != FINISHED:
        raise ValueError(f"the run {folder} is not finished: go on with it by axspa-train train ... --resume")
    return run


def finished_runs(folders: Sequence[Path]) -> list[Run]:
    """Every one of these; one that is not finished stops all."""
    return [finished_run(folder) for folder in folders]


def plan_of(run: Run) -> Plan:
    """The plan of a run, checked again."""
    return Plan.model_validate_json(json.dumps(run.plan))


def write_run(folder: Path, run: Run, **changes: Any) -> Run:
    """Write ``run.json``, changed, and return what was written."""
    run = replace(run, **changes)
    write_json(folder / RUN_FILE, asdict(run))
    return run


def write_json(path: Path, values: Mapping[str, Any] | Sequence[Any]) -> None:
    """Write JSON in one go: a file that is there is whole."""
    write_text(path, json.dumps(values, indent=1) + "\n")


def write_text(path: Path, text: str) -> None:
    """Write text in one go: a file that is there is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".next-{path.name}")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)


@contextlib.contextmanager
def held(folder: Path) -> Iterator[None]:
    """Keep other processes out of a run; a folder to which nothing was written is taken away again.

    Raises
    ------
    ValueError
        One is in it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK_FILE).open("a", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ValueError(f"{folder} is being trained by another process") from None
        try:
            yield
        finally:
            if [path.name for path in folder.iterdir()] == [LOCK_FILE]:
                shutil.rmtree(folder)


def plan_values(plan: Plan) -> dict[str, Any]:
    """A plan with everything that it left out, as JSON values."""
    values: dict[str, Any] = json.loads(plan.model_dump_json())
    return values


def plan_and_text(path: Path) -> tuple[Plan, str]:
    """A plan and the text it was read from."""
    text = path.read_text(encoding="utf-8")
    return read_plan(text, where=path.name), text


def _difference(there: Any, now: Any, place: str = "") -> str:
    """The first thing that differs, in words."""
    if isinstance(there, dict) and isinstance(now, dict):
        for key in [*there, *(key for key in now if key not in there)]:
            if there.get(key) != now.get(key):
                return _difference(there.get(key), now.get(key), f"{place}.{key}".lstrip("."))
    short = [text if len(text) < 40 else f"{text[:36]} ..." for text in (str(there), str(now))]
    return f"{place + ': ' if place else ''}{short[0]} then, {short[1]} now"
