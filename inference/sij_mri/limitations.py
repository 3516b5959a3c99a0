"""Codes of what an analysis could not read, or what must be read with care."""

from config.codes import AnyCode, Fault, Tone, row

_STUDY, _WARN = Fault.STUDY, Tone.WARN


class LimitationCode(AnyCode):
    """A limitation of a result; a series that cannot be decoded has the code of its error instead."""

    NO_T1 = row(_STUDY, "No T1-weighted series shows the joints; send one with the study.", tone=_WARN)
    NO_FLUID = row(
        _STUDY, "No fluid-sensitive series with fat suppression shows the joints; send one with the study.", tone=_WARN
    )
    SERIES_IRREGULAR = row(
        _STUDY, "Slices are missing, repeated, damaged or unequally spaced; volumes are less certain.", tone=_WARN
    )
    REGION_FROM_FLUID = row(_STUDY, "The bone region was found without T1-weighting; look at its outline.", tone=_WARN)
    NO_REGION = row(_STUDY, "No bone region was found, so nothing was measured.", tone=_WARN)
    NO_JOINTS_RECOGNIZED = row(
        _STUDY, "The pictures show no sacroiliac joint, so nothing was read; look at the series.", tone=_WARN
    )
    NO_NORMAL_MARROW = row(
        _STUDY, "No normal marrow was found to hold edema against, so edema could not be judged.", tone=_WARN
    )
    SERIES_UNREADABLE = row(_STUDY, "A series that was chosen cannot be decoded; send it again.", tone=_WARN)
    REGION_DISPUTED = row(None, "Much of the bone region is in doubt; look at its outline.", tone=_WARN)
    NO_LEFT_JOINT = row(_STUDY, "The left joint was not found; look whether the series shows it.", tone=_WARN)
    NO_RIGHT_JOINT = row(_STUDY, "The right joint was not found; look whether the series shows it.", tone=_WARN)
    JOINT_NOT_COVERED = row(
        _STUDY, "The fluid-sensitive series shows only a part of a joint; look whether images are missing.", tone=_WARN
    )
    FRAME_OF_REFERENCE = row(
        _STUDY,
        "The two series have different frames of reference; nothing was carried from one to the other.",
        tone=_WARN,
    )
    NOT_CLASSIFIED = row(_STUDY, "No slice shows a joint, so no class is given.", tone=_WARN)
    RULE_AND_NETWORK_DIFFER = row(
        None, "The network alone gives another class than rule and network together; look at the pictures.", tone=_WARN
    )
