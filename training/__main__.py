"""``axspa-train``: from labeled images to the bundle that ships. Every step can be repeated."""

import sys
from collections.abc import Sequence

from config.errors import AxspaError
from training.commands import PARTS, StepParser


def build_parser() -> StepParser:
    """Make the parser of the command line."""
    parser = StepParser(prog="axspa-train", description=__doc__)
    steps = parser.add_subparsers(dest="step", required=True, metavar="STEP", parser_class=StepParser)
    for part in PARTS:
        part.add_parser(steps)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one step; 0 when it is done, 2 when it cannot be."""
    options = build_parser().parse_args(arguments)
    try:
        options.run(options)
    except (AxspaError, OSError, ValueError) as error:
        print(f"axspa-train: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
