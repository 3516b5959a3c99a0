"""A version of the product: its checkout, its commands and the settings that it knows."""

import json
import os
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.outside.report import Said

QUIET_S = 3.0  # a study is complete
PROCESS_S = 600.0  # an offline analysis; 20 s on an idle machine, minutes on a busy one


class Broken(Exception):
    """A command of the version ended in another way than with an answer."""


@dataclass
class Version:
    """One checkout with an environment of its own.

    Parameters
    ----------
    name : "old" or "new".
    checkout : folder with ``.venv/bin/axspa-node``.
    work : where its results, data and logs are kept.
    """

    name: str
    checkout: Path
    work: Path
    _said: dict[Path, Said] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        """The code beside the environment is the code that runs; nothing of ours is in its path."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith("AXSPA_")}
        return {**kept, "PYTHONPATH": str(self.checkout), "TCP_NODELAY": "1", "TF_CPP_MIN_LOG_LEVEL": "2"}

    def command(self, *arguments: str) -> list[str]:
        """A command line of the version."""
        return [str(self.checkout / ".venv" / "bin" / "axspa-node"), *arguments]

    def run(self, *arguments: str, timeout_s: float = PROCESS_S, stdin: str = "") -> "subprocess.CompletedProcess[str]":
        """Run a command to its end."""
        return subprocess.run(
            self.command(*arguments), env=self.environment(), cwd=self.work, input=stdin,
            capture_output=True, text=True, timeout=timeout_s, check=False,
        )  # fmt: skip

    def read(self, study: Path) -> Said:
        """What ``axspa-node process`` says of a study; each study is read once.

        Raises
        ------
        Broken : the command left no result.
        """
        if study not in self._said:
            out = self.work / "read" / study.name
            answer = self.run("process", str(study), "--out", str(out), "--config", str(self.settings_file(out.parent)))
            if not (out / "summary.json").is_file():
                raise Broken(f"process ended with {answer.returncode}: {answer.stderr.strip()[-300:]}")
            self._said[study] = Said.read(out)
        return self._said[study]

    def example(self) -> str:
        """Every option with its default, as the version documents it."""
        return (self.checkout / "config" / "example.toml").read_text()

    def option(self, section: str, pattern: str) -> str | None:
        """The name of an option of a section that fits the pattern, or None where the version has none."""
        part = re.search(rf"^\[{section}\](.*?)(?=^#? ?\[)", self.example(), re.MULTILINE | re.DOTALL)
        names = re.findall(r"^(\w+) *=", part[1] if part else "", re.MULTILINE)
        return next((name for name in names if re.search(pattern, name)), None)

    def patience(self, *, gap_s: float) -> dict[str, Any]:
        """Settings of completion: a short quiet period and, where the version has it, how long it waits for a gap."""
        wait = self.option("completion", "gap|missing|incomplete")
        return {"quiet_s": QUIET_S, **({wait: gap_s} if wait else {})}

    def settings_file(self, folder: Path, **sections: dict[str, Any]) -> Path:
        """Settings of a run: one table for each section; ``destinations`` is a list."""
        folder.mkdir(parents=True, exist_ok=True)
        lines = [f"data_dir = {json.dumps(str(folder / 'data'))}"]
        destinations = sections.pop("destinations", {})
        for section, values in sections.items():
            lines += [f"[{section}]", *(f"{key} = {json.dumps(value)}" for key, value in values.items())]
        for name, values in destinations.items():
            lines += ["[[destinations]]", f"name = {json.dumps(name)}"]
            lines += ["open = true"] if re.search(r"^# open =", self.example(), re.MULTILINE) else []
            lines += [f"{key} = {json.dumps(value)}" for key, value in values.items()]
        path = folder / "axspa.toml"
        path.write_text("\n".join(lines) + "\n")
        return path
