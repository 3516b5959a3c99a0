"""What the first trainings leave in their folders besides checkpoints."""

import argparse
import json
from collections.abc import Mapping
from pathlib import Path

from training.loop.threads import set_threads

OPTIONS_FILE = "options.json"


def begin(folder: Path, options: argparse.Namespace) -> None:
    """Open the folder of a training, and set the number of cores.

    Raises
    ------
    ValueError
        It holds a training, and going on was not asked for.
    """
    from_before = (folder / "state.json").is_file()
    if from_before and not options.resume:
        raise ValueError(f"{folder} holds a training already; give --resume to go on with it, or another --out")
    folder.mkdir(parents=True, exist_ok=True)
    set_threads(options.threads)
    write_json(folder / OPTIONS_FILE, {key: str(value) for key, value in vars(options).items() if key != "run"})


def options_of(folder: Path) -> dict[str, str]:
    """What a training was asked, as text."""
    values: dict[str, str] = json.loads((folder / OPTIONS_FILE).read_text(encoding="utf-8"))
    return values


def write_json(path: Path, values: Mapping[str, object]) -> None:
    """Write values for people to read."""
    path.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")
