"""DICOM files read: headers, planes, stacks, volumes. Foreign bytes are met here and nowhere else.

What needs arrays is imported when it is first asked for: the receiver reads headers without numpy, to stay small.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from inference.dicom.file import Unfinished, open_header, reading, text_of, tolerant
from inference.dicom.start import read_start

if TYPE_CHECKING:
    from inference.dicom.gaps import find_gaps
    from inference.dicom.headers import read_studies, read_study
    from inference.dicom.lossy import Losses, losses_of
    from inference.dicom.planes import load_planes
    from inference.dicom.stacks import Stack, along, names_dixon, orientations, stacks_of
    from inference.dicom.volume import load_volume

__all__ = [
    "Losses",
    "Stack",
    "Unfinished",
    "along",
    "find_gaps",
    "load_planes",
    "load_volume",
    "losses_of",
    "names_dixon",
    "open_header",
    "orientations",
    "read_start",
    "read_studies",
    "read_study",
    "reading",
    "stacks_of",
    "text_of",
    "tolerant",
]

_LATER = {
    "Losses": "lossy",
    "Stack": "stacks",
    "along": "stacks",
    "find_gaps": "gaps",
    "load_planes": "planes",
    "names_dixon": "stacks",
    "load_volume": "volume",
    "losses_of": "lossy",
    "orientations": "stacks",
    "read_studies": "headers",
    "read_study": "headers",
    "stacks_of": "stacks",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
