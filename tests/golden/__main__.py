"""Command of the golden record; see the package."""

import argparse
import sys
import tempfile
from pathlib import Path

from dicom_node.demo import unpack
from tests.golden.compare import ANY_MACHINE, ONE_MACHINE, compare
from tests.golden.record import write_record


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
    options = parser.parse_args()
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
