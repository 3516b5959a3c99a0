"""What an application's keys mean to people, viewers and machines: its terms, its report, its laws.

The presentation of an application is a class, named by an entry point in the group ``axspa_node.presentations`` under
the application's name; see :func:`find_presentation` for how it is made.
"""

from reporting.presentation.protocol import GROUP, ByteArray, Presentation, find_presentation
from reporting.presentation.reasons import limitation_lines, word_limitation, word_reason
from reporting.presentation.terms import (
    AnatomyTerm,
    EvaluationTerm,
    Lab,
    LayerTerm,
    MeasurementTerm,
    ProfileTerm,
    Report,
    Rgb,
    RoleTerm,
    SegmentGroup,
    SegmentTerm,
    Terms,
    ValueTerm,
)

__all__ = [
    "GROUP",
    "AnatomyTerm",
    "ByteArray",
    "EvaluationTerm",
    "Lab",
    "LayerTerm",
    "MeasurementTerm",
    "Presentation",
    "ProfileTerm",
    "Report",
    "Rgb",
    "RoleTerm",
    "SegmentGroup",
    "SegmentTerm",
    "Terms",
    "ValueTerm",
    "find_presentation",
    "limitation_lines",
    "word_limitation",
    "word_reason",
]
