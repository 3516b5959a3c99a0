"""The reviewed version in a folder of its own, installed: ``python -m tests.outside.reviewed FOLDER``."""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COMMIT = "bbd096f"  # what the review read
MARK = ".axspa-reviewed"  # written last, and only a folder that holds it is used again


def lacks() -> list[str]:
    """What is missing of it: a shallow clone does not reach so far back."""
    known = subprocess.run(
        ["git", "cat-file", "-e", f"{COMMIT}^{{commit}}"], cwd=ROOT, capture_output=True, check=False
    )
    return [] if known.returncode == 0 else [f"the commit {COMMIT} (git fetch --unshallow)"]


def main(folder: Path) -> int:
    """Clone and install, unless that was done before."""
    if not (folder / MARK).is_file():
        if folder.exists():
            raise SystemExit(f"{folder} is in the way")
        folder.parent.mkdir(parents=True, exist_ok=True)
        try:
            subprocess.run(["git", "clone", "--quiet", "--no-checkout", str(ROOT), str(folder)], check=True)
            subprocess.run(["git", "checkout", "--quiet", "--detach", COMMIT], cwd=folder, check=True)
            subprocess.run(["scripts/install"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        (folder / MARK).touch()
    print(f"{COMMIT} is installed")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
