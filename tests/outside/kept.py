"""What ids gave, kept in a folder, so that a table may come from several runs of the command."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.outside.verdict import Outcome, Seen


@dataclass(frozen=True, slots=True)
class Kept:
    """What one id gave with one version, and of which commit that is told."""

    seen: Seen
    commit: str


def commit_of(checkout: Path) -> str:
    """The commit of a checkout in seven digits, with ``+`` where tracked files differ from it; else "unknown"."""
    asked = ["git", "describe", "--always", "--abbrev=7", "--dirty=+", "--match="]
    answer = subprocess.run(asked, cwd=checkout, capture_output=True, text=True, check=False)
    return answer.stdout.strip() or "unknown"


def path_of(folder: Path, case: str, version: str) -> Path:
    """Where an id's result with a version is kept; it is run again once this file is removed."""
    return folder / f"{case}-{version}.json"


def keep(path: Path, kept: Kept) -> None:
    """Write what an id gave."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"outcome": kept.seen.outcome, "words": kept.seen.words, "commit": kept.commit}))


def recall(path: Path) -> Kept | None:
    """What an id gave, or None where it did not run yet."""
    if not path.is_file():
        return None
    values = json.loads(path.read_text())
    return Kept(Seen(Outcome(values["outcome"]), values["words"]), values["commit"])
