"""Runs the steps of a part that have not ended yet, and makes its section of what all of them gave."""

import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

from tests.proof import machine
from tests.proof.outcome import Outcome, attempts, keep, kept
from tests.proof.page import GREEN, RED, Line, Section
from tests.proof.part import Part, Place, Step, last_line

HANGS_AFTER_S = 3600.0


def run(part: Part, place: Place) -> Section:
    """Run a part, or what is left of it.

    A step that has ended is not run again, be it green or red: whoever wants that begins the part again. After a red
    step the rest is left out.
    """
    outcomes: list[Outcome] = []
    for step in part.steps(place):
        outcome = kept(place.state, step.name)
        if outcome is None:
            print(f"proof {part.name}: {step.name}", flush=True)
            outcome = _execute(step, place)
            keep(place.state, outcome)
        outcomes.append(outcome)
        if not outcome.green:
            break
    return _section(part, place, outcomes)


def _execute(step: Step, place: Place) -> Outcome:
    place.state.mkdir(parents=True, exist_ok=True)
    log = place.state / f"{step.name}.log"
    start = time.monotonic()
    status = _follow(step.command, place.root, log)
    text = log.read_text(errors="replace")
    return Outcome(
        step=step.name,
        green=status == 0,
        seconds=round(time.monotonic() - start, 1),
        date=datetime.now(UTC).date().isoformat(),
        machine=machine.describe(),
        said=step.said(text) if status == 0 else f"exit status {status}: {last_line(text)[:200]}",
    )


def _follow(command: tuple[str, ...], root: Path, log: Path) -> int:
    """Run a command in a process group of its own; what it says goes to the log and to whoever watches."""
    environment = {**os.environ, "CI": "1", "TF_CPP_MIN_LOG_LEVEL": "2", "PYTHONPATH": str(root)}
    process = subprocess.Popen(
        command, cwd=root, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, errors="replace", start_new_session=True,
    )  # fmt: skip
    watch = threading.Timer(HANGS_AFTER_S, _end_group, (process, signal.SIGKILL))
    watch.start()
    try:
        assert process.stdout is not None
        with log.open("w") as written:
            for line in process.stdout:
                for stream in (written, sys.stdout):
                    stream.write(line)
                    stream.flush()
        return process.wait()
    except KeyboardInterrupt:
        _end_group(process, signal.SIGINT)  # of which pytest makes an orderly end, the nodes it started included
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            _end_group(process, signal.SIGKILL)
        raise
    finally:
        watch.cancel()


def _end_group(process: "subprocess.Popen[str]", number: signal.Signals) -> None:
    if process.poll() is None:
        os.killpg(process.pid, number)


def _section(part: Part, place: Place, outcomes: list[Outcome]) -> Section:
    count = attempts(place.state)
    again = f"; attempt {count} at this commit" if count > 1 else ""
    return Section(
        name=part.name,
        title=part.title,
        verdict=GREEN if all(one.green for one in outcomes) else RED,
        commit=place.commit,
        date=max(one.date for one in outcomes),
        machine="; ".join(dict.fromkeys(one.machine for one in outcomes)),
        took=duration(sum(one.seconds for one in outcomes)) + again,
        lines=tuple(Line(one.step, GREEN if one.green else RED, duration(one.seconds), one.said) for one in outcomes),
    )


def duration(seconds: float) -> str:
    """Such as ``"4 min 10 s"``."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
