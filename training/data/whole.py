"""Folders and files that are written whole or not at all."""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_folder(out: Path, *, replaces: Sequence[str]) -> Iterator[Path]:
    """A temporary folder beside ``out`` that takes its place at the end, and leaves nothing where something failed.

    Parameters
    ----------
    out : Path
        What the folder is called in the end.
    replaces : sequence of str
        An ``out`` that is there already is replaced where it is empty or holds a file of one of these names.

    Raises
    ------
    ValueError
        ``out`` holds something else, which nobody asked to lose.
    """
    if out.exists() and not _replaceable(out, replaces):
        raise ValueError(
            f"{out} is not empty and holds none of {', '.join(replaces)}: nothing was written; name another folder"
        )
    out.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        made = work / "made"
        made.mkdir()
        yield made
        if out.exists():
            out.rename(work / "before")
        made.rename(out)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def write_whole(path: Path, text: str) -> Path:
    """Write a text file through a temporary one beside it; a reader sees the old or the new one, never a half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}-", delete=False
    ) as file:
        file.write(text)
    temporary = Path(file.name)
    temporary.chmod(0o644)
    return temporary.replace(path)


def _replaceable(out: Path, replaces: Sequence[str]) -> bool:
    return out.is_dir() and (not any(out.iterdir()) or any((out / name).exists() for name in replaces))
