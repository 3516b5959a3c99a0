"""Command of the golden record; see the package."""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from dicom_node.demo import unpack
from tests.golden.compare import ANY_MACHINE, ONE_MACHINE, compare
from tests.golden.kept import hold
from tests.golden.record import KEPT, write_record

SUBJECT = "1013"


def proof(shared: Path, kept: Path, *, anew: bool = False) -> int:
    """Hold the synthetic study against its record, and a real one against the record of it that this machine keeps.

    The record of a real study is kept outside the repository, the first one of each version is made here. The last line
    says the figures; the exit status is 1 where anything differs.
    """
    with tempfile.TemporaryDirectory(prefix="axspa-golden-") as name:
        work = Path(name)
        (work / "phantom").mkdir()
        write_record(unpack(work / "study")[0].parent, work / "record", work=work / "phantom")
        differences = [f"phantom: {line}" for line in compare(KEPT, work / "record", ANY_MACHINE)]
        tool = [sys.executable, str(shared / "tools" / "sij_to_dicom.py"), SUBJECT, str(work / "real")]
        subprocess.run(tool, check=True, capture_output=True)
        (work / "real-work").mkdir()
        fresh = work / SUBJECT
        write_record(work / "real" / SUBJECT, fresh, work=work / "real-work")
        held = hold(kept, fresh, anew=anew)
    differences += [f"{SUBJECT}: {line}" for line in held.differences]
    print("\n".join(differences))
    print(f"{len(differences)} differences; {SUBJECT} {held.words}")
    return 1 if differences else 0


def main() -> int:
    """Run one command; the exit status is 1 where records differ."""
    parser = argparse.ArgumentParser(prog="python -m tests.golden")
    commands = parser.add_subparsers(dest="command", required=True)
    write = commands.add_parser("write", help="make a record")
    write.add_argument("folder", type=Path)
    write.add_argument("--study", type=Path, help="folder of DICOM files; the shipped synthetic study without")
    hold = commands.add_parser("compare", help="hold one record against another")
    hold.add_argument("before", type=Path)
    hold.add_argument("after", type=Path)
    hold.add_argument("--loose", action="store_true", help="as records of two machines")
    proving = commands.add_parser("proof", help="the synthetic study and a real one, as a part of the proof")
    proving.add_argument("--anew", action="store_true", help="keep a new record of the real one, the older beside it")
    options = parser.parse_args()
    if options.command == "proof":
        shared = Path(os.environ.get("AXSPA_SHARED", Path(__file__).resolve().parents[3] / "shared"))
        cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
        return proof(shared, cache / "axspa-golden" / SUBJECT, anew=options.anew)
    if options.command == "write":
        with tempfile.TemporaryDirectory(prefix="axspa-golden-") as name:
            study = options.study or unpack(Path(name) / "study")[0].parent
            write_record(study, options.folder, work=Path(name))
        return 0
    differences = compare(options.before, options.after, ANY_MACHINE if options.loose else ONE_MACHINE)
    print("\n".join(differences) or "No difference.")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
