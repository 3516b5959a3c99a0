"""The machine that a proof ran on, in words."""

import os
import platform
from pathlib import Path

import psutil


def describe() -> str:
    """Processor, cores that may be used, memory."""
    cores = len(os.sched_getaffinity(0))
    return f"{_processor()}, {cores} cores, {psutil.virtual_memory().total / 2**30:.0f} GiB"


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return " ".join(value.split())
    return platform.machine()
