"""Everything that one analysis sends and shows: build all or raise."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset

from config.codes import Code
from config.errors import OutputRefused
from inference.sij_mri import Analysis, Role
from inference.types import ImageHeader, StudyHeaders
from reporting.objects.capture import build_captures
from reporting.objects.seg import build_segmentation, plan_segments, relink
from reporting.objects.sources import (
    PlaneReference,
    SeriesSource,
    describe_series,
    local_time,
    placeholder,
    read_header,
    take_identity,
)
from reporting.objects.sr import MEASUREMENT_KIND, ROOT_KIND, build_measurements, build_root
from reporting.objects.stamp import ResultContext
from reporting.objects.text import TEXT_KIND, build_text_report
from reporting.pictures.drawing import Plates, prepare
from reporting.pictures.layers import Picture, make_pictures
from reporting.result_json import summarise
from reporting.sij_mri.page import draw_page
from reporting.sij_mri.report import Findings, describe
from reporting.uids import ResultUids

CAPTURE_KIND = "sc"


@dataclass(frozen=True, slots=True)
class ResultObject:
    """One DICOM object of a result, ready to be written and sent.

    Attributes
    ----------
    kind : str
        ``seg-anatomy``, ``seg-edema``, ``sr-root``, ``sr-measurements``, ``sr-text`` or ``sc``.
    dataset : Dataset
        With file meta information.
    sop_class_uid, sop_instance_uid, series_instance_uid : str
    description : str
        The series description.
    """

    kind: str
    dataset: Dataset
    sop_class_uid: str
    sop_instance_uid: str
    series_instance_uid: str
    description: str


@dataclass(frozen=True, slots=True)
class Outputs:
    """All that one analysis gives: objects to send, pictures for the panel, and the summary of both."""

    objects: tuple[ResultObject, ...]
    pictures: tuple[Picture, ...]
    summary: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Evidence:
    """Instances that reports refer to, as stand-ins, with the true class of each."""

    items: tuple[Dataset, ...]
    classes: dict[str, PlaneReference]


def build(
    analysis: Analysis,
    headers: StudyHeaders,
    *,
    revision: int,
    software_version: str,
    started: datetime,
) -> Outputs:
    """Build every object, picture and the summary of an analysis.

    Parameters
    ----------
    analysis : Analysis
        Its source files must still be readable.
    headers : StudyHeaders
        Headers of the study; where nothing applies they say whose study it was.
    revision : int
        Goes into every UID: the same analysis under the same revision gives the same UIDs.
    software_version : str
    started : datetime
        Start of the analysis, aware.

    Returns
    -------
    Outputs
        For a study that does not apply: the text report alone.

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
    context = ResultContext(
        uids=ResultUids(analysis.study_instance_uid, revision, analysis.model.digest),
        model=analysis.model,
        software_version=software_version,
        started=local_time(started, identity),
        identity=identity,
        header=header,
    )
    findings = describe(analysis)
    if not analysis.applicable:
        evidence = _evidence(context, [(series_uid, first)])
        objects = [_finish(TEXT_KIND, build_text_report(findings, context, evidence=evidence.items), evidence)]
        return Outputs(tuple(objects), (), summarise(analysis, findings, context, objects, pictures={}))
    plates = prepare(analysis)
    objects = _objects(analysis, findings, context, plates)
    pictures, index = make_pictures(analysis, plates)
    return Outputs(tuple(objects), pictures, summarise(analysis, findings, context, objects, pictures=index))


def _first_image(analysis: Analysis, headers: StudyHeaders) -> tuple[ImageHeader, str]:
    if analysis.reference is not None:
        return analysis.reference.images[0], analysis.reference.series_instance_uid
    for series in headers.series:
        for image in series.images:
            return image, series.series_instance_uid
    raise OutputRefused(
        Code.NO_SOURCE_IMAGE, "No report can be written for a study of which no image could be read; received no image."
    )


def _objects(analysis: Analysis, findings: Findings, context: ResultContext, plates: Plates) -> list[ResultObject]:
    groups = plan_segments(analysis)
    sources = _sources(analysis, context)
    evidence = _evidence(context, _images(analysis))
    segmentations = [build_segmentation(group, sources[group.role], context) for group in groups]
    objects = [_finish(group.kind, dataset, evidence) for group, dataset in zip(groups, segmentations, strict=True)]
    if groups:
        measurements = build_measurements(
            groups, segmentations, analysis, context, evidence=[*evidence.items, *segmentations]
        )
        objects.append(_finish(MEASUREMENT_KIND, measurements, evidence))
    text = build_text_report(findings, context, evidence=evidence.items)
    objects.append(_finish(TEXT_KIND, text, evidence))
    page = draw_page(analysis, findings, plates=plates, software=", ".join(context.software_versions))
    reference = plates.levels["t1" if analysis.t1 is not None else "fluid"]
    objects += [
        _finish(CAPTURE_KIND, item, evidence) for item in build_captures(analysis, page, context, levels=reference)
    ]
    others = [item.dataset for item in objects]
    root = build_root(analysis, findings, context, evidence=[*evidence.items, *others])
    return [_finish(ROOT_KIND, root, evidence), *objects]


def _sources(analysis: Analysis, context: ResultContext) -> dict[Role, SeriesSource]:
    sources = {}
    for role, volume in ((Role.T1W, analysis.t1), (Role.FLUID, analysis.fluid)):
        if volume is not None:
            header = context.header if volume is analysis.reference else read_header(volume.images[0].path)
            sources[role] = describe_series(volume, header)
    return sources


def _images(analysis: Analysis) -> list[tuple[str, ImageHeader]]:
    return [
        (volume.series_instance_uid, image)
        for volume in (analysis.t1, analysis.fluid)
        if volume is not None
        for image in volume.images
    ]


def _evidence(context: ResultContext, images: Iterable[tuple[str, ImageHeader]]) -> _Evidence:
    items, classes = [], {}
    for series_uid, image in images:
        if image.sop_instance_uid in classes:
            continue
        item = placeholder(context.uids.study_instance_uid)
        item.SeriesInstanceUID = series_uid
        item.SOPInstanceUID = image.sop_instance_uid
        classes[image.sop_instance_uid] = PlaneReference(image.sop_class_uid, image.sop_instance_uid, None)
        items.append(item)
    return _Evidence(tuple(items), classes)


def _finish(kind: str, dataset: Dataset, evidence: _Evidence) -> ResultObject:
    relink(dataset, evidence.classes)
    return ResultObject(
        kind=kind,
        dataset=dataset,
        sop_class_uid=str(dataset.SOPClassUID),
        sop_instance_uid=str(dataset.SOPInstanceUID),
        series_instance_uid=str(dataset.SeriesInstanceUID),
        description=str(dataset.SeriesDescription),
    )


def paths_of(outputs: Sequence[ResultObject], folder: Path) -> dict[str, Path]:
    """A readable file name in a folder for each object, by SOP Instance UID."""
    paths = {}
    for item in outputs:
        series, number = int(item.dataset.SeriesNumber), int(item.dataset.InstanceNumber)
        paths[item.sop_instance_uid] = folder / f"{series}-{item.kind}-{number:03d}.dcm"
    return paths
