"""``axspa-train evaluate``: judge what was trained."""

from training.commands import edema, region, stage
from training.commands.parser import Steps

PARTS = (region, stage, edema)


def add_parser(steps: Steps) -> None:
    """Add the step."""
    parser = steps.add_parser("evaluate", help="judge a network on what it has not seen")
    networks = parser.add_subparsers(dest="network", required=True)
    for part in PARTS:
        part.add_evaluate(networks)
