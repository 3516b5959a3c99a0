"""``axspa-train evaluate``: judge what was trained."""

from training.commands import edema, region, runs, stage
from training.commands.parser import Steps

PARTS = (runs, region, stage, edema)


def add_parser(steps: Steps) -> None:
    """Add the step; what follows it are runs where it is no name of a network."""
    parser = steps.add_parser("evaluate", help="judge a network on what it has not seen")
    networks = parser.add_subparsers(dest="network", required=True)
    for part in PARTS:
        part.add_evaluate(networks)
    parser.otherwise, parser.names = "runs", frozenset(networks.choices)
