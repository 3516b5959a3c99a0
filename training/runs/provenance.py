"""How a run came about: commit, versions, machine."""

import os
import platform
import subprocess  # nosec: git alone, with fixed arguments
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("keras", "tensorflow-cpu", "tensorflow", "jax", "torch", "numpy", "scipy", "opencv-python-headless")


def made_by(threads: int) -> dict[str, Any]:
    """Commit, versions and machine, as JSON values."""
    import keras

    return {
        "commit": _commit(),
        "backend": keras.backend.backend(),
        "versions": {"python": platform.python_version()} | _versions(),
        "machine": {
            "processor": _processor(),
            "cores": os.cpu_count(),
            "system": f"{platform.system()} {platform.machine()}",
        },
        "threads": threads,
    }


def _commit() -> str:
    """Of the checkout that runs, marked where files differ from it; the version where there is no checkout."""
    try:
        commit = _git("rev-parse", "HEAD")
        return f"{commit} and changes" if _git("status", "--porcelain", "--untracked-files=no") else commit
    except (OSError, subprocess.CalledProcessError):
        return f"axspa-node {metadata.version('axspa-node')}"


def _git(*words: str) -> str:
    done = subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, check=True, text=True)  # noqa: S603, S607
    return done.stdout.strip()


def _versions() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
