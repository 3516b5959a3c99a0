"""The gate: what is checked on every result before anything leaves. What fails is kept and shown, never sent.

The objects are written, read back and judged against the source files themselves, so that a mistake of a builder is not
judged by the builder's own numbers.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from io import BytesIO

import pydicom
from pydicom.dataset import Dataset

from inference.result import Analysis
from inference.types import StudyHeaders
from reporting.checks import (
    SourceHeaders,
    check_complete,
    check_conformance,
    check_identity,
    check_references,
    check_segmentations,
    check_values,
)
from reporting.findings import Checked, GateCode, GateFinding
from reporting.presentation import Presentation
from reporting.types import Predecessor, ResultObject
from reporting.writer import encode

__all__ = ["GateFinding", "check"]


def check(
    objects: Sequence[ResultObject],
    analysis: Analysis,
    *,
    presentation: Presentation,
    source: StudyHeaders,
    predecessors: Sequence[Predecessor] = (),
    kinds: Collection[str] | None = None,
) -> tuple[GateFinding, ...]:
    """Judge the objects of a result.

    Parameters
    ----------
    objects : sequence of ResultObject
        All objects of one result.
    analysis : Analysis
        What they were made from.
    presentation : Presentation
        Of the analysis' application; its laws are checked too.
    source : StudyHeaders
        Headers of all images of the study; their files are read again.
    predecessors : sequence of Predecessor
        Reports of an earlier result that these may name.
    kinds : collection of str, optional
        The kinds that were to be made; the default set without.

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
        lambda: check_complete(read, analysis, presentation, kinds),
        lambda: check_identity(read, headers),
        lambda: check_conformance(read, headers, presentation),
        lambda: check_references(read, headers, predecessors, presentation),
        lambda: check_segmentations(read, analysis, presentation, headers),
        lambda: check_values(read, analysis, presentation),
        lambda: presentation.laws(analysis, read),
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
