"""What this application needs of a bundle. Needs no Keras."""

from collections.abc import Callable, Mapping

from inference.serving import Kind, ModelSpec
from inference.sij_mri.edema import VoxelCutter
from inference.sij_mri.edema.model import CUTTER as VOXELS
from inference.sij_mri.region import CUTTER as REGION
from inference.sij_mri.region import RegionCutter
from inference.sij_mri.stage import read_stage_spec
from inference.sij_mri.stage.strips import CUTTER as STRIPS


class SacroiliacNeeds:
    """See :class:`inference.serving.BundleUser`.

    A bundle may have ``region_fluid`` as well: a segmenter that finds the region without a T1-weighted series.
    """

    name = "sij_mri"
    version = "1.0.0"
    needs: Mapping[str, str] = {"region": Kind.SEGMENTER, "stage": Kind.CLASSIFIER, "edema": Kind.VOXELS}
    cutters: Mapping[str, Callable[[ModelSpec], object]] = {
        REGION: RegionCutter.of,
        STRIPS: read_stage_spec,
        VOXELS: VoxelCutter.of,
    }
