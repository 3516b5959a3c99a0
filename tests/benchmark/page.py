"""The figures as a page: ``docs/performance.md`` is written here and nowhere else."""

from collections.abc import Iterable, Mapping
from typing import Any

from tests.benchmark.peers import peer_table

STEPS = {
    "wait": "wait for the clock and the worker",
    "select": "select both series",
    "load": "load them",
    "region": "region",
    "joints": "joints",
    "edema": "edema and the ASAS rule",
    "classify": "classify",
    "explain": "Grad-CAM",
    "report": "build all objects and pictures",
    "check": "check before sending",
    "deliver": "deliver",
}
PROCESSES = {"worker": "worker (TensorFlow)"}


def write_page(figures: Mapping[str, Any]) -> str:
    """The page for figures as :mod:`tests.benchmark` measures them."""
    steps = [(STEPS.get(name, name), f"{seconds:.2f}") for name, seconds in figures["stages_s"].items()]
    memory = [(PROCESSES.get(name, name), str(mb)) for name, mb in sorted(figures["peak_memory_mb"].items())]
    objects = "\n".join(_objects(case) for case in figures["objects"])
    return f"""# Performance

```sh
make install-dev
.venv/bin/python -m tests.benchmark --out docs/performance.json --page docs/performance.md
```

writes this page. It runs `axspa-node serve` on loopback, sends it copies of the shipped phantom (a study of
{
        figures["images"]
    } images, of them 25 T1-weighted and 25 fluid-sensitive at 256 x 256) with DCMTK's storescu, and takes the
results with DCMTK's storescp. Figures of {figures["date"]} on {
        figures["machine"]
    }; [performance.json](performance.json)
holds them as measured.

## From the last image to the last result

Less the quiet period; warm studies, and the first one, during which the models load.

{
        _table(
            ("", ""),
            (
                ("warm, median", f"**{figures['warm_median_s']:.1f} s**"),
                ("warm, worst", f"{figures['warm_worst_s']:.1f} s"),
                ("first study after the start", f"{figures['first_study_s']:.1f} s"),
            ),
        )
    }

Where a warm study's time goes (medians); the rest is reading headers, encoding, and writing every object durably:

{_table(("step", "s"), steps)}

## Memory

Peak resident memory of each process over that run (`VmHWM`).

{_table(("process", "MiB"), memory)}

## Receiving

Images a second over one association, storescu's start included, in turns with storescp (which does not fsync) in the
same run: node {figures["receive_images_per_s"]}, storescp {figures["storescp_images_per_s"]}, ratio
**{figures["receive_ratio_to_storescp"]:.2f}**. The node answers an image only when its file is flushed and its row
committed.{_peers(figures)}

## Objects

The default set of one result, built from a made-up analysis of two series that needs every kind. *Build* is all objects
and the panel's pictures, *check* is the gate; medians of a warm process. Seconds by kind are the processor's.

{objects}
## Carrying a stack onto another grid

25 slices of 336 x 336 onto an oblique grid of the same size: {figures["resample_s"]} s of one processor.
"""


def _objects(case: Mapping[str, Any]) -> str:
    total = sum(one["bytes"] for one in case["objects"])
    rows = [_object(one["kind"], one) for one in case["objects"]]
    seconds = sum(one["cpu_s"] for one in case["objects"])
    count = sum(one["number"] for one in case["objects"])
    rows.append(tuple(f"**{cell}**" for cell in ("all", count, f"{total / 1e6:.2f}", f"{seconds:.2f}")))
    rows.append(_object("the panel's pictures, and what belongs to no one object", case["panel"]))
    title = f"### {case['slices']} slices of {case['pixels']} x {case['pixels']}"
    times = (
        f"Build {case['build_s']:.2f} s (of the processor {case['build_cpu_s']:.2f} s), "
        f"check {case['check_s']:.2f} s ({case['check_cpu_s']:.2f} s)."
    )
    return f"{title}\n\n{times}\n\n{_table(('kind', 'number', 'MB', 's'), rows)}\n"


def _object(words: str, one: Mapping[str, Any]) -> tuple[str, ...]:
    return words, str(one["number"]), f"{one['bytes'] / 1e6:.2f}", f"{one['cpu_s']:.3f}"


def _peers(figures: Mapping[str, Any]) -> str:
    """Receiving beside Orthanc and storescp; figures of before have none."""
    if "peers" not in figures:
        return ""
    return f"""

Beside Orthanc (as installed, with SQLite; it flushes files) and storescp, sent by dcmsend over several associations at
once with `TCP_NODELAY=1`: images a second, medians of {figures["peers"]["rounds"]} alternating runs, and the ratios run
by run. Sent were {figures["peers"]["share"]:.0%} of the images of each load.
`python -m tests.benchmark --receiving` makes this table alone.

{peer_table(figures["peers"])}"""


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
