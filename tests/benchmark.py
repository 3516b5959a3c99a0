"""Speed and memory of a running node, measured from outside: ``python -m tests.benchmark [--out FILE]``.

Sends copies of a 25 + 25-slice study (the shipped phantom, or ``--study FOLDER``) to ``axspa-node serve``, one after
the other, with DCMTK's storescp as the destination. The time that counts runs from the last image received to the last
result delivered, less the quiet period; the first study is reported apart, since the models load meanwhile. Receiving
is compared with DCMTK's storescp, fed by the same storescu in turns.
"""

import argparse
import json
import platform
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pydicom
from scipy.spatial.transform import Rotation

from dicom_node.demo import unpack
from inference.space.grids import resample
from storage.tables import Result, StudyState
from tests import programs
from tests.factories.dicom import copied
from tests.factories.storage import results_of
from tests.factories.volumes import volume
from tests.factories.waiting import wait_until

QUIET_S = 2.0


def main() -> None:
    """Measure and print; optionally write JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--study", type=Path, help="folder of one DICOM study; default: the shipped phantom")
    parser.add_argument("--runs", type=int, default=5, help="warm studies (default 5)")
    parser.add_argument("--out", type=Path, help="write the figures here as JSON")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="axspa-benchmark-") as name:
        folder = Path(name)
        files = sorted(options.study.rglob("*.dcm")) if options.study else unpack(folder / "study")
        figures: dict[str, Any] = {
            "date": datetime.now(UTC).date().isoformat(),
            "machine": f"{psutil.cpu_count()} cores, {psutil.virtual_memory().total >> 30} GiB, {platform.machine()}",
            "images": len(files),
            "resample_s": resample_figure(),
            **node_figures(folder, files, options.runs),
            **receiving_figures(folder, files),
        }
    text = json.dumps(figures, indent=2)
    print(text)
    if options.out:
        options.out.write_text(text + "\n")


def resample_figure() -> float:
    """Processor seconds for 25 slices of 336 x 336 pixels onto an oblique grid of the same size."""
    place = Rotation.from_euler("xyz", [4, 2, 1], degrees=True)
    source = volume((25, 336, 336), spacing_mm=(0.6, 0.6))
    onto = volume(
        source.shape, spacing_mm=(0.6, 0.6), row=place.apply(source.row_direction),
        column=place.apply(source.column_direction),
    )  # fmt: skip
    array = np.random.default_rng(1).random(source.shape).astype(np.float32)
    start = time.process_time()
    resample(array, source, onto)
    return round(time.process_time() - start, 2)


def node_figures(folder: Path, files: list[Path], runs: int) -> dict[str, Any]:
    """Latency by stage and memory by process."""
    port = programs.free_port()
    results = folder / "received"
    with (
        programs.storescp(programs.program, results, port, "--fork", "-pdu", "131072"),
        programs.node(folder / "node", destinations=[("pacs", "STORESCP", port)], quiet_s=QUIET_S) as node,
    ):
        watched = Memory(node.process.pid)
        studies = []
        for number in range(runs + 1):
            sent = copied(files, folder / f"copy{number}", number)
            programs.storescu(programs.program, sent, node.dicom_port)
            uid = pydicom.dcmread(sent[0], stop_before_pixels=True).StudyInstanceUID
            studies.append(_finished(node.database, uid, watched))
    first, warm = studies[0], studies[1:]
    stages = {key: round(statistics.median(s["stages_s"][key] for s in warm), 2) for key in warm[0]["stages_s"]}
    return {
        "first_study_s": round(first["latency_s"], 2),
        "warm_median_s": round(statistics.median(s["latency_s"] for s in warm), 2),
        "warm_worst_s": round(max(s["latency_s"] for s in warm), 2),
        "stages_s": stages,
        "peak_memory_mb": watched.peaks_mb,
    }


class Memory:
    """Peak resident memory of every process of the node."""

    def __init__(self, pid: int) -> None:
        """Watch the process and its children."""
        self._root = psutil.Process(pid)
        self.peaks_mb: dict[str, int] = {}

    def look(self) -> None:
        """Read the kernel's own peak (VmHWM) of each process."""
        for process in [self._root, *self._root.children(recursive=True)]:
            try:
                status = Path(f"/proc/{process.pid}/status").read_text()
                name = self._name(process)
            except (psutil.NoSuchProcess, OSError):
                continue
            peak = int(status.split("VmHWM:")[1].split()[0]) // 1024 if "VmHWM:" in status else 0
            self.peaks_mb[name] = max(peak, self.peaks_mb.get(name, 0))

    def _name(self, process: psutil.Process) -> str:
        if process.pid == self._root.pid:
            return "coordinator"
        listening = {c.laddr.port for c in process.net_connections("tcp") if c.status == psutil.CONN_LISTEN}
        if listening:
            # The receiver was started first, so of the two that listen it has the lower process number.
            others = [p.pid for p in self._root.children() if p.pid != process.pid and p.net_connections("tcp")]
            return "receiver" if not others or process.pid < min(others) else "panel"
        return "worker" if "spawn_main" in " ".join(process.cmdline()) else "other"


def _finished(database: Any, study_uid: str, watched: Memory) -> dict[str, Any]:
    from sqlalchemy import select

    from storage.tables import Study

    def figures() -> dict[str, Any] | None:
        watched.look()
        with database.read() as session:
            study = session.scalars(select(Study).where(Study.study_instance_uid == study_uid)).first()
            if study is None or study.state.on_its_way:
                return None
            if study.state is not StudyState.DONE:
                raise SystemExit(f"the study ended as {study.state}: {study.reason}")
            result: Result = results_of(session, study)[-1]
            delivered = max(d.delivered_at for o in result.objects for d in o.deliveries if d.delivered_at)
            waited = (result.started_at - study.last_received_at).total_seconds() - QUIET_S
            sent = (delivered - result.finished_at).total_seconds()
            return {
                "latency_s": (delivered - study.last_received_at).total_seconds() - QUIET_S,
                "stages_s": {"wait": waited, **result.timings_s, "deliver": sent},
            }

    found: dict[str, Any] = wait_until(figures, 300, "the study to end", 0.1)
    return found


def receiving_figures(folder: Path, files: list[Path], rounds: int = 5) -> dict[str, Any]:
    """Images a second of the node's receiver, as a ratio to storescp's, in turns."""
    rates: dict[str, list[float]] = {"node": [], "storescp": []}
    port = programs.free_port()
    sink = folder / "sink"
    with (
        programs.storescp(programs.program, sink, port, "--fork", "-pdu", "131072"),
        programs.node(folder / "receiving", quiet_s=3600) as node,
    ):
        for number in range(rounds):
            for name, target in (("node", node.dicom_port), ("storescp", port)):
                sent = copied(files, folder / f"receive-{name}-{number}", f"{name} {number}")
                start = time.perf_counter()
                programs.storescu(programs.program, sent, target)
                rates[name].append(len(sent) / (time.perf_counter() - start))
    ratio = statistics.median(a / b for a, b in zip(rates["node"], rates["storescp"], strict=True))
    return {
        "receive_images_per_s": round(statistics.median(rates["node"])),
        "storescp_images_per_s": round(statistics.median(rates["storescp"])),
        "receive_ratio_to_storescp": round(ratio, 2),
    }


if __name__ == "__main__":
    main()
