"""The choice of the sacroiliac series in words: roles and reasons; see :mod:`reporting.series_words`."""

from collections.abc import Mapping

from inference.sij_mri import Role
from inference.types import Key
from reporting.presentation import RoleTerm

SHOWN = "the sacroiliac joints in a semicoronal plane"

ROLES: Mapping[Key, RoleTerm] = {
    Role.T1W: RoleTerm(
        "T1-weighted",
        "t1",
        wanted="T1-weighted series without fat suppression in a semicoronal plane",
        without="structure (joint line, erosions, fat) cannot be read",
    ),
    Role.FLUID: RoleTerm(
        "fluid-sensitive",
        "fluid",
        wanted="fat-suppressed fluid-sensitive series (STIR or T2) in a semicoronal plane",
        without="bone marrow edema cannot be read",
    ),
}

REASONS: Mapping[Key, str] = {
    "slices": "{slices} slices",
    "too-coarse": "pixels of {pixel_mm:.2f} mm are too coarse for the joints",
    "pixels": "{pixel_mm:.2f} mm pixels",
    "coverage": "a slice every {spacing_mm:.2g} mm over {coverage_mm:.0f} mm",
    "field-of-view": "{view_mm:.0f} mm field of view",
    "whole-body": "as large as for the whole body",
    "large-field-of-view": "The field of view is large ({view_mm:.0f} mm), as for hips or abdomen.",
    "body-part": "body part {body_part}",
    "sagittal-plane": "a sagittal plane ({lean_deg:.0f} degrees out of the left-right axis)",
    "oblique-sagittal-plane": "an oblique sagittal plane ({lean_deg:.0f} degrees out of the left-right axis)",
    "axial-plane": "an axial plane ({tilt_deg:.0f} degrees from coronal)",
    "across-the-sacrum": "an oblique axial plane, across the sacrum ({tilt_deg:.0f} degrees from coronal, against its "
    "slope)",
    "along-the-sacrum": "{tilt_deg:.0f} degrees from coronal along the sacrum",
    "truly-coronal": "The plane is truly coronal, not along the sacrum; the joints may be cut short.",
    "named": "named {names}",
    "named-otherwise": "named {names}, lies otherwise",
    "name-against-physics": "The name says {names}, the physics says otherwise.",
    "named-after-the-joints": "named after the sacroiliac joints",
    "named-after-a-neighbor": "named {names}, not after the sacroiliac joints",
    "coronal-of-a-neighbor": "a coronal plane of a neighboring part of the body",
    "coil-elsewhere": "a coil for another part of the body ({coil})",
    "too-narrow-for-both": "The field of view ({view_mm:.0f} mm) is too narrow for both joints.",
    "named-a-localizer": "named a localizer",
    "elsewhere": "another part of the body ({body_part})",
    "elsewhere-by-name": "another part of the body, by its name",
    "elsewhere-by-study": "another part of the body, by the name of the study",
}
