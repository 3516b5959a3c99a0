"""The key slices on the summary page: one row for each series, and one for the heat map."""

import numpy as np

from inference.result import Analysis, HeatMap, Images, NotAssessable
from inference.sij_mri import Role
from inference.space import matching_slice
from inference.types import BoolArray, Side
from reporting.pictures import (
    MUTED,
    Page,
    Plates,
    Viewport,
    blend_heat,
    blend_mask,
    draw_contour,
    draw_line,
    heat_of,
    look_at,
)
from reporting.presentation import ByteArray, Rgb
from reporting.sij_mri.terms import TERMS

GRID_X, GRID_Y = 482, 132
CELL_PX = (350, 272)
GAP_X, GAP_Y = 14, 44
COLUMNS = 3

ROWS = {
    Role.T1W: "T1-weighted",
    Role.FLUID: "Fluid-sensitive, fat-suppressed",
}
HEAT_ROW = "Focused Grad-CAM: where the classifier looked, not disease"
MISSING = "No such series"
NO_HEATMAP = "Nothing was classified"
NO_SLICE = "No slice at this place"
REGION_RGB = TERMS.segments["region"].rgb[None]
JOINT_RGB = TERMS.segments["joint"].rgb
EDEMA_RGB = {
    (key, side): color
    for key in ("edema-elsewhere", "edema-deep", "edema")
    for side, color in TERMS.segments[key].rgb.items()
}
LEGENDS: dict[Role, list[tuple[str, Rgb]]] = {
    Role.T1W: [
        ("Bone region", REGION_RGB),
        ("Right joint band", JOINT_RGB[Side.RIGHT]),
        ("Left joint band", JOINT_RGB[Side.LEFT]),
    ],
    Role.FLUID: [
        ("Right edema", EDEMA_RGB["edema", Side.RIGHT]),
        ("Left edema", EDEMA_RGB["edema", Side.LEFT]),
        ("elsewhere", EDEMA_RGB["edema-elsewhere", None]),
    ],
}


def draw_slices(page: Page, analysis: Analysis, plates: Plates) -> None:
    """Draw three key slices of each series, at one place in the patient, and the heat map over them.

    Parameters
    ----------
    page : Page
        Changed in place.
    analysis : Analysis
    plates : Plates
        Of the same analysis.
    """
    reference = analysis.of_role(Role.T1W) or analysis.images[0]
    viewport = look_at(reference, _focus(analysis), CELL_PX)
    right_edge = float(GRID_X + COLUMNS * CELL_PX[0] + (COLUMNS - 1) * GAP_X)
    for number, (role, title) in enumerate(ROWS.items()):
        y = _row(number)
        page.text(GRID_X, y - 10, title, size=18, color=MUTED, anchor="ls")
        page.legend(right_edge, y, LEGENDS[role])
        images = analysis.of_role(role)
        for column in range(COLUMNS):
            plane = _plane(analysis, reference, images, column)
            if images is None or plane is None:
                page.empty_cell(_column(column), y, CELL_PX, MISSING if images is None else NO_SLICE)
                continue
            rgb = viewport.picture(plates.levels[role][plane], images, plane)
            _draw_found(rgb, analysis, images, plane, viewport)
            page.cell(_column(column), y, rgb, images, plane)
    y = _row(len(ROWS))
    page.text(GRID_X, y - 10, HEAT_ROW, size=18, color=MUTED, anchor="ls")
    if _classified(analysis):
        page.heat_legend(right_edge, y)
    _draw_heat(page, analysis, plates, reference, viewport)


def _classified(analysis: Analysis) -> bool:
    """False where no class is given: then there is nothing that a heat map could explain."""
    present = analysis.evaluation("axspa")
    return present is not None and not isinstance(present.value, NotAssessable)


def _row(number: int) -> int:
    return GRID_Y + number * (CELL_PX[1] + GAP_Y)


def _column(number: int) -> int:
    return GRID_X + number * (CELL_PX[0] + GAP_X)


def _focus(analysis: Analysis) -> list[BoolArray]:
    """Both joints, or the region where one of them is missing."""
    joints = [segment.mask for segment in analysis.segments if segment.key == "joint"]
    region = analysis.segment("region")
    return joints if len(joints) == len(Side) or region is None else [region.mask]


def _plane(analysis: Analysis, reference: Images, images: Images | None, column: int) -> int | None:
    """The plane of a series at the place of a key slice."""
    if images is None or column >= len(analysis.key_slices):
        return None
    plane = analysis.key_slices[column].plane
    return plane if images is reference else matching_slice(reference.volume, plane, images.volume)


def _draw_found(rgb: ByteArray, analysis: Analysis, images: Images, plane: int, viewport: Viewport) -> None:
    """Outlines of region, joints and edema, and the joint surface, as far as they are known on this series."""
    masks = {
        (segment.key, segment.site.side): viewport.mask(segment.mask[plane], images, plane)
        for segment in analysis.segments
        if segment.role == images.role
    }
    if ("region", None) in masks:
        draw_contour(rgb, masks["region", None], REGION_RGB)
    on_t1 = images.role == Role.T1W
    for side in Side:
        if on_t1 and ("joint", side) in masks:
            draw_contour(rgb, masks["joint", side], JOINT_RGB[side])
        trace = analysis.trace("joint-surface", side, role=images.role)
        if trace is not None:
            points = viewport.points(trace.lines_px[plane], images, plane)
            draw_line(rgb, points, JOINT_RGB[side], thickness=2 if on_t1 else 1)
    for thing, color in EDEMA_RGB.items():
        if thing in masks:
            blend_mask(rgb, masks[thing], color, alpha=0.12)
            draw_contour(rgb, masks[thing], color)


def _draw_heat(page: Page, analysis: Analysis, plates: Plates, reference: Images, viewport: Viewport) -> None:
    heatmap = analysis.heatmap("focused") if _classified(analysis) else None
    y = _row(len(ROWS))
    for column in range(COLUMNS):
        plane = _plane(analysis, reference, reference, column)
        if heatmap is None or plane is None:
            page.empty_cell(_column(column), y, CELL_PX, NO_HEATMAP if heatmap is None else NO_SLICE)
            continue
        rgb = viewport.picture(plates.levels[reference.role][plane], reference, plane)
        page.cell(_column(column), y, _heated(rgb, heatmap, reference, plane, viewport), reference, plane)


def _heated(rgb: ByteArray, heatmap: HeatMap, reference: Images, plane: int, viewport: Viewport) -> ByteArray:
    heat = viewport.cut(heat_of(heatmap, plane), reference, plane)
    return blend_heat(rgb, np.clip(heat, 0.0, 1.0))
