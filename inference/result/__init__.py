"""The language of results: what an application says of a study, in keys; never in sentences, DICOM codes or colors.

A key is a word of the application's own terms (:mod:`reporting.presentation` gives words, codes, units and colors for
it). There is no value without its evidence, and nothing that could be taken for "absent": what could not be judged is
:class:`NotAssessable`, with its reason. Builders, gate, summary, delivery and panel know this language and no
application.

Voxel arrays are (plane, row, column); points in a plane are (row, column) in pixels, the center of the first pixel
being (0, 0).
"""

from inference.result.analysis import SUM_TOLERANCE, Analysis, Scope
from inference.result.images import Grid, Images
from inference.result.items import (
    Answer,
    Basis,
    Evaluation,
    HeatMap,
    KeySlice,
    Limitation,
    Measurement,
    NotAssessable,
    Place,
    Profile,
    Segment,
    Shape,
    Site,
    Trace,
)
from inference.types import Key

__all__ = [
    "SUM_TOLERANCE",
    "Analysis",
    "Answer",
    "Basis",
    "Evaluation",
    "Grid",
    "HeatMap",
    "Images",
    "Key",
    "KeySlice",
    "Limitation",
    "Measurement",
    "NotAssessable",
    "Place",
    "Profile",
    "Scope",
    "Segment",
    "Shape",
    "Site",
    "Trace",
]
