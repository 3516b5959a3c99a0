"""The gate: what is checked on every result before anything leaves. What fails is kept and shown, never sent.

The objects are written, read back and judged against the source files themselves, so that a mistake of a builder is not
judged by the builder's own numbers.
"""

from collections.abc import Callable, Iterator, Sequence
from io import BytesIO

import pydicom
from pydicom.dataset import Dataset

from inference.sij_mri import Analysis
from inference.types import StudyHeaders
from reporting.checks import Checked, GateCode, GateFinding
from reporting.checks.conformance import check_conformance
from reporting.checks.content import check_complete, check_references, check_values
from reporting.checks.geometry import check_segmentations
from reporting.checks.identity import SourceHeaders, check_identity
from reporting.outputs import ResultObject
from reporting.writer import encode

__all__ = ["GateFinding", "check"]


def check(objects: Sequence[ResultObject], analysis: Analysis, source: StudyHeaders) -> tuple[GateFinding, ...]:
    """Judge the objects of a result.

    Parameters
    ----------
    objects : sequence of ResultObject
        All objects of one result.
    analysis : Analysis
        What they were made from.
    source : StudyHeaders
        Headers of all images of the study; their files are read again.

    Returns
    -------
    tuple of GateFinding
        Empty where the result may leave. No finding names a patient.
    """
    findings: list[GateFinding] = []
    read: list[Checked] = []
    for item in objects:
        dataset = _read_back(item)
        if dataset is None:
            sentence = f"The {item.kind} object cannot be written and read back as DICOM."
            findings.append(GateFinding(GateCode.OBJECT_UNREADABLE, sentence, item.kind))
        else:
            read.append(Checked(item.kind, dataset))
    headers = SourceHeaders.read(source)
    steps: tuple[Callable[[], Iterator[GateFinding]], ...] = (
        lambda: check_complete(read, analysis),
        lambda: check_identity(read, headers),
        lambda: check_conformance(read, headers),
        lambda: check_references(read, headers),
        lambda: check_segmentations(read, analysis, headers),
        lambda: check_values(read, analysis),
    )
    for step in steps:
        try:
            findings.extend(step())
        except (AttributeError, KeyError, IndexError, TypeError, ValueError) as error:
            sentence = f"A check could not be finished, so nothing is sent: {type(error).__name__}."
            findings.append(GateFinding(GateCode.CHECK_FAILED, sentence, ""))
    return tuple(dict.fromkeys(findings))


def _read_back(item: ResultObject) -> Dataset | None:
    try:
        dataset = pydicom.dcmread(BytesIO(encode(item.dataset)))
    except (AttributeError, KeyError, TypeError, ValueError, LookupError, OverflowError):
        return None
    return dataset
