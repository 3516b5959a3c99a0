"""The limitations of the sacroiliac application in words; see :func:`reporting.presentation.word_limitation`."""

from collections.abc import Mapping

from inference.sij_mri import LimitationCode as _C

LIMITATIONS: Mapping[str, str] = {
    _C.NO_T1: "The study has no T1-weighted series that shows the sacroiliac joints: they could not be traced.",
    _C.NO_FLUID: "The study has no fluid-sensitive series that shows the sacroiliac joints: edema could not be read.",
    _C.SERIES_IRREGULAR: "{Role} series: {warning}",
    _C.SERIES_UNREADABLE: "The {role} series could not be decoded and was not read. {reason}",
    _C.REGION_FROM_FLUID: "The bone region was found on the fluid-sensitive series, since T1 is missing.",
    _C.NO_REGION: "No bone region was found, so neither joints nor edema could be measured.",
    _C.REGION_DISPUTED: "The networks that find the bone region disagree on {share:.0%} of it; look at its outline.",
    _C.NO_LEFT_JOINT: "The left sacroiliac joint was not found on the T1-weighted series.",
    _C.NO_RIGHT_JOINT: "The right sacroiliac joint was not found on the T1-weighted series.",
    _C.FRAME_OF_REFERENCE: "T1-weighted and fluid-sensitive series have different frames of reference, so nothing "
    "was carried from one to the other and edema was not measured.",
    _C.NO_NORMAL_MARROW: "No normal marrow was found to hold edema against, so edema could not be judged.",
    _C.NOT_CLASSIFIED: "No slice that shows a sacroiliac joint was found, so no class is given.",
    _C.NO_JOINTS_RECOGNIZED: "The pictures do not show sacroiliac joints that could be recognized.",
    _C.RULE_AND_NETWORK_DIFFER: "The network alone says otherwise than this result: for it the probability of a "
    "pattern of axial spondyloarthritis is {probability}. Look at the edema in the pictures.",
}

SHORT: Mapping[str, str] = {
    _C.NO_T1: "no T1-weighted series",
    _C.NO_FLUID: "no fluid-sensitive series",
    _C.NO_REGION: "no bone region found",
    _C.NO_NORMAL_MARROW: "no normal marrow to compare with",
    _C.SERIES_UNREADABLE: "a series could not be decoded",
    _C.NO_LEFT_JOINT: "left joint not found",
    _C.NO_RIGHT_JOINT: "right joint not found",
    _C.FRAME_OF_REFERENCE: "the two series cannot be laid over each other",
    _C.NOT_CLASSIFIED: "no slice to classify",
}
"""Why something is not assessable, where there is little room."""
