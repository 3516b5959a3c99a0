"""Colors of heat maps.

References
----------
S. van der Walt and N. Smith, the maps of matplotlib (plasma, inferno, viridis), and J. R. Nuñez et al., PLOS ONE 2018;
13: e0199239 (cividis): maps whose lightness rises evenly, to everybody; here as OpenCV holds them.
"""

from collections.abc import Mapping
from functools import cache

import cv2
import numpy as np

from reporting.presentation import ByteArray

COLORMAPS: Mapping[str, int] = {
    "plasma": cv2.COLORMAP_PLASMA,
    "inferno": cv2.COLORMAP_INFERNO,
    "viridis": cv2.COLORMAP_VIRIDIS,
    "cividis": cv2.COLORMAP_CIVIDIS,
    "turbo": cv2.COLORMAP_TURBO,
    "jet": cv2.COLORMAP_JET,
}
"""The first is the default: lightness rises evenly, and no color of it is a gray that would not be seen over an image.
Those of turbo and jet do not rise; published work uses jet."""
COLORMAP = "plasma"


@cache
def heat_palette(colormap: str = COLORMAP) -> ByteArray:
    """256 colors (256, 3) RGB for heat from 0 to the full scale.

    Raises
    ------
    ValueError
        There is no such map.
    """
    if colormap not in COLORMAPS:
        raise ValueError(f"a color map is one of {', '.join(COLORMAPS)}, received {colormap!r}")
    ramp = np.arange(256, dtype=np.uint8).reshape(-1, 1)
    palette: ByteArray = cv2.cvtColor(cv2.applyColorMap(ramp, COLORMAPS[colormap]), cv2.COLOR_BGR2RGB).reshape(-1, 3)
    palette.flags.writeable = False
    return palette
