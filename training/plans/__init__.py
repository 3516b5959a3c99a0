"""Plans: what is to be learned, from what and how, in a TOML file whose every key is checked."""

from training.plans.plan import (
    AugmentationPlan,
    CallbacksPlan,
    Grid,
    Head,
    InputPlan,
    LossPlan,
    Plan,
    SchedulePlan,
    TaskPlan,
)
from training.plans.read import plan_path, read_plan, shipped_plans

__all__ = [
    "AugmentationPlan",
    "CallbacksPlan",
    "Grid",
    "Head",
    "InputPlan",
    "LossPlan",
    "Plan",
    "SchedulePlan",
    "TaskPlan",
    "plan_path",
    "read_plan",
    "shipped_plans",
]
