"""A tiny cohort of pictures: bright discs are of one class, dark ones of the other; the mask is the disc."""

from pathlib import Path

import numpy as np

from training.data import Fold, Picture, write_pictures, write_splits

PATIENTS = ("a", "b", "c", "d", "e", "f")
HELD_BACK = 4
"""Pictures of the last two patients."""


def disc_picture(number: int, patient: str) -> Picture:
    """A disc whose place and size follow its number."""
    rng = np.random.default_rng(number)
    rows, columns = np.mgrid[:256, :256]
    middle, radius = rng.uniform(100, 156, 2), rng.uniform(40, 70)
    disc = (rows - middle[0]) ** 2 + (columns - middle[1]) ** 2 < radius**2
    status = number % 2
    pixels = np.where(disc, 200 if status else 110, 40) + rng.normal(0, 8, disc.shape)
    return Picture(
        np.clip(pixels, 0, 255).astype(np.uint8),
        mask=disc,
        patient=patient,
        center="north" if patient < "d" else "south",
        as_status=status,
        stage=2 * status,
    )


def disc_cohort(folder: Path) -> Path:
    """Twelve pictures of six patients, two of whom are held back."""
    pictures = [disc_picture(number, PATIENTS[number // 2]) for number in range(12)]
    write_pictures(folder, pictures, name="discs", source="drawn for a test", terms="any use")
    names = [f"img_{number:04d}" for number in range(12)]
    fold = Fold(tuple(names[:-HELD_BACK]), tuple(names[-HELD_BACK:]))
    other = Fold(tuple(names[HELD_BACK:]), tuple(names[:HELD_BACK]))
    write_splits(folder, [fold, other])
    return folder


PLAN = """
name = "discs"
[cohort]
kind = "pictures"
[split]
validation = 0.25
[input]
size_px = 32
[augmentation]
shift = 2.0
flip_probability = 0.5
[schedule]
epochs = 4
batch_size = 4
rate = 1e-2
"""
SEGMENT = (
    PLAN
    + """
average = 0.5
[task]
kind = "segment"
[architecture]
name = "unet"
[architecture.config]
widths = [4, 8]
heads = 1
[callbacks]
keep = "val_dice"
"""
)
CLASSIFY = (
    PLAN
    + """
[[task.heads]]
output = "as"
label = "AS_status"
values = [0, 1]
names = ["negative", "positive"]
[[task.heads]]
output = "stage"
label = "stage"
values = [0, 1, 2, 3]
weight = 0.5
[task]
kind = "classify"
[architecture]
name = "stage_cnn"
[architecture.config]
widths = [4, 4, 4]
[callbacks]
early_stopping = { monitor = "val_as_accuracy", patience = 3 }
reduce_on_plateau = { monitor = "val_loss", patience = 1 }
"""
)
