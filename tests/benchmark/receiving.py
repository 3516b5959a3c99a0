"""How fast images are received, beside DCMTK's storescp, fed by the same storescu in turns."""

import statistics
import time
from pathlib import Path
from typing import Any

from tests import programs
from tests.factories.dicom import copied


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
