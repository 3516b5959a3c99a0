"""Reasons of the engine in words: templates for what any application may meet when it chooses and loads series.

An application's own reasons are in its terms, which come first; see :func:`reporting.presentation.word_reason`.
"""

from collections.abc import Mapping

from config.codes import Code, GapCode, SourceCode
from inference.series import Meaning
from inference.types import Key

_NAMES: Mapping[Key, str] = {
    Meaning.T1: "T1",
    Meaning.T2: "T2",
    Meaning.PD: "proton density",
    Meaning.STIR: "STIR",
    Meaning.FAT_SUPPRESSED: "fat suppression",
    Meaning.WATER: "Dixon water",
    Meaning.FAT: "Dixon fat",
    Meaning.IN_PHASE: "Dixon in phase",
    Meaning.OPPOSED_PHASE: "Dixon opposed phase",
    Meaning.DIXON: "Dixon",
    Meaning.JOINT: "sacroiliac joints",
    Meaning.CORONAL: "coronal",
    Meaning.OBLIQUE: "oblique",
    Meaning.AXIAL: "axial",
    Meaning.SAGITTAL: "sagittal",
    Meaning.LOCALIZER: "localizer",
    Meaning.DIFFUSION: "diffusion",
    Meaning.DERIVED: "derived image",
    Meaning.CONTRAST: "contrast agent",
    Meaning.HIP: "hip",
    Meaning.LUMBAR: "lumbar spine",
    Meaning.PELVIS: "pelvis",
    Meaning.OTHER_ANATOMY: "other part of the body",
}

_KINDS: Mapping[Key, str] = {
    "water": "water",
    "fat": "fat",
    "in phase": "in phase",
    "opposed phase": "opposed phase",
    "phase": "phase",
    "real or imaginary": "real or imaginary",
    "adc-map": "an ADC map",
    "anisotropy-map": "an anisotropy map",
    "diffusion-image": "a diffusion image",
    "perfusion-image": "a perfusion image",
    "subtraction": "a subtraction",
    "projection": "a projection",
    "mean-image": "a mean of images",
    "t1-map": "a T1 map",
    "t2-map": "a T2 map",
    "mosaic": "a mosaic of small slices",
    "localizer-image": "a localizer",
    "screen-capture": "a screen capture",
    "derived-image": "a derived image",
    "derived-diffusion": "a derived image (ADC)",
}

_EXCLUSIONS: Mapping[Key, str] = {
    "not-mr": "not MR images (modality {modality})",
    "not-mr-unnamed": "not MR images (modality not given)",
    "other-mr-class": "MR objects of a kind that is not read ({name})",
    "no-pixels": "the objects hold no pixels",
    "no-place": "the place of the images in the patient, or the pixel spacing, is not given",
    "marked-as": "{kind}, as the image type says",
    "diffusion-imaging": "diffusion imaging (b up to {b_value:.0f} s/mm2)",
    "echo-planar": "echo planar imaging",
    "diffusion-by-name": "diffusion imaging, by its name",
    "complex-part": "a {kind} image",
    "dixon-component": "the {kind} image of a Dixon series",
    "many-orientations": "a localizer or another mix of {orientations} orientations",
    "localizer-by-name": "a localizer, by its name and sequence",
    "one-slice": "only {slices} slice in one orientation, at least {needed} are needed",
    "few-slices": "only {slices} slices in one orientation, at least {needed} are needed",
    "marked-derived": "marked as derived",
    "reformatted": "a reformatted image, not the acquired one",
    "reformatted-3d-spin-echo": "reformatted from a 3D spin echo",
    "reformatted-from-3d": "The planes are reformatted from a 3D acquisition.",
}

_CONTRAST: Mapping[Key, str] = {
    "repetition-time": "TR {ms:.4g} ms",
    "echo-time": "TE {ms:.4g} ms",
    "inversion-time": "TI {ms:.4g} ms",
    "no-times": "no times given",
    "other-times": "{times}",
    "after-contrast": "{reason} (made after a contrast agent)",
    "contrast-agent-given": "given after a contrast agent",
    "after-contrast-agent": "The images were made after a contrast agent.",
    "fat-suppressed": "fat-suppressed: T1-weighting without fat suppression is needed",
    "fat-suppressed-by-name": "fat-suppressed by its name: T1-weighting without fat suppression is needed",
    "fat-suppressed-name-only": "{contrast}; the name says fat suppression, the header does not",
    "in-opposed-phase": "{contrast}, opposed phase",
    "not-t1": "not T1-weighted: {contrast}",
    "t1-spin-echo": "T1-weighted spin echo ({times})",
    "t1-inversion-recovery": "T1-weighted inversion recovery ({times})",
    "weak-t1-gradient-echo": "gradient echo with weak T1-weighting ({times})",
    "inversion-recovery": "inversion recovery ({times})",
    "gradient-echo": "gradient echo ({times})",
    "not-fluid-sensitive": "not fluid-sensitive with fat suppression: {contrast}",
    "nulls-fat": "inversion recovery that nulls fat, other times not given ({times})",
    "taken-as-stir": "inversion recovery, taken as STIR: the inversion time is not given ({times})",
    "unknown-inversion-time": "inversion recovery of unknown inversion time ({times})",
    "inversion-short-repetition": "inversion recovery with a short repetition time ({times})",
    "stir": "STIR ({times})",
    "near-stir": "inversion recovery near STIR ({times})",
    "fat-not-nulled": "the inversion time does not null fat ({times})",
    "short-repetition-time": "the repetition time is short ({times})",
    "no-fat-suppression": "no fat suppression in the header or the name ({times})",
    "echo-time-out-of-range": "the echo time is out of range ({times})",
    "with-fat-suppression": "with fat suppression",
    "fat-suppressed-contrast": "{weighting}-weighted {how} ({times})",
    "fat-suppressed-contrast-by-name": "{weighting}-weighted {how}, known by the name only ({times})",
    "long-echo-train": "an echo train of {length:.0f}",
    "no-times-other-name": "TR and TE are missing, and the name says {name}",
    "no-times-no-name": "TR and TE are missing, and the name does not say {name}",
    "no-times-so-name": "TR and TE are missing, so the name is taken at its word",
    "known-by-name-only": "TR and TE are missing: the kind of image is known by its name only.",
}

_STACKS: Mapping[Key, str] = {
    "kept-temporal-position": "temporal position {number}",
    "kept-acquisition": "acquisition {number}",
    "kept-lowest-number": "the lowest image number",
}

_VOLUMES: Mapping[Key, str] = {
    "pixels-damaged": "The pixels of {damaged} of {slices} slices cannot be read ({codes}).",
    "repeated-positions": "{dropped} slices repeat a position and are left out.",
    "missing-slice": "1 slice is missing between slices {before} and {after}, {gap_mm:.1f} mm apart, "
    "not {spacing_mm:.1f}.",
    "missing-slices": "{missing} slices are missing between slices {before} and {after}, {gap_mm:.1f} mm apart, "
    "not {spacing_mm:.1f}.",
    "unequal-spacing": "The slices are not equally spaced: up to {unequal_mm:.2f} mm from {spacing_mm:.2f} mm.",
}

_GAPS: Mapping[Key, str] = {
    GapCode.IMAGES_REFUSED: "Images that this node could not store and that did not come again: {count:.0f}.",
    GapCode.TRANSFER_BROKEN: "The transfer of the study broke off and was not repeated to its end, so images may be "
    "missing.",
    GapCode.FEWER_THAN_ANNOUNCED: "The headers of series {number} announce {announced:.0f} images, and {found:.0f} are "
    "there.",
    GapCode.SLICES_MISSING: "Slices missing within the {role} series: {missing:.0f}.",
}

_SOURCES: Mapping[Key, str] = {
    SourceCode.SOURCE_LOSSY: "{Role} images were compressed with loss: fine detail may be gone.",
    SourceCode.IDENTITY_SHORTENED: "Longer than DICOM allows, and shortened here: {attributes}.",
    SourceCode.IDENTITY_LEFT_OUT: "Not legal in the source images, and left empty here: {attributes}.",
    SourceCode.IDENTITY_NOT_LEGAL: "Not legal in the source images, but kept as it is: {attributes}.",
}

REASONS: Mapping[Key, str] = {
    **_NAMES,
    **_KINDS,
    **_EXCLUSIONS,
    **_CONTRAST,
    **_STACKS,
    **_VOLUMES,
    **_GAPS,
    **_SOURCES,
}

ERRORS: Mapping[Key, str] = {code: code.sentence.replace("{", "{{").replace("}", "}}") for code in Code}
"""What made something unreadable, where that is an error: the general sentence of its code."""
