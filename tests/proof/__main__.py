"""``python -m tests.proof run [PART ...] | status | release``."""

import argparse
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.proof import commit, page, runner
from tests.proof.outcome import begin_again, kept
from tests.proof.part import Part, Place
from tests.proof.parts import PARTS, ROOT

PAGE = "docs/proof.md"


def main(arguments: Sequence[str] | None = None, *, root: Path = ROOT, parts: Mapping[str, Part] = PARTS) -> int:
    """Run one command; 0 where all is green, 1 where something is not, 2 where it cannot be judged."""
    parser = argparse.ArgumentParser(prog="python -m tests.proof", description=(__doc__ or "").strip())
    commands = parser.add_subparsers(dest="command", required=True)
    running = commands.add_parser("run", help="run parts, or go on with them; all where none is named")
    running.add_argument("names", nargs="*", metavar="PART", help=", ".join(parts))
    running.add_argument("--again", action="store_true", help="run ended steps too, and say so on the page")
    commands.add_parser("status", help="which parts are green, red, missing or stale for this commit")
    commands.add_parser("release", help="the exit status is 0 where a release may be cut from this commit")
    options = parser.parse_args(arguments)
    if unknown := set(getattr(options, "names", ())) - set(parts):
        parser.error(f"there is no part {', '.join(sorted(unknown))}; there are: {', '.join(parts)}")
    desk = Desk(root, parts)
    if options.command == "run":
        return desk.run(options.names or list(parts), again=options.again)
    return desk.status() if options.command == "status" else desk.release()


class Desk:
    """A checkout, its proof page, and what is known of its commit.

    Parameters
    ----------
    root : Path
        The checkout.
    parts : mapping of str to Part
        All there are.
    """

    def __init__(self, root: Path, parts: Mapping[str, Part]) -> None:
        self._root = root
        self._parts = parts
        self._page = root / PAGE
        # What a proof writes is committed after it, so it does not count as a change of what was proved.
        self._written = (PAGE, *(path for part in parts.values() for path in part.writes))
        self._commit = commit.head(root)

    def run(self, names: Sequence[str], *, again: bool) -> int:
        """Run parts one after the other; each writes its section when it ends."""
        return max(self._run(self._parts[name], again=again) for name in names)

    def _run(self, part: Part, *, again: bool) -> int:
        if missing := part.lacks():
            print(f"proof {part.name}: not run, for these are missing: {', '.join(missing)}", file=sys.stderr)
            return 2
        if not self._unchanged():
            return 2
        place = self._place(part)
        if again:
            begin_again(place.state)
        section = runner.run(part, place)
        if not self._unchanged():
            return 2
        self._page.write_text(page.with_section(self._page.read_text(), section, order=self._parts))
        print(f"proof {part.name}: {section.verdict}; logs in {place.state}")
        return 0 if section.verdict == page.GREEN else 1

    def _unchanged(self) -> bool:
        """A proof is of a commit: nothing but what it writes itself may differ, before and after."""
        changed = commit.changed(self._root, apart_from=self._written)
        now = commit.head(self._root)
        if now != self._commit:
            print(f"The checkout went on to {now[:12]} meanwhile; begin again.", file=sys.stderr)
        elif changed:
            print(f"A proof is of a commit; commit these first: {', '.join(changed)}", file=sys.stderr)
        return now == self._commit and not changed

    def _place(self, part: Part) -> Place:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        return Place(self._root, self._commit, cache / "axspa-proof" / self._commit / part.name)

    def judge(self) -> dict[str, str]:
        """For each part whether it is green, red, missing or stale for this commit, with a word on why."""
        found = page.sections(self._page.read_text())
        return {name: self._judge(found.get(name)) for name in self._parts}

    def _judge(self, found: page.Found | None) -> str:
        if found is None:
            return "missing"
        place = f"{found.commit[:12]}, {found.date}"
        if not commit.same(self._root, found.commit, self._commit, apart_from=self._written):
            return f"stale: {found.verdict} at {place}"
        return f"{found.verdict} ({place})" if found.verdict in (page.GREEN, page.RED) else f"unreadable ({place})"

    def status(self) -> int:
        """Print a line for each part."""
        verdicts = self.judge()
        print(f"Commit {self._commit}")
        width = max(map(len, verdicts))
        for name, verdict in verdicts.items():
            print(f"  {name:<{width}} {verdict}{self._begun(self._parts[name])}")
        return 0 if all(map(_green, verdicts.values())) else 1

    def _begun(self, part: Part) -> str:
        place = self._place(part)
        if not place.state.is_dir():
            return ""
        steps = part.steps(place)
        ended = sum(kept(place.state, step.name) is not None for step in steps)
        return f"; {ended} of {len(steps)} steps ended" if 0 < ended < len(steps) else ""

    def release(self) -> int:
        """Say whether a release may be cut from this commit."""
        open_parts = {name: verdict for name, verdict in self.judge().items() if not _green(verdict)}
        changed = commit.changed(self._root, apart_from=())
        for name, verdict in open_parts.items():
            print(f"proof {name}: {verdict}", file=sys.stderr)
        if changed:
            print(f"not committed: {', '.join(changed)}", file=sys.stderr)
        if open_parts or changed:
            print(f"No release from {self._commit[:12]}.", file=sys.stderr)
            return 1
        print(f"A release may be cut from {self._commit[:12]}: every part of the proof is green.")
        return 0


def _green(verdict: str) -> bool:
    return verdict.startswith(page.GREEN)


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("\nInterrupted; the same command goes on from here.", file=sys.stderr)
        sys.exit(130)
