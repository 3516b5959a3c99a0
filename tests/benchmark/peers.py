"""How fast images are received, beside Orthanc and DCMTK's storescp, in alternating runs on one machine.

All three are sent the same kind of images by DCMTK's dcmsend, over 1, 4 and 8 associations at once, with
``TCP_NODELAY=1``. storescp flushes nothing; Orthanc, as shipped, flushes each file; the node flushes each file and
commits its row before it answers.
"""

import os
import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dicom_node.receive.part10 import file_start
from tests import programs
from tests.factories.dicom import MR, encode, image, set_bytes
from tests.factories.sender import receiver_process

ASSOCIATIONS = (1, 4, 8)
EXPLICIT = "1.2.840.10008.1.2.1"


@dataclass(frozen=True, slots=True)
class Load:
    """What is sent in one run."""

    name: str
    images: int
    image_bytes: int
    associations: Sequence[int] = ASSOCIATIONS


LOADS = (
    Load("1,000 images of 217 kB", 1000, 217_000),
    Load("200 images of 525 kB", 200, 525_000),
    Load("one object of 42 MB", 1, 42_000_000, associations=(1,)),
)


def peer_figures(folder: Path, *, rounds: int = 5, share: float = 1.0) -> dict[str, Any]:
    """Medians of images a second, and ratios of node to peer run by run.

    Parameters
    ----------
    folder : Path
        Empty, on the disk that is to be measured.
    rounds : int
        Runs of each load.
    share : float
        Of the images of each load; below 1 for a short look.
    """
    os.environ["TCP_NODELAY"] = "1"
    rates: dict[tuple[str, int, str], list[float]] = {}
    with ExitStack() as stack:
        targets = _targets(folder, stack)
        number = 0
        for _ in range(rounds):
            for load in LOADS:
                for associations in load.associations:
                    for name, (port, title) in targets.items():
                        number += 1
                        files = _files(folder / "sent", load, number, share)
                        rate = _rate(files, port, title, associations)
                        rates.setdefault((load.name, associations, name), []).append(rate)
    rows = [_row(load, associations, rates) for load in LOADS for associations in load.associations]
    return {"rounds": rounds, "share": share, "rows": rows}


def peer_table(figures: Mapping[str, Any]) -> str:
    """The figures as a table of a page."""
    lines = [
        "| load | associations | node | Orthanc | storescp | node to Orthanc | node to storescp |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in figures["rows"]:
        values = [row["load"], row["associations"], *(f"{row[name]:g}" for name in ("node", "orthanc", "storescp"))]
        lines.append(_line([*values, f"**{row['to_orthanc']:.2f}**", f"{row['to_storescp']:.2f}"]))
    return "\n".join(lines)


def _line(cells: Sequence[object]) -> str:
    return "| " + " | ".join(map(str, cells)) + " |"


def _targets(folder: Path, stack: ExitStack) -> dict[str, tuple[int, str]]:
    port = programs.free_port()
    node = stack.enter_context(receiver_process(folder / "node", min_free_mb=0))
    orthanc = stack.enter_context(programs.orthanc(folder / "orthanc", programs.program))
    stack.enter_context(programs.storescp(programs.program, folder / "sink", port, "--fork", "-pdu", "131072"))
    return {
        "node": (node.port, "AXSPA"),
        "orthanc": (orthanc.dicom_port, "ORTHANC"),
        "storescp": (port, "STORESCP"),
    }


def _files(folder: Path, load: Load, number: int, share: float) -> list[Path]:
    """Images that nobody has seen, in files; those of the run before are written over."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for instance in range(max(1, round(load.images * share))):
        made = image(instance, study=f"1.2.826.0.{number}")
        set_bytes(made, os.urandom(load.image_bytes))
        path = folder / f"{instance}.dcm"
        path.write_bytes(file_start(MR, str(made.SOPInstanceUID), EXPLICIT) + encode(made))
        files.append(path)
    return files


def _rate(files: Sequence[Path], port: int, title: str, associations: int) -> float:
    """Files a second, dcmsend's start included.

    Raises
    ------
    SystemExit
        One was not taken.
    """
    command = [programs.program("dcmsend"), "-aec", title, "127.0.0.1", str(port)]
    start = time.perf_counter()
    senders = [
        subprocess.Popen([*command, *map(str, files[first::associations])], stdout=subprocess.DEVNULL)
        for first in range(associations)
    ]
    if any([sender.wait() for sender in senders]):
        raise SystemExit(f"dcmsend could not send everything to {title}")
    return len(files) / (time.perf_counter() - start)


def _row(load: Load, associations: int, rates: Mapping[tuple[str, int, str], Sequence[float]]) -> dict[str, Any]:
    runs = {name: rates[load.name, associations, name] for name in ("node", "orthanc", "storescp")}
    median = statistics.median
    return {
        "load": load.name,
        "associations": associations,
        **{name: round(median(values), 0 if load.images > 1 else 1) for name, values in runs.items()},
        "to_orthanc": round(median(a / b for a, b in zip(runs["node"], runs["orthanc"], strict=True)), 2),
        "to_storescp": round(median(a / b for a, b in zip(runs["node"], runs["storescp"], strict=True)), 2),
    }
