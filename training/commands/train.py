"""``axspa-train train``: each network by a step of its own."""

from training.commands import edema, region, stage
from training.commands.parser import Steps

PARTS = (region, stage, edema)


def add_parser(steps: Steps) -> None:
    """Add the step."""
    networks = steps.add_parser("train", help="train a network").add_subparsers(dest="network", required=True)
    for part in PARTS:
        part.add_train(networks)
