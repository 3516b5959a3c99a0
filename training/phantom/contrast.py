"""What each tissue of the phantom gives on T1-weighted and on fat-suppressed fluid-sensitive images."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from inference.sij_mri import Role


class Tissue(IntEnum):
    """Tissues in the order in which they are painted: a later one covers an earlier one."""

    FAT = 0
    BOWEL = 1
    VEIN = 2
    MUSCLE = 3
    LIGAMENT = 4
    CANAL_FAT = 5
    NERVE = 6
    FLUID = 7
    BLADDER = 8
    VESSEL = 9
    DISC = 10
    NUCLEUS = 11
    CORTEX = 12
    MARROW = 13
    CARTILAGE = 14
    BLOB = 15
    SKIN = 16
    AIR = 17


# Signal of each tissue relative to fat on T1-weighted images, and to free water on fat-suppressed ones.
_T1 = {
    Tissue.FAT: 1.0,
    Tissue.BOWEL: 0.42,
    Tissue.VEIN: 0.30,
    Tissue.MUSCLE: 0.28,
    Tissue.LIGAMENT: 0.42,
    Tissue.CANAL_FAT: 0.90,
    Tissue.NERVE: 0.27,
    Tissue.FLUID: 0.18,
    Tissue.BLADDER: 0.22,
    Tissue.VESSEL: 0.10,
    Tissue.DISC: 0.28,
    Tissue.NUCLEUS: 0.36,
    Tissue.CORTEX: 0.06,
    Tissue.MARROW: 0.60,
    Tissue.CARTILAGE: 0.17,
    Tissue.BLOB: 0.30,
    Tissue.SKIN: 0.45,
    Tissue.AIR: 0.0,
}
_FLUID = {
    Tissue.FAT: 0.13,
    Tissue.BOWEL: 0.24,
    Tissue.VEIN: 0.42,
    Tissue.MUSCLE: 0.12,
    Tissue.LIGAMENT: 0.12,
    Tissue.CANAL_FAT: 0.14,
    Tissue.NERVE: 0.27,
    Tissue.FLUID: 0.90,
    Tissue.BLADDER: 0.60,
    Tissue.VESSEL: 0.09,
    Tissue.DISC: 0.05,
    Tissue.NUCLEUS: 0.30,
    Tissue.CORTEX: 0.03,
    Tissue.MARROW: 0.145,
    Tissue.CARTILAGE: 0.08,
    Tissue.BLOB: 0.85,
    Tissue.SKIN: 0.16,
    Tissue.AIR: 0.0,
}


@dataclass(frozen=True, slots=True)
class Contrast:
    """Signals of one patient and sequence.

    Attributes
    ----------
    role : Role
        Which of the two contrasts the sequence's lesions and textures resemble.
    signal : dict
        Mean of each tissue in the units of the image.
    marrow_sd, muscle_sd : float
        Standard deviation of the texture, relative to the mean.
    full_scale : float
        Signal of fat (T1W) or of free water (fluid-sensitive).
    """

    role: Role
    signal: dict[Tissue, float]
    marrow_sd: float
    muscle_sd: float
    full_scale: float


def draw_contrast(rng: np.random.Generator, role: Role) -> Contrast:
    """Draw the signals of one patient for a T1-weighted or a fluid-sensitive sequence."""
    table = _T1 if role is Role.T1W else _FLUID
    full_scale = float(rng.normal(1700.0, 90.0) if role is Role.T1W else rng.normal(2700.0, 200.0))
    signal = {tissue: value * float(rng.lognormal(0.0, 0.06)) for tissue, value in table.items()}
    if role is Role.T1W:
        signal[Tissue.MARROW] = float(np.clip(rng.normal(0.58, 0.06), 0.44, 0.72))
        signal[Tissue.FAT] = 1.0
    else:
        signal[Tissue.MARROW] = float(np.clip(rng.normal(0.145, 0.025), 0.09, 0.22))
    return Contrast(
        role,
        {tissue: value * full_scale for tissue, value in signal.items()},
        marrow_sd=float(rng.uniform(0.05, 0.11) if role is Role.T1W else rng.uniform(0.05, 0.10)),
        muscle_sd=0.08,
        full_scale=full_scale,
    )


def plain_t2(full_scale: float = 2000.0) -> Contrast:
    """A T2-weighted sequence without fat suppression: fat and water are both bright."""
    signal = {tissue: 0.85 * value for tissue, value in _FLUID.items()}
    signal |= {Tissue.FAT: 0.75, Tissue.CANAL_FAT: 0.75, Tissue.MARROW: 0.42, Tissue.MUSCLE: 0.16}
    return Contrast(Role.FLUID, {t: v * full_scale for t, v in signal.items()}, 0.06, 0.08, full_scale)


def scout(full_scale: float = 900.0) -> Contrast:
    """A spoiled gradient echo with little contrast, as localizers have."""
    signal = {tissue: 0.35 + 0.4 * value for tissue, value in _T1.items()}
    signal |= {Tissue.AIR: 0.0, Tissue.CORTEX: 0.08, Tissue.MARROW: 0.30, Tissue.VESSEL: 0.9}
    return Contrast(Role.T1W, {t: v * full_scale for t, v in signal.items()}, 0.06, 0.08, full_scale)
