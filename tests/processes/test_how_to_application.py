"""The page on writing an application, followed word by word by somebody who has nothing but it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pydicom
import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "how-to" / "write-an-application.md").read_text(encoding="utf-8")
BLOCK = re.compile(r'^```\w+ title="(?P<name>[^"]+)"\n(?P<text>.*?)^```$', re.MULTILINE | re.DOTALL)
INCLUDE = re.compile(r'^--8<-- "(?P<path>[^"]+)"$', re.MULTILINE)


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Of commands for which the package is installed from a folder of its own."""
    folder = tmp_path_factory.mktemp("stranger")
    for block in BLOCK.finditer(PAGE):
        path = folder / "your-package" / block["name"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            INCLUDE.sub(lambda include: (ROOT / include["path"]).read_text("utf-8"), block["text"]), "utf-8"
        )
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    target = ["--target", str(folder / "site"), "./your-package"]
    subprocess.run([*install, *target], cwd=folder, check=True, capture_output=True)
    path = os.pathsep.join([str(folder / "site"), str(ROOT)])
    return {**os.environ, "PYTHONPATH": path, "HERE": str(folder)}


def test_its_test_passes(environment: dict[str, str]) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "your-package"]
    done = subprocess.run(
        command, cwd=environment["HERE"], env=environment, check=False, capture_output=True, text=True
    )
    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_its_command_writes_objects_and_a_summary(environment: dict[str, str], tmp_path: Path) -> None:
    study = [sys.executable, f"{environment['HERE']}/your-package/make_study.py"]
    subprocess.run(study, cwd=tmp_path, env=environment, check=True)
    command = [str(Path(sys.executable).with_name("axspa-node")), "process", "study", "--out", "results"]
    done = subprocess.run(
        [*command, "--application", "threshold"],
        cwd=tmp_path, env=environment, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "results" / "summary.json").is_file()
    written = [pydicom.dcmread(path, stop_before_pixels=True) for path in (tmp_path / "results").glob("*.dcm")]
    assert "SEG" in {one.Modality for one in written}
