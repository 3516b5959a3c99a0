"""Bone marrow oedema on the fluid-sensitive series.

The published method calls marrow oedematous that is brighter than normal sacral marrow by some standard deviations.
Here a small classifier draws that line: it weighs a voxel's brightness in those standard deviations against what lies
about it, how deep in the bone it lies and how far from the joint. Its few numbers are in ``edema_classifier.json``;
`axspa-train evaluate edema` shows how they were made and how well they do on patients they were not made from.

References
----------
C. Hepburn et al., "Volume of hyperintense inflammation (VHI)": the threshold from normal sacral marrow.
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from scipy import ndimage

from config.codes import Code
from config.errors import BundleError
from inference.sij_mri.edema.features import FEATURES, candidate_voxels, voxel_features
from inference.sij_mri.edema.marrow import NormalMarrow, find_normal_marrow, smooth
from inference.sij_mri.midline import find_midline
from inference.sij_mri.types import Edema, Joint
from inference.types import BoolArray, FloatArray, Volume

SHIPPED = Path(__file__).with_name("edema_classifier.json")
THRESHOLD_SD = 2.0  # every lesion holds marrow that is brighter than normal by so many standard deviations ...
SURE = 0.5  # ... and this probable to be oedema ...
POSSIBLE = 0.2  # ... and grows over voxels this probable
SEED_MM = 0.7  # smoothing of the intensity that is compared with the threshold
SMALLEST_MM3 = 10.0


@dataclass(frozen=True, slots=True)
class EdemaClassifier:
    """Networks of one hidden layer over the voxel features; their probabilities are averaged.

    Attributes
    ----------
    mean, sd : float32 array (features,)
        Of the features, which are standardised by them.
    first : float32 array (members, features, hidden)
    first_bias : float32 array (members, hidden)
    second : float32 array (members, hidden)
    second_bias : float32 array (members,)
    """

    mean: FloatArray
    sd: FloatArray
    first: FloatArray
    first_bias: FloatArray
    second: FloatArray
    second_bias: FloatArray

    def predict(self, features: FloatArray) -> FloatArray:
        """Probability of oedema.

        Parameters
        ----------
        features : float32 array (voxels, features)

        Returns
        -------
        float32 array (voxels,)
        """
        inputs = (features - self.mean) / self.sd
        total = np.zeros(len(features), dtype=np.float32)
        for first, first_bias, second, second_bias in zip(
            self.first, self.first_bias, self.second, self.second_bias, strict=True
        ):
            logit = np.tanh(inputs @ first + first_bias) @ second + second_bias
            total += 1 / (1 + np.exp(-logit))
        return np.asarray(total / len(self.first), dtype=np.float32)

    def save(self, path: Path, *, trained_on: str) -> None:
        """Write the numbers as JSON, with the names of the features and a sentence on where they come from."""
        values = {name: np.round(getattr(self, name), 5).tolist() for name in self.__slots__}
        record = {"trained_on": trained_on, "features": list(FEATURES), **values}
        path.write_text(json.dumps(record, indent=None, separators=(",", ":")) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> "EdemaClassifier":
        """Read the numbers.

        Raises
        ------
        BundleError
            They were made for other features.
        """
        record = json.loads(path.read_text(encoding="utf-8"))
        if tuple(record["features"]) != FEATURES:
            raise BundleError(
                Code.EDEMA_CLASSIFIER_FEATURES,
                f"The oedema classifier was made for other voxel features; install the one that belongs to this "
                f"version. Received {len(record['features'])} features, expected {len(FEATURES)}.",
            )
        return cls(*(np.asarray(record[name], dtype=np.float32) for name in cls.__slots__))


@lru_cache(maxsize=1)
def shipped_classifier() -> EdemaClassifier:
    """The classifier that ships with the product."""
    return EdemaClassifier.load(SHIPPED)


def find_edema(
    fluid: Volume, region: BoolArray, joints: tuple[Joint, ...], *, classifier: EdemaClassifier | None = None
) -> Edema:
    """Find bone marrow oedema.

    Parameters
    ----------
    fluid : Volume
        Fluid-sensitive, fat-suppressed (STIR, T2 FS, TIRM, Dixon water).
    region : bool array (slices, rows, columns)
        Sacrum and ilia, on the grid of `fluid`.
    joints : tuple of Joint
        On the grid of `fluid`; may be empty.
    classifier : EdemaClassifier, optional
        The shipped one if not given.

    Returns
    -------
    Edema
        Empty, with zeros for the normal marrow, where the region holds too little marrow to judge.

    Raises
    ------
    ValueError
        If `region` is not on the grid of `fluid`.
    """
    if region.shape != fluid.shape:
        raise ValueError(f"the region must lie on the grid of the volume {fluid.shape}, received {region.shape}")
    middle_px = find_midline(fluid.voxels, fluid.pixel_spacing_mm)
    normal = find_normal_marrow(fluid, region, joints, middle_px=middle_px)
    if normal is None:
        nothing = np.zeros(fluid.shape, dtype=np.bool_)
        return Edema(nothing, nothing.copy(), 0.0, 0.0, 0.0, 0.0, 0.0)
    chance = edema_probability(fluid, region, joints, normal, classifier=classifier or shipped_classifier())
    bright = smooth(normal.deviations, fluid, SEED_MM) > THRESHOLD_SD
    found = _lesions(chance, bright, fluid.voxel_volume_mm3)
    left = found & left_half(fluid, joints, middle_px)
    right = found & ~left
    return Edema(
        left=left,
        right=right,
        normal_mean=normal.mean,
        normal_sd=normal.sd,
        threshold=normal.mean + THRESHOLD_SD * normal.sd,
        left_mm3=float(np.count_nonzero(left)) * fluid.voxel_volume_mm3,
        right_mm3=float(np.count_nonzero(right)) * fluid.voxel_volume_mm3,
    )


def edema_probability(
    fluid: Volume,
    region: BoolArray,
    joints: tuple[Joint, ...],
    normal: NormalMarrow,
    *,
    classifier: EdemaClassifier,
) -> FloatArray:
    """Probability of oedema in each voxel, (slices, rows, columns); 0 outside the candidates."""
    at = candidate_voxels(normal.deviations, region, fluid)
    chance = np.zeros(fluid.shape, dtype=np.float32)
    if at.any():
        chance[at] = classifier.predict(voxel_features(normal.deviations, region, joints, fluid, at=at))
    return chance


def _lesions(chance: FloatArray, bright: BoolArray, voxel_mm3: float) -> BoolArray:
    """Hysteresis: connected possible voxels that hold a sure and bright one, unless they are too small to see."""
    labels, count = ndimage.label(chance > POSSIBLE, np.ones((3, 3, 3)))
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    sure = np.bincount(labels.ravel(), weights=((chance > SURE) & bright).ravel(), minlength=count + 1)
    keep = (sure > 0) & (sizes * voxel_mm3 >= SMALLEST_MM3)
    keep[0] = False
    return np.asarray(keep[labels], dtype=np.bool_)


def left_half(fluid: Volume, joints: tuple[Joint, ...], middle_px: float) -> BoolArray:
    """The patient's left half: up to the middle between the joints, else to the body's plane of symmetry.

    Parameters
    ----------
    fluid : Volume
        Gives the grid.
    joints : tuple of Joint
        On the same grid.
    middle_px : float
        Column of the plane of symmetry.

    Returns
    -------
    bool array (slices, rows, columns)
    """
    medians = [float(np.nanmedian(joint.columns_px)) for joint in joints]
    if len(medians) == 2:
        middle_px = sum(medians) / 2
    left = np.arange(fluid.shape[2]) > middle_px
    if not fluid.left_is_high_column:
        left = np.arange(fluid.shape[2]) < middle_px
    return np.broadcast_to(left, fluid.shape)
