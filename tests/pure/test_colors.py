"""Colors that stand beside each other are told apart by everybody, and heat maps grow lighter with the heat.

References
----------
G. M. Machado et al., "A physiologically-based model for simulation of color vision deficiency", IEEE Trans. Vis.
Comput. Graph. 2009; 15: 1291-1298. G. Sharma et al., "The CIEDE2000 color-difference formula", Color Res. Appl. 2005;
30: 21-30.
"""

import warnings
from typing import Any, get_args

import numpy as np
import pytest

from config.settings import Colormap, ReportSettings
from inference.types import Side
from reporting.pictures import COLORMAP, COLORMAPS, heat_palette
from reporting.sij_mri.terms import TERMS

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import colour

LEAST = 20.0
EYES = ("normal", "Deuteranomaly", "Protanomaly")
LEFT, RIGHT = Side.LEFT, Side.RIGHT
NEIGHBORS = [
    (("joint", LEFT), ("joint", RIGHT)),
    (("edema", LEFT), ("edema", RIGHT)),
    (("edema-deep", LEFT), ("edema-deep", RIGHT)),
    *((("edema", side), ("edema-deep", side)) for side in Side),
    *(((key, side), ("edema-elsewhere", None)) for key in ("edema", "edema-deep", "joint") for side in Side),
    *((("joint", one), ("edema", other)) for one in Side for other in Side),
    *((("joint", side), ("edema-deep", side)) for side in Side),
    *((("joint", side), ("region", None)) for side in Side),
]


def lab(rgb: Any, eye: str = "normal") -> Any:
    """CIELab of sRGB colors (..., 3) from 0 to 255, as an eye sees them."""
    linear = colour.models.eotf_sRGB(np.asarray(rgb, float) / 255)
    if eye != "normal":
        linear = np.clip(linear @ colour.matrix_cvd_Machado2009(eye, 1.0).T, 0, 1)
    return colour.XYZ_to_Lab(colour.RGB_to_XYZ(linear, "sRGB", apply_cctf_decoding=False))


@pytest.mark.parametrize("eye", EYES)
def test_neighbors_are_told_apart(eye: str) -> None:
    """By a normal eye, and by one without red or green cones, at CIEDE2000 of 20 or more."""
    first, second = (
        np.array([TERMS.segments[key].rgb[side] for key, side in (pair[place] for pair in NEIGHBORS)])
        for place in (0, 1)
    )
    apart = colour.delta_E(lab(first, eye), lab(second, eye), method="CIE 2000")
    assert apart.min() >= LEAST, NEIGHBORS[int(apart.argmin())]


def test_the_recommended_display_color_is_the_color_of_the_pictures() -> None:
    for term in TERMS.segments.values():
        for side, rgb in term.rgb.items():
            assert np.abs(lab(rgb) - np.array(term.lab[side])).max() < 1.0


@pytest.mark.parametrize("colormap", ["plasma", "inferno", "viridis", "cividis"])
def test_the_lightness_of_a_map_rises_evenly(colormap: str) -> None:
    lightness = lab(heat_palette(colormap))[:, 0]
    steps = np.diff(lightness[::8])
    assert steps.min() > 0 and steps.max() < 3 * steps.mean()


@pytest.mark.parametrize("colormap", ["turbo", "jet"])
def test_that_of_a_rainbow_does_not(colormap: str) -> None:
    assert np.diff(lab(heat_palette(colormap))[::8, 0]).min() < 0


def test_a_gray_image_shows_through_no_color_of_the_map_as_itself() -> None:
    assert next(iter(COLORMAPS)) == COLORMAP
    _, a, b = lab(heat_palette()[64:]).T
    assert np.hypot(a, b).min() > 40
    with pytest.raises(ValueError, match="received 'rainbow'"):
        heat_palette("rainbow")


def test_settings_name_the_color_maps_that_there_are() -> None:
    assert set(get_args(Colormap)) == set(COLORMAPS) and ReportSettings().colormap == COLORMAP
