"""Everything that one analysis sends and shows: build all or raise."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import UID, Comprehensive3DSRStorage

from config.codes import Code, SourceCode
from config.errors import OutputRefused
from inference.dicom import tolerant
from inference.result import Analysis
from inference.types import ImageHeader, Reason, StudyHeaders
from reporting import objects
from reporting.kinds import Kind, default_kinds, is_made
from reporting.objects import (
    Evidence,
    Material,
    ResultContext,
    local_time,
    losses_among,
    mended,
    read_header,
    take_identity,
)
from reporting.pictures import COLORMAP, Picture, make_pictures, prepare
from reporting.presentation import Presentation, Report, limitation_lines
from reporting.result_json import summarize
from reporting.types import KindRow, Predecessor, ResultObject
from reporting.uids import ResultUids, tracking_seed
from reporting.words import with_gaps_first


@dataclass(frozen=True, slots=True)
class Outputs:
    """All that one analysis gives: objects to send, pictures for the panel, and the summary of both."""

    objects: tuple[ResultObject, ...]
    pictures: tuple[Picture, ...]
    summary: dict[str, Any]


@tolerant()
def build(
    analysis: Analysis,
    headers: StudyHeaders,
    *,
    presentation: Presentation,
    revision: int,
    software_version: str,
    started: datetime,
    series_base: int = 900,
    site_salt: str = "",
    predecessors: Sequence[Predecessor] = (),
    kinds: Collection[str] | None = None,
    report_class: UID = Comprehensive3DSRStorage,
    colormap: str = COLORMAP,
) -> Outputs:
    """Build every object, picture and the summary of an analysis.

    Parameters
    ----------
    analysis : Analysis
        Its source files must still be readable.
    headers : StudyHeaders
        Headers of the study; where nothing applies they say whose study it was.
    presentation : Presentation
        Of the analysis' application.
    revision : int
        Of the study's results, from 1.
    software_version : str
    started : datetime
        Start of the analysis, aware.
    series_base : int
        Number from which the series numbers of this result are counted.
    site_salt : str
        Secret of the site from which tracking UIDs are derived; without it they follow the study, not the patient.
    predecessors : sequence of Predecessor
        Reports of the result that this one follows.
    kinds : collection of str, optional
        Which kinds of objects to make, by :func:`reporting.kinds.every_kind`; the default set without.
    report_class : UID
        SOP class of the reports that outline: Comprehensive 3D, Comprehensive or Enhanced SR.
    colormap : str
        Of heat maps, one of :data:`reporting.pictures.COLORMAPS`.

    Returns
    -------
    Outputs
        Their UIDs are new each time. For a study that does not apply: the text report alone.

    Raises
    ------
    OutputRefused
        There is no image at all on which a report could be built.
    UnusableInput
        A source file can no longer be read.
    ValueError
        `started` has no time zone.
    """
    if started.tzinfo is None:
        raise ValueError(f"the start of an analysis needs a time zone, received {started!r}")
    first, series_uid = _first_image(analysis, headers)
    header = read_header(first.path)
    identity = take_identity(header)
    limits = (*_lossy(analysis), *mended(header, identity))
    context = ResultContext(
        uids=ResultUids(),
        application=analysis.application,
        study_instance_uid=analysis.study_instance_uid,
        revision=revision,
        model=analysis.bundle,
        software_version=software_version,
        started=local_time(started, identity),
        identity=identity,
        header=header,
        tracking_seed=_seed(identity, analysis, site_salt),
        language=presentation.terms.language,
        losses=losses_among(source for _, source in _images(analysis)),
        series_base=series_base,
        predecessors=tuple(predecessors),
    )
    read = list(_images(analysis)) or [(series_uid, first)]
    material = Material(
        analysis=analysis,
        presentation=presentation,
        report=_with_limits(
            with_gaps_first(presentation.report(analysis), analysis, presentation.terms), limits, presentation
        ),
        context=context,
        evidence=Evidence.of(read, analysis.study_instance_uid),
        kinds=default_kinds(presentation) if kinds is None else frozenset(kinds),
        report_class=report_class,
        plates=prepare(analysis, colormap=colormap) if analysis.applicable else None,
    )
    made = _objects(material)
    pictures: tuple[Picture, ...] = ()
    index: dict[str, Any] = {}
    if material.plates is not None:
        pictures, index = make_pictures(analysis, presentation, material.plates)
    said = replace(analysis, limitations=(*analysis.limitations, *limits))
    summary = summarize(said, presentation, material.report, context, made, pictures=index)
    return Outputs(made, pictures, summary)


def _lossy(analysis: Analysis) -> Iterator[Reason]:
    """Which of the images that were read had been compressed with loss."""
    for images in analysis.images:
        if any(source.lossy for source in images.sources):
            yield Reason.of(SourceCode.SOURCE_LOSSY, role=images.role)


def _with_limits(report: Report, limits: Sequence[Reason], presentation: Presentation) -> Report:
    """A report that also says what its sources let a reader expect."""
    said = tuple(line for one in limits for line in limitation_lines(presentation.terms, one))
    return replace(report, limitations=(*report.limitations, *said))


def _first_image(analysis: Analysis, headers: StudyHeaders) -> tuple[ImageHeader, str]:
    for images in analysis.images:
        return images.sources[0], images.series_instance_uid
    for series in headers.series:
        for image in series.images:
            return image, series.series_instance_uid
    raise OutputRefused(
        Code.NO_SOURCE_IMAGE, "No report can be written for a study of which no image could be read; received no image."
    )


def _seed(identity: Dataset, analysis: Analysis, site_salt: str) -> str:
    return tracking_seed(
        site_salt=site_salt,
        patient_id=str(identity.get("PatientID", "") or ""),
        issuer=str(identity.get("IssuerOfPatientID", "") or ""),
        study_instance_uid=analysis.study_instance_uid,
    )


def _images(analysis: Analysis) -> Iterable[tuple[str, ImageHeader]]:
    return ((images.series_instance_uid, source) for images in analysis.images for source in images.sources)


def _objects(material: Material) -> tuple[ResultObject, ...]:
    """All objects, in the order of the kinds; what leads is built when those that it names are there."""
    rows = [
        kind.value
        for kind in Kind
        if is_made(kind, material.presentation, material.kinds)
        if material.analysis.applicable or kind.value.always
    ]
    built: dict[str, list[ResultObject]] = {}
    for row in sorted(rows, key=lambda row: row.turn):
        built[row.name] = _builder(row)(material, row)
        material.made.extend(built[row.name])
    return tuple(item for row in rows for item in built[row.name])


def _builder(row: KindRow) -> Any:
    return getattr(objects, row.builder)
