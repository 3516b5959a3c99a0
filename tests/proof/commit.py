"""The commit that is proved, as git knows it."""

import subprocess
from collections.abc import Iterable
from pathlib import Path


def head(root: Path) -> str:
    """The full name of the commit that is checked out."""
    return _git(root, "rev-parse", "HEAD").stdout.strip()


def changed(root: Path, *, apart_from: Iterable[str]) -> list[str]:
    """Paths that are not as the commit has them, files that git does not know included."""
    answer = _git(root, "status", "--porcelain", "-z", "--", ".", *_without(apart_from))
    return [entry[3:] for entry in answer.stdout.split("\0") if entry]


def same(root: Path, one: str, other: str, *, apart_from: Iterable[str]) -> bool:
    """True where both commits are known here and hold the same files."""
    return _git(root, "diff", "--quiet", one, other, "--", ".", *_without(apart_from), check=False).returncode == 0


def _without(paths: Iterable[str]) -> list[str]:
    return [f":(exclude){path}" for path in paths]


def _git(root: Path, *arguments: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["git", "-C", str(root), *arguments], check=check, capture_output=True, text=True)
