"""The published recipes, and what was asked of them since, each as one table of settings.

Published: Adam; U-Net: binary cross-entropy, batches of 16, 50 epochs, patience 10, plateau 5. Simple CNN: rate 0.001,
sparse categorical cross-entropy on both heads, weighed 1.0 and 0.5, batches of 32, 100 epochs, patience 20 on the
accuracy of AS, plateau 7. Hybrids: batches of 16, 50 epochs, patience 15, plateau 5, backbone frozen.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from inference.types import Key

Target = Literal["region", "box", "class"]


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one row of the table is made.

    Attributes
    ----------
    name : str
        Of the row.
    role : Key
        Of the model in a bundle.
    architecture : str
        In the registry.
    config : mapping
        What it is built with, at full width.
    target : {"region", "box", "class"}
        What it learns: the region that somebody drew, the published box, AS and stage.
    batch, epochs, patience, plateau : int
        The latter two in epochs without a better validation: the end, and half the rate.
    focal : float
        Exponent of the focal loss of the stage; 0: cross-entropy.
    balanced : bool
        Stages weigh by the inverse of their share.
    dice : bool
        Soft Dice joins the cross-entropy of the region.
    improved : bool
        Not as published.
    """

    name: str
    role: Key
    architecture: str
    target: Target
    batch: int
    epochs: int
    patience: int
    plateau: int
    config: Mapping[str, Any] = field(default_factory=dict)
    focal: float = 0.0
    balanced: bool = False
    dice: bool = False
    improved: bool = False

    @property
    def monitor(self) -> str:
        """What patience looks at."""
        return "val_as_accuracy" if self.target == "class" and not self.improved else "val_loss"

    @property
    def judged(self) -> str:
        """Which network is judged: the last one, as published, or the best by its validation."""
        return "best" if self.improved else "last"


SCRATCH: Mapping[str, Any] = {"unfreeze": "all", "scale": 255.0}
"""A backbone without weights of ImageNet learns too, and gets what it expects, which is 0 to 255."""

RECIPES: tuple[Recipe, ...] = (
    Recipe("Simple CNN", "simple-cnn", "simple_cnn", "class", 32, 100, 20, 7),
    Recipe("U-Net, region", "unet", "published_unet", "region", 16, 50, 10, 5),
    Recipe("U-Net, drawn box", "unet", "published_unet", "box", 16, 50, 10, 5),
    Recipe(
        "U-Net, region, Dice and cross-entropy", "unet", "published_unet", "region", 8, 50, 10, 5,
        dice=True, improved=True,
    ),
    Recipe("Hybrid v1", "hybrid-v1", "hybrid_v1", "class", 16, 50, 15, 5),
    Recipe("Hybrid v2", "hybrid-v2", "hybrid_v2", "class", 16, 50, 15, 5),
    Recipe(
        "Simple CNN, focal, balanced", "simple-cnn", "simple_cnn", "class", 32, 100, 20, 7,
        focal=2.0, balanced=True, improved=True,
    ),
    Recipe("Hybrid v2, all layers learn", "hybrid-v2", "hybrid_v2", "class", 16, 50, 15, 5, SCRATCH, improved=True),
    Recipe(
        "Hybrid v1, all layers learn, tokens of the map", "hybrid-v1", "hybrid_v1", "class", 16, 50, 15, 5,
        {**SCRATCH, "tokens": "map"}, improved=True,
    ),
)  # fmt: skip
"""Rows of the table, in the order in which they are made."""

_FULL: Mapping[str, Mapping[str, Any]] = {
    "published_unet": {"widths": (64, 128, 256), "bottleneck": 512},
    "simple_cnn": {"widths": (32, 64, 128), "hidden": 128},
    "hybrid_v1": {"width": 1.0, "key_dim": 256, "mlp": 256, "hidden": 256},
    "hybrid_v2": {"width": 1.0, "hidden": (512, 256)},
}


def sized(recipe: Recipe, *, width: float, size_px: int) -> dict[str, Any]:
    """What a row's network is built with at a share of the published width.

    Raises
    ------
    ValueError
        The width is not above 0 and at most 1.
    """
    if not 0 < width <= 1:
        raise ValueError(f"the width is a share of the published one, above 0 and at most 1; received {width}")
    scaled = {key: _scaled(value, width) for key, value in _FULL[recipe.architecture].items()}
    return {"size_px": size_px, **scaled, **recipe.config}


def _scaled(value: Any, width: float) -> Any:
    if isinstance(value, tuple):
        return tuple(_scaled(one, width) for one in value)
    return value * width if isinstance(value, float) else max(1, round(value * width))
