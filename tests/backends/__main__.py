"""Command of the backends; see the package."""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import numpy as np

from inference.serving import Classifier, Segmenter, load_bundle
from inference.sij_mri import SacroiliacMri, carry_joints, find_joints, joint_slices, region_cutter
from inference.sij_mri.edema import candidate_voxels, find_normal_marrow, voxel_features
from inference.sij_mri.midline import find_midline
from inference.sij_mri.stage import StageReader
from tests.factories.phantoms import left_lesion

REPOSITORY = Path(__file__).resolve().parents[2]
DEFAULT = Path(tempfile.gettempdir()) / "axspa-backends"
BACKENDS = ("jax", "torch")
SAME_AS_HERE = ("keras", "numpy", "scipy", "opencv-python-headless", "pydicom", "highdicom")
WITHIN = 1e-3
SLICES = 6


def main() -> int:
    """Ask every backend; the exit status is 1 where one says something else than TensorFlow."""
    parser = argparse.ArgumentParser(prog="python -m tests.backends")
    parser.add_argument(
        "--environment", type=Path, default=DEFAULT, help="a virtual environment; made if it is not there"
    )
    parser.add_argument("--torch", default="torch==2.13.0", help="what pip installs for PyTorch")
    options = parser.parse_args()
    make_environment(options.environment, torch=options.torch)
    with tempfile.TemporaryDirectory(prefix="axspa-backends-") as name:
        folder = Path(name)
        np.savez(folder / "asked.npz", allow_pickle=False, **asked())
        expected = said_by("tensorflow", Path(sys.executable), folder)
        lines = [
            line
            for backend in BACKENDS
            for line in compare(expected, said_by(backend, options.environment / "bin" / "python", folder))
        ]
    different = sum(line.startswith("DIFFERENT") for line in lines)
    print("\n".join(lines))
    print(f"{len(lines)} answers on {' and '.join(BACKENDS)} beside TensorFlow, {different} more than {WITHIN} apart")
    return 1 if different else 0


def make_environment(folder: Path, *, torch: str) -> None:
    """Make a virtual environment with JAX and PyTorch, and the same Keras as here, unless it is there."""
    stamp = folder / "complete"
    if stamp.is_file():
        return
    print(f"Making {folder}: this installs JAX and PyTorch.", flush=True)
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    same = [f"{name}=={version(name)}" for name in SAME_AS_HERE]
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, torch, "jax", "jaxlib", *same], check=True)
    stamp.touch()


def asked() -> dict[str, np.ndarray]:
    """What the models are asked of a phantom, cut here once, by role."""
    phantom = left_lesion()
    bundle = load_bundle("sij-1", SacroiliacMri())
    region, stage = bundle.models["region"], bundle.models["stage"]
    if not (isinstance(region, Segmenter) and isinstance(stage, Classifier)):
        raise TypeError(f"the shipped bundle has other kinds of models, received {type(region)}, {type(stage)}")
    pictures, _ = region_cutter(region.spec).cut(phantom.t1)
    joints = find_joints(phantom.t1, phantom.region)
    strips = StageReader(stage).prepare(phantom.t1, phantom.fluid, joints, joint_slices(joints, phantom.t1))
    return {"region": pictures[:SLICES], "stage": strips.images, "edema": _voxels()}


def _voxels() -> np.ndarray:
    phantom = left_lesion()
    joints = carry_joints(find_joints(phantom.t1, phantom.region), phantom.t1, phantom.fluid)
    middle_px = find_midline(phantom.fluid.voxels, phantom.fluid.pixel_spacing_mm)
    normal = find_normal_marrow(phantom.fluid, phantom.fluid_region, joints, middle_px=middle_px)
    if normal is None:
        raise ValueError("the phantom has no normal marrow")
    at = candidate_voxels(normal.deviations, phantom.fluid_region, phantom.fluid)
    return voxel_features(normal.deviations, phantom.fluid_region, joints, phantom.fluid, at=at)


def said_by(backend: str, python: Path, folder: Path) -> dict[str, np.ndarray]:
    """What one backend says, in a process of its own."""
    environment = os.environ | {"KERAS_BACKEND": backend, "PYTHONPATH": str(REPOSITORY)}
    out = folder / f"{backend}.npz"
    command = [str(python), "-m", "tests.backends.answers", str(folder / "asked.npz"), str(out)]
    subprocess.run(command, check=True, cwd=REPOSITORY, env=environment)
    with np.load(out) as content:
        return dict(content)


def compare(expected: dict[str, np.ndarray], said: dict[str, np.ndarray]) -> Iterator[str]:
    """One line for each answer: how far a backend is from TensorFlow, which counts as a share of the largest value."""
    backend = f"{said['backend']} on {said['device']}"
    for name, here in expected.items():
        if name in ("backend", "device"):
            continue
        there = said[name]
        apart = float(np.abs(here - there).max()) if here.shape == there.shape else float("inf")
        largest = float(np.abs(here).max())
        word = "agrees" if apart <= WITHIN * largest else "DIFFERENT"
        yield f"{word}: {backend}: {name}: {apart:.1e} apart at most, of values up to {largest:.3g}"


if __name__ == "__main__":
    sys.exit(main())
