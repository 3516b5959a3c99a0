"""What a manifest says of the edema classifier, and what of it is read here."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from inference.serving import InputSpec, Kind, ModelSpec, cutter_of, unknown_cutter
from inference.sij_mri.edema.features import BRIGHT_SD, FEATURES, MARGIN_MM, SEARCH_MM

CUTTER = "sij_mri.voxels"
OUTPUTS: Mapping[str, tuple[str, ...]] = {"edema": ("Bone marrow edema",)}
SURE, POSSIBLE = "sure", "possible"
THRESHOLDS: Mapping[str, float] = {SURE: 0.5, POSSIBLE: 0.2}
"""Every lesion holds a voxel this probable to be edema, and grows over voxels this probable."""


@dataclass(frozen=True, slots=True)
class VoxelCutter:
    """Takes features of candidate voxels; see :mod:`inference.sij_mri.edema.features`, whose constants these are.

    Attributes
    ----------
    features : tuple of str
        FEATURES.
    bright_sd, search_mm, margin_mm : float
        Which voxels are candidates.
    """

    features: tuple[str, ...] = FEATURES
    bright_sd: float = BRIGHT_SD
    search_mm: float = SEARCH_MM
    margin_mm: float = MARGIN_MM

    def __post_init__(self) -> None:
        """Refuse what the code does not do."""
        if self.features != FEATURES:
            raise ValueError(f"expected {len(FEATURES)} features that this version knows, received {self.features}")
        if (self.bright_sd, self.search_mm, self.margin_mm) != (BRIGHT_SD, SEARCH_MM, MARGIN_MM):
            raise ValueError(f"expected other candidates, received {self.bright_sd, self.search_mm, self.margin_mm}")

    @classmethod
    def of(cls, spec: ModelSpec) -> "VoxelCutter":
        """Read a manifest.

        Raises
        ------
        BundleError
            ``BUNDLE_CUTTER``: it says what this cutter cannot do.
        """
        cutter = cutter_of(cls, spec)
        if spec.input.cutter != CUTTER or spec.input.shape != (len(FEATURES),) or set(spec.thresholds) != {*THRESHOLDS}:
            raise unknown_cutter(spec, f"expected {CUTTER} of {len(FEATURES)} features and {sorted(THRESHOLDS)}")
        return cutter


def edema_spec() -> ModelSpec:
    """What a manifest says of the edema classifier."""
    return ModelSpec(
        role="edema",
        kind=Kind.VOXELS,
        input=InputSpec((len(FEATURES),), CUTTER, asdict(VoxelCutter())),
        outputs=OUTPUTS,
        thresholds=THRESHOLDS,
    )
