"""What ``axspa-train`` can be asked, a module for each part; each adds its steps by a function ``add_parser``.

No module loads Keras before its step runs, so that the number of cores can still be set.
"""

from training.commands import cohorts, data, evaluate, export, external, published, runs, train
from training.commands.parser import StepParser, Steps
from training.commands.region import fold_numbers, run_name

PARTS = (cohorts, data, train, runs, evaluate, external, published, export)

__all__ = ["PARTS", "StepParser", "Steps", "fold_numbers", "run_name"]
