"""``axspa-train train``: by a plan, or one of the networks that have a step of their own."""

from training.commands import edema, plans, region, stage
from training.commands.parser import Steps

PARTS = (plans, region, stage, edema)


def add_parser(steps: Steps) -> None:
    """Add the step; what follows it is a plan where it is no name of a network."""
    parser = steps.add_parser("train", help="train a network")
    networks = parser.add_subparsers(dest="network", required=True)
    for part in PARTS:
        part.add_train(networks)
    parser.otherwise, parser.names = "plan", frozenset(networks.choices)
