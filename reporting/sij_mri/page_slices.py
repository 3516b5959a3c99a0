"""The key slices of the summary: the fluid-sensitive series with edema, and T1 at the same place with the joints."""

from collections.abc import Iterator
from functools import partial

from inference.result import Analysis, Images
from inference.sij_mri import Role
from inference.space import matching_slice
from inference.types import BoolArray, Side
from reporting.pictures import KeyPair, Viewport, draw_contour, draw_line, look_at
from reporting.presentation import ByteArray, Rgb, Terms
from reporting.sij_mri.edema_words import SIDES
from reporting.sij_mri.terms import TERMS
from reporting.sij_mri.where import image_words

JOINT_RGB = TERMS.segments["joint"].rgb
OTHERS = {"edema-deep": "legend-deep", "edema-elsewhere": "legend-other"}
EDEMA_RGB = {
    (key, side): color
    for key in ("edema-elsewhere", "edema-deep", "edema")
    for side, color in TERMS.segments[key].rgb.items()
}
NAMES = {Role.FLUID: "summary-fluid", Role.T1W: "summary-t1"}
"""Messages that name a slice, in the order in which they are shown."""


def key_pairs(analysis: Analysis, terms: Terms) -> Iterator[KeyPair]:
    """The slices that are shown, each with its outlines beside it: one of each series, of one place in the patient.

    Parameters
    ----------
    analysis : Analysis
        Its pictures upright.
    terms : Terms
        Of the language.
    """
    planes = _planes(analysis)
    masks = _focus(analysis)
    reference = analysis.of_role(Role.T1W) or analysis.images[0]
    for role, name in NAMES.items():
        images = analysis.of_role(role)
        plane = planes.get(role)
        if images is None or plane is None:
            continue
        caption = terms.say(name, image=image_words(analysis, role, [plane], terms))
        draw = partial(_draw_fluid if role is Role.FLUID else _draw_t1, analysis, images, plane)
        yield KeyPair(images, plane, caption, _legend(analysis, role, terms), draw, partial(look_at, reference, masks))


def _planes(analysis: Analysis) -> dict[Role, int]:
    """The key slice with the most edema and its place in the other series; else the one in the middle of them."""
    fluid, t1 = analysis.of_role(Role.FLUID), analysis.of_role(Role.T1W)
    reference = t1 or fluid or analysis.images[0]
    chosen = [one.plane for one in analysis.key_slices]
    most = [one.plane for one in analysis.key_slices if one.why == "most-edema"]
    plane = most[0] if most else chosen[len(chosen) // 2] if chosen else reference.shape[0] // 2
    other = fluid if t1 is not None else None
    match = None if other is None else matching_slice(reference.volume, plane, other.volume)
    return {Role(reference.role): plane} | ({} if match is None else {Role.FLUID: match})


def _focus(analysis: Analysis) -> list[BoolArray]:
    """Both joints, or the region where one of them is missing."""
    joints = [segment.mask for segment in analysis.segments if segment.key == "joint"]
    region = analysis.segment("region")
    return joints if len(joints) == len(Side) or region is None else [region.mask]


def _legend(analysis: Analysis, role: Role, terms: Terms) -> list[tuple[str, Rgb]]:
    sides = {side: terms.say("side", side=side.value) for side in SIDES}
    if role is Role.T1W:
        return [(words, JOINT_RGB[side]) for side, words in sides.items()]
    entries = [(words, EDEMA_RGB["edema", side]) for side, words in sides.items()]
    for key, word in OTHERS.items():
        colors = [EDEMA_RGB[key, one.site.side] for one in analysis.segments if one.key == key]
        entries += [("", color) for color in colors[:-1]]
        entries += [(terms.say(word), color) for color in colors[-1:]]
    return entries


def _draw_fluid(analysis: Analysis, images: Images, plane: int, rgb: ByteArray, viewport: Viewport) -> None:
    """Outlines of the edema."""
    for segment in analysis.segments:
        color = EDEMA_RGB.get((segment.key, segment.site.side))
        if color is not None and segment.role == images.role:
            draw_contour(rgb, viewport.mask(segment.mask[plane], images, plane), color)


def _draw_t1(analysis: Analysis, images: Images, plane: int, rgb: ByteArray, viewport: Viewport) -> None:
    """The joint bands, and the joint surface as a thin line; the joint itself is seen in the picture beside it."""
    for segment in analysis.segments:
        if segment.key == "joint" and segment.role == images.role and segment.site.side is not None:
            draw_contour(rgb, viewport.mask(segment.mask[plane], images, plane), JOINT_RGB[segment.site.side])
    for side in Side:
        trace = analysis.trace("joint-surface", side, role=images.role)
        if trace is not None:
            draw_line(rgb, viewport.points(trace.lines_px[plane], images, plane), JOINT_RGB[side])
