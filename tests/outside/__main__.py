"""Run the tests from outside against two checkouts: ``python -m tests.outside --old CHECKOUT --new CHECKOUT [IDS]``."""

import argparse
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

from tests.outside import life, processes, selection, statements  # noqa: F401 (each puts its tests on the list)
from tests.outside.inputs import Inputs, Missing
from tests.outside.kept import Kept, commit_of, keep, path_of, recall
from tests.outside.verdict import CASES, Case, Outcome, Seen, not_run
from tests.outside.version import Version

ROOT = Path(__file__).resolve().parents[2]
HEAD = """# The review, from outside

Each id of the review that can be seen from outside, as the version that was reviewed and this one behave in the same
test: commands, DICOM, HTTP and files, nothing imported. What the words of the outcomes mean stands in
[how to run the proof](../how-to/run-the-proof.md#from-outside).

"""


def main(arguments: list[str] | None = None) -> int:
    """Write the table; 0 where every fault is seen in the old version and none in the new one."""
    options = _options(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # nodes and folders are cleared away
    chosen = [CASES[name] for name in options.ids] if options.ids else sorted(CASES.values(), key=_order)
    with tempfile.TemporaryDirectory(prefix="axspa-outside-") as folder:
        checkouts = {name: getattr(options, name) for name in ("old", "new") if getattr(options, name)}
        versions = [_version(name, checkout, Path(folder)) for name, checkout in checkouts.items()]
        sample = versions[-1].checkout / "dicom_node" / "demo" / "study.zip"
        inputs = Inputs(Path(folder) / "studies", sample=sample, shared=options.shared)
        kept = [(case, [told(case, version, inputs, folder=options.kept) for version in versions]) for case in chosen]
    rows = [(case, [one.seen for one in told_of]) for case, told_of in kept]
    table = _table(rows, [version.name for version in versions])
    commits = _commits([told_of for _, told_of in kept], [version.name for version in versions])
    if options.out:
        options.out.write_text(f"{HEAD}{commits}\n\n{table}")
    print(table)
    right = sum(as_wanted(seen) for _, seen in rows)
    print(f"{right} of {len(rows)} ids as wanted: red before by the fault, green now")
    return 0 if right == len(rows) else 1


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.outside", description=__doc__)
    parser.add_argument("ids", nargs="*", metavar="IDS", help=f"of {', '.join(sorted(CASES, key=_key))}; none: all")
    parser.add_argument("--old", type=Path, help="checkout of the reviewed version, with an environment of its own")
    parser.add_argument("--new", type=Path, help="checkout of the version that is judged")
    parser.add_argument("--shared", type=Path, default=Path(os.environ.get("AXSPA_SHARED", ROOT.parent / "shared")))
    parser.add_argument("--out", type=Path, help="also write the table to this file")
    parser.add_argument("--kept", type=Path, help="folder of results by id: what is there does not run again")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.ids if name not in CASES]
    if unknown:
        parser.error(f"no test of {', '.join(unknown)}")
    if not options.old and not options.new:
        parser.error("name --old, --new or both")
    return options


def _version(name: str, checkout: Path, folder: Path) -> Version:
    version = Version(name, checkout.resolve(), folder / name)
    version.work.mkdir()
    if not Path(version.command()[0]).is_file():
        raise SystemExit(f"no axspa-node in {checkout} (run `make install` there)")
    return version


def told(case: Case, version: Version, inputs: Inputs, *, folder: Path | None = None) -> Kept:
    """What a test gives with a version, from the folder where it is kept there."""
    path = path_of(folder, case.name, version.name) if folder else None
    if path and (found := recall(path)):
        return found
    commit = commit_of(version.checkout)
    made = Kept(run(case, version, inputs), commit)
    if path:
        keep(path, made)
    return made


def run(case: Case, version: Version, inputs: Inputs) -> Seen:
    """One test against one version; whatever goes wrong in it is a crash, never a fault."""
    began = time.monotonic()
    try:
        seen = case.check(version, inputs)
    except Missing as missing:
        seen = not_run(str(missing))
    except Exception as error:
        seen = Seen(Outcome.CRASH, f"{type(error).__name__}: {error}"[:300])
    took = f"[{time.monotonic() - began:.0f} s]"
    print(f"{case.name} {version.name}: {seen.outcome}: {seen.words} {took}", file=sys.stderr)
    return seen


def as_wanted(seen: list[Seen]) -> bool:
    """True where the fault is in the old version and what is wanted in the new one, or both are left to inner tests."""
    if all(one.outcome is Outcome.INNER for one in seen):
        return True
    return [one.outcome for one in seen] == [Outcome.FAULT, Outcome.NO_FAULT]


def _key(name: str) -> tuple[str, int]:
    return name[0], int(name[1:])


def _order(case: Case) -> tuple[str, int]:
    return _key(case.name)


def _commits(kept: list[list[Kept]], names: list[str]) -> str:
    parts = []
    for column, name in enumerate(names):
        parts.append(f"{name}: {', '.join(sorted({told_of[column].commit for told_of in kept}))}")
    return "; ".join(parts) + "."


def _table(rows: list[tuple[Case, list[Seen]]], names: list[str]) -> str:
    lines = [f"| id | what | {' | '.join(names)} |", "|---|---|" + "---|" * len(names)]
    for case, seen in rows:
        cells = [f"**{one.outcome}**: {_cell(one.words)}" for one in seen]
        lines.append(f"| {case.name} | {_cell(case.what)} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _cell(words: str) -> str:
    return " ".join(words.split()).replace("|", "/").replace("<", "&lt;")


if __name__ == "__main__":
    sys.exit(main())
