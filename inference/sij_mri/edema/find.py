"""Bone marrow edema on the fluid-sensitive series.

The published method calls marrow edematous that is brighter than normal sacral marrow by some standard deviations.
Here a small classifier draws that line: it weighs a voxel's brightness in those standard deviations against what lies
about it, how deep in the bone it lies and how far from the joint. It is the bundle's model in the role ``edema``;
`axspa-train evaluate edema` shows how well one does on patients it was not taught by.

A bundle may hold a network beside it, in the role ``edema_network``. It needs the T1-weighted series too, which tells
coil shading from edema; where both answer, the mean of their probabilities counts, and the cut-off is that of the scan:
the one at which the expected Dice is largest.

References
----------
C. Hepburn et al., "Volume of hyperintense inflammation (VHI)": the threshold from normal sacral marrow.
Lipton et al., Optimal thresholding of classifiers to maximize F1 measure. ECML PKDD 2014: the cut-off of a scan.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from inference.serving import VoxelClassifier
from inference.sij_mri.edema.bands import Surroundings
from inference.sij_mri.edema.features import candidate_voxels, voxel_features
from inference.sij_mri.edema.marrow import NormalMarrow, find_normal_marrow, smooth
from inference.sij_mri.edema.model import POSSIBLE, SURE
from inference.sij_mri.edema.network import EdemaNetwork
from inference.sij_mri.midline import find_midline
from inference.sij_mri.types import Cutoff, Edema, EdemaParts, Joint
from inference.space import check_standard
from inference.types import BoolArray, FloatArray, Volume

THRESHOLD_SD = 2.0  # every lesion holds marrow that is brighter than normal by so many standard deviations
SEED_MM = 0.7  # smoothing of the intensity that is compared with the threshold
SMALLEST_MM3 = 10.0
LEAST_CHANCE = 0.02  # what is less probable than this is no edema at any cut-off
STEP = 2.0
"""How far the stricter and the looser cut-offs lie from the bundle's, in log-odds.

Measured on seven scans with four readings each, every scan by a classifier that its patient did not teach: the range
from strict to loose holds 28 of the 56 volumes that the readings give (by side, within the bands); at a step of 1.5 it
holds 18, at 2.5 it holds 32 and is a third wider. From 1.5 on no scan whose readings all meet the ASAS/OMERACT rule is
absent. Steps of 0.5 from 0 to 3 were tried; seven scans tell no finer ones apart."""
NETWORK_STEP = 1.5
"""The same where a network answers beside the classifier: 43 of the 56 volumes, and no side whose readings all meet the
rule is absent; at a step of 1 it holds 32 and a side is. More of them adds width alone."""


def find_edema(
    fluid: Volume,
    region: BoolArray,
    joints: tuple[Joint, ...],
    *,
    classifier: VoxelClassifier,
    t1: Volume | None = None,
    network: EdemaNetwork | None = None,
) -> Edema | None:
    """Find bone marrow edema.

    Parameters
    ----------
    fluid : Volume
        Fluid-sensitive, fat-suppressed (STIR, T2 FS, TIRM, Dixon water), in the standard orientation.
    region : bool array (slices, rows, columns)
        Sacrum and ilia, on the grid of `fluid`.
    joints : tuple of Joint
        On the grid of `fluid`; may be empty.
    classifier : VoxelClassifier
        As :mod:`inference.sij_mri.edema.model` says.
    t1 : Volume, optional
        T1-weighted, on the grid of `fluid`. Without it the classifier answers alone.
    network : EdemaNetwork, optional
        Without it too.

    Returns
    -------
    Edema or None
        None where the region holds too little marrow to judge.

    Raises
    ------
    ValueError
        If `region` is not on the grid of `fluid`, or `fluid` not in the standard orientation.
    """
    if region.shape != fluid.shape:
        raise ValueError(f"the region must lie on the grid of the volume {fluid.shape}, received {region.shape}")
    check_standard(fluid)
    possible = possible_edema(fluid, region, joints, classifier=classifier, t1=t1, network=network)
    if possible is None:
        return None
    parts = {cutoff: possible.at(thresholds) for cutoff, thresholds in possible.thresholds().items()}
    normal = possible.normal
    return Edema(parts, normal.mean, normal.sd, normal.mean + THRESHOLD_SD * normal.sd)


@dataclass(frozen=True, slots=True)
class PossibleEdema:
    """How probable edema is in each voxel, before any cut-off.

    Attributes
    ----------
    chance : float32 array (slices, rows, columns)
        0 outside the candidates.
    bright : bool array (slices, rows, columns)
        Brighter than normal marrow by THRESHOLD_SD.
    normal : NormalMarrow
    about : Surroundings
    voxel_mm3 : float
    usual : mapping of str to float
        The usual cut-offs: those of the bundle, or that of the scan.
    step : float
        From these to the stricter and the looser ones, in log-odds.
    """

    chance: FloatArray
    bright: BoolArray
    normal: NormalMarrow
    about: Surroundings
    voxel_mm3: float
    usual: Mapping[str, float]
    step: float = STEP

    def thresholds(self, step: float | None = None) -> dict[Cutoff, dict[str, float]]:
        """The usual cut-offs, and those one step stricter and looser; another step than usual where one is given."""
        return thresholds_at(self.usual, step=self.step if step is None else step)

    def at(self, thresholds: Mapping[str, float]) -> EdemaParts:
        """The edema at some cut-offs, shared out among the joints."""
        return self.about.share_out(_lesions(self.chance, self.bright, self.voxel_mm3, thresholds=thresholds))


def possible_edema(
    fluid: Volume,
    region: BoolArray,
    joints: tuple[Joint, ...],
    *,
    classifier: VoxelClassifier,
    t1: Volume | None = None,
    network: EdemaNetwork | None = None,
) -> PossibleEdema | None:
    """What :func:`find_edema` cuts off, for whoever wants other cut-offs.

    Parameters
    ----------
    fluid : Volume
        As there.
    region : bool array (slices, rows, columns)
    joints : tuple of Joint
    classifier : VoxelClassifier
    t1 : Volume, optional
    network : EdemaNetwork, optional

    Returns
    -------
    PossibleEdema or None
        None where the region holds too little marrow to judge.
    """
    middle_px = find_midline(fluid.voxels, fluid.pixel_spacing_mm)
    normal = find_normal_marrow(fluid, region, joints, middle_px=middle_px)
    if normal is None:
        return None
    chance = edema_probability(fluid, region, joints, normal, classifier=classifier)
    bright = smooth(normal.deviations, fluid, SEED_MM) > THRESHOLD_SD
    usual, step = classifier.spec.thresholds, STEP
    seen = None if network is None or t1 is None else network.read(fluid, t1, region, middle_px=middle_px)
    if network is not None and seen is not None:
        chance = np.asarray(chance + np.float32(network.share) * (seen - chance), np.float32)
        cutoff = best_expected_cutoff(chance)
        usual, step = {SURE: cutoff, POSSIBLE: cutoff}, NETWORK_STEP
    return PossibleEdema(chance, bright, normal, Surroundings.of(joints, fluid), fluid.voxel_volume_mm3, usual, step)


def best_expected_cutoff(chance: FloatArray) -> float:
    """The probability above which voxels are taken so that the Dice that the probabilities let expect is largest.

    Parameters
    ----------
    chance : float32 array
        Of any shape, 0 to 1.

    Returns
    -------
    float
        LEAST_CHANCE at the least.
    """
    values = np.sort(chance[chance > LEAST_CHANCE].astype(np.float64))[::-1]
    if not len(values):
        return LEAST_CHANCE
    taken = np.arange(1, len(values) + 1)
    expected = 2 * np.cumsum(values) / (taken + values.sum())
    return float(values[int(expected.argmax())])


def thresholds_at(usual: Mapping[str, float], *, step: float = STEP) -> dict[Cutoff, dict[str, float]]:
    """The cut-offs of a bundle, and those one step of log-odds stricter and looser."""
    steps = {Cutoff.STRICT: step, Cutoff.USUAL: 0.0, Cutoff.LOOSE: -step}
    return {
        cutoff: {name: _shifted(value, by) if by else value for name, value in usual.items()}
        for cutoff, by in steps.items()
    }


def _shifted(probability: float, log_odds: float) -> float:
    odds = probability / max(1 - probability, 1e-9) * float(np.exp(log_odds))
    return odds / (1 + odds)


def edema_probability(
    fluid: Volume,
    region: BoolArray,
    joints: tuple[Joint, ...],
    normal: NormalMarrow,
    *,
    classifier: VoxelClassifier,
) -> FloatArray:
    """Probability of edema in each voxel.

    Parameters
    ----------
    fluid : Volume
        In the standard orientation.
    region : bool array (slices, rows, columns)
        On the grid of `fluid`.
    joints : tuple of Joint
        On the grid of `fluid`.
    normal : NormalMarrow
        What the marrow without edema looks like there.
    classifier : VoxelClassifier

    Returns
    -------
    float32 array (slices, rows, columns)
        0 outside the candidates.
    """
    at = candidate_voxels(normal.deviations, region, fluid)
    chance = np.zeros(fluid.shape, dtype=np.float32)
    if at.any():
        chance[at], _ = classifier.predict(voxel_features(normal.deviations, region, joints, fluid, at=at))
    return chance


def _lesions(chance: FloatArray, bright: BoolArray, voxel_mm3: float, *, thresholds: Mapping[str, float]) -> BoolArray:
    """Hysteresis: connected possible voxels that hold a sure and bright one, unless they are too small to see."""
    labels, count = ndimage.label(chance > thresholds[POSSIBLE], np.ones((3, 3, 3)))
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    surely = (chance > thresholds[SURE]) & bright
    sure = np.bincount(labels.ravel(), weights=surely.ravel(), minlength=count + 1)
    keep = (sure > 0) & (sizes * voxel_mm3 >= SMALLEST_MM3)
    keep[0] = False
    return np.asarray(keep[labels], dtype=np.bool_)
