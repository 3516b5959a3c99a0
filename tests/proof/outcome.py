"""What a step gave, kept outside the checkout so that an interrupted part goes on where it was."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

ATTEMPTS = "attempts"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One step that has ended."""

    step: str
    green: bool
    seconds: float
    date: str  # ISO 8601, UTC
    machine: str
    said: str


def kept(state: Path, step: str) -> Outcome | None:
    """What a step gave; None where it has not ended."""
    path = state / f"{step}.json"
    return Outcome(**json.loads(path.read_text())) if path.is_file() else None


def keep(state: Path, outcome: Outcome) -> None:
    """Keep it, whole or not at all."""
    path = state / f"{outcome.step}.json"
    path.with_suffix(".part").write_text(json.dumps(asdict(outcome), indent=2))
    path.with_suffix(".part").replace(path)


def begin_again(state: Path) -> None:
    """Let all steps run again; :func:`attempts` counts how often that was done."""
    count = attempts(state) + 1
    for path in state.glob("*.json"):
        path.unlink()
    state.mkdir(parents=True, exist_ok=True)
    (state / ATTEMPTS).write_text(str(count))


def attempts(state: Path) -> int:
    """How often the part was begun."""
    path = state / ATTEMPTS
    return int(path.read_text()) if path.is_file() else 1
