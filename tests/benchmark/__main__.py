"""``python -m tests.benchmark [--out FILE] [--page FILE]``: see docs/performance.md."""

import argparse
import json
import platform
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from dicom_node.demo import unpack
from tests.benchmark.node import node_figures
from tests.benchmark.objects import object_figures
from tests.benchmark.page import write_page
from tests.benchmark.peers import peer_figures, peer_table
from tests.benchmark.receiving import receiving_figures
from tests.benchmark.resampling import resample_figure


def main() -> None:
    """Measure and print; optionally write the figures and their page."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmark")
    parser.add_argument("--study", type=Path, help="folder of one DICOM study; default: the shipped phantom")
    parser.add_argument("--runs", type=int, default=5, help="warm studies (default 5)")
    parser.add_argument("--out", type=Path, help="write the figures here as JSON")
    parser.add_argument("--page", type=Path, help="write their page here")
    parser.add_argument("--objects", action="store_true", help="measure the objects alone, and print that")
    parser.add_argument("--receiving", action="store_true", help="measure receiving beside its peers, and print that")
    parser.add_argument("--rounds", type=int, default=5, help="of --receiving: alternating runs (default 5)")
    parser.add_argument("--share", type=float, default=1.0, help="of --receiving: share of the images (default 1)")
    options = parser.parse_args()
    if options.receiving:
        with tempfile.TemporaryDirectory(prefix="axspa-benchmark-") as name:
            print(peer_table(peer_figures(Path(name), rounds=options.rounds, share=options.share)))
        return
    if options.objects:
        print(json.dumps(object_figures(), indent=2))
        return
    with tempfile.TemporaryDirectory(prefix="axspa-benchmark-") as name:
        folder = Path(name)
        files = sorted(options.study.rglob("*.dcm")) if options.study else unpack(folder / "study")
        figures: dict[str, Any] = {
            "date": datetime.now(UTC).date().isoformat(),
            "machine": f"{psutil.cpu_count()} cores, {psutil.virtual_memory().total >> 30} GiB, {platform.machine()}",
            "images": len(files),
            "resample_s": resample_figure(),
            "objects": object_figures(),
            **node_figures(folder, files, options.runs),
            **receiving_figures(folder, files),
            "peers": peer_figures(folder / "peers", rounds=options.rounds, share=options.share),
        }
    text = json.dumps(figures, indent=2)
    print(text)
    if options.out:
        options.out.write_text(text + "\n")
    if options.page:
        options.page.write_text(write_page(figures))


if __name__ == "__main__":
    main()
