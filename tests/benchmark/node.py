"""Latency by stage and memory by process of a running node, from outside.

Copies of a study are sent to ``axspa-node serve``, one after the other, with DCMTK's storescp as the destination. The
time that counts runs from the last image received to the last result delivered, less the quiet period; the first study
is reported apart, since the models load meanwhile.
"""

import statistics
from pathlib import Path
from typing import Any

import psutil
import pydicom
from sqlalchemy import select

from storage.tables import Result, Study, StudyState
from tests import programs
from tests.factories.dicom import copied
from tests.factories.storage import results_of
from tests.factories.waiting import wait_until

QUIET_S = 2.0


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
