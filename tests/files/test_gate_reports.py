"""Reports that viewers open by drawing have an outline of everything that they measure, where it is looked for."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import highdicom as hd
import numpy as np
import pydicom
import pytest
from highdicom.sr import (
    AlgorithmIdentification,
    Comprehensive3DSR,
    DeviceObserverIdentifyingAttributes,
    FindingSite,
    ImageRegion,
    Measurement,
    MeasurementReport,
    ObservationContext,
    ObserverContext,
    PlanarROIMeasurementsAndQualitativeEvaluations,
    ReferencedSegment,
    SourceImageForRegion,
    SourceSeriesForSegmentation,
    TrackingIdentifier,
    VolumetricROIMeasurementsAndQualitativeEvaluations,
)
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes

from reporting.checks import SourceHeaders, check_modules, check_references, check_reports
from reporting.checks.frames import frames_of
from reporting.findings import Checked
from reporting.sij_mri.presentation import SacroiliacPresentation
from tests.factories.analysis import build_outputs, headers_of, make_analysis
from tests.factories.requested import EQUIPMENT, checked, identified

KIND = "sr-edema"
SITE = codes.SCT.SacroiliacJoint
SIDES = {"7771000": codes.SCT.Left, "24028007": codes.SCT.Right}


class Study:
    """A segmentation of edema, read back, with the images that it lies on."""

    def __init__(self, folder: Any) -> None:
        self.analysis = make_analysis(folder)
        self.headers = SourceHeaders.read(headers_of(self.analysis))
        outputs = build_outputs(self.analysis).objects
        self.segmentation = next(item.dataset for item in outputs if item.kind == "seg-edema")
        self.read = checked("seg-edema", self.segmentation)
        self.images = {
            str(image.SOPInstanceUID): image
            for images in self.analysis.images
            for image in (pydicom.dcmread(one.path) for one in images.sources)
        }

    def box(self, number: int) -> tuple[str, tuple[int, int, int, int]]:
        """An image on which a segment lies, and the box about its pixels."""
        frame = next(one for one in frames_of(self.read) if one.segment == number and one.box)
        assert frame.box is not None
        return frame.plane.source_uid, frame.box

    def outline(self, number: int, **options: Any) -> PlanarROIMeasurementsAndQualitativeEvaluations:
        """A group with an outline of a segment; options change what it says."""
        segment = self.segmentation.SegmentSequence[number - 1]
        image, (left, top, right, bottom) = self.box(number)
        points = options.get("points", octagon(left, top, right, bottom))
        source = self.images[options.get("image", image)]
        return PlanarROIMeasurementsAndQualitativeEvaluations(
            tracking_identifier=TrackingIdentifier(
                uid=options.get("tracking", segment.TrackingUID), identifier=segment.TrackingID
            ),
            referenced_region=ImageRegion(
                "POLYLINE", np.array(points), SourceImageForRegion(source.SOPClassUID, source.SOPInstanceUID)
            ),
            finding_type=codes.SCT.Edema,
            finding_sites=[FindingSite(SITE, laterality=options.get("side", side_of(segment)))],
            measurements=[Measurement(codes.SCT.Area, 1.0, codes.UCUM.SquareMillimeter)],
            algorithm_id=AlgorithmIdentification("edema", "1"),
        )

    def volume(self, number: int, **options: Any) -> VolumetricROIMeasurementsAndQualitativeEvaluations:
        """A group with the volume of a segment."""
        segment = self.segmentation.SegmentSequence[number - 1]
        series = self.images[self.box(number)[0]].SeriesInstanceUID
        return VolumetricROIMeasurementsAndQualitativeEvaluations(
            tracking_identifier=TrackingIdentifier(
                uid=options.get("tracking", segment.TrackingUID), identifier=segment.TrackingID
            ),
            referenced_segment=ReferencedSegment(
                self.segmentation.SOPClassUID,
                self.segmentation.SOPInstanceUID,
                options.get("names", number),
                source_series=SourceSeriesForSegmentation(options.get("series", series)),
            ),
            finding_type=codes.SCT.Edema,
            finding_sites=[FindingSite(SITE, laterality=side_of(segment))],
            measurements=[Measurement(codes.SCT.Volume, 1.0, codes.UCUM.CubicCentimeter)],
        )

    def report(self, *groups: Any) -> Dataset:
        """A report of groups, which lists all images and the segmentation as evidence."""
        images = list(self.images.values())
        for image in (*images, self.segmentation):
            for keyword in ("StudyID", "AccessionNumber", "PatientBirthDate", "PatientSex"):
                if keyword not in image:
                    setattr(image, keyword, "")
        content = MeasurementReport(
            observation_context=ObservationContext(
                observer_device_context=ObserverContext(
                    codes.DCM.Device, DeviceObserverIdentifyingAttributes(uid=hd.UID())
                )
            ),
            procedure_reported=codes.SCT.ImagingProcedure,
            imaging_measurements=list(groups),
            title=codes.DCM.ImagingMeasurementReport,
        )
        made: Dataset = Comprehensive3DSR(
            evidence=[*images, self.segmentation],
            content=content[0],
            **identified(3),
            manufacturer=EQUIPMENT["manufacturer"],
            is_complete=True,
        )
        return made

    def findings(self, report: Dataset, kind: str = KIND) -> set[str]:
        """Codes of what the rules for reports find."""
        return {one.code for one in check_reports([self.read, checked(kind, report)], self.headers)}


def side_of(segment: Dataset) -> Any:
    return SIDES[segment.AnatomicRegionSequence[0].AnatomicRegionModifierSequence[0].CodeValue]


def octagon(left: float, top: float, right: float, bottom: float) -> list[tuple[float, float]]:
    """A closed line of nine points within a box."""
    wide, high = (right - left) / 4, (bottom - top) / 4
    return [
        (left + wide, top), (right - wide, top), (right, top + high), (right, bottom - high),
        (right - wide, bottom), (left + wide, bottom), (left, bottom - high), (left, top + high), (left + wide, top),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return Study(tmp_path_factory.mktemp("reports"))


def test_a_report_as_it_should_be(study: Study) -> None:
    report = study.report(study.outline(1), study.outline(2), study.volume(1), study.volume(2))
    assert study.findings(report) == set()
    read = [study.read, checked(KIND, report)]
    assert list(check_modules(read)) == []
    assert list(check_references(read, study.headers, (), SacroiliacPresentation())) == []


def test_outlines_without_volumes_and_further_images(study: Study) -> None:
    assert study.findings(study.report(study.outline(1))) == set()
    assert study.findings(study.report(study.outline(1), study.outline(1, tracking=hd.UID()))) == set()


Groups = Callable[[Study], tuple[Any, ...]]
UNDRAWN: dict[str, Groups] = {
    "volumes alone": lambda study: (study.volume(1), study.volume(2)),
    "a volume under a UID that has no outline": lambda study: (
        study.outline(1),
        study.outline(2),
        study.volume(1, tracking=hd.UID()),
    ),
    "one outline beside a segment": lambda study: (study.outline(1), study.volume(1)),
    "two outlines of one UID": lambda study: (study.outline(1), study.outline(1), study.outline(2)),
    "a box": lambda study: (study.outline(1, points=box_of(study)), study.outline(2)),
    "an open line": lambda study: (study.outline(1, points=open_line(study)), study.outline(2)),
    "outlines on two series": lambda study: (
        study.outline(1),
        study.outline(2, tracking=hd.UID(), image=on_another_series(study)),
    ),
    "a segment of another series": lambda study: (
        study.outline(1),
        study.outline(2),
        study.volume(1, series=study.images[on_another_series(study)].SeriesInstanceUID),
    ),
    "a line that leaves the image": lambda study: (
        study.outline(1, tracking=hd.UID(), points=octagon(-9.0, 5.0, 10.0, 30.0)),
        study.outline(2),
    ),
}


def box_of(study: Study) -> list[tuple[float, float]]:
    _, (left, top, right, bottom) = study.box(1)
    return [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]


def open_line(study: Study) -> list[tuple[float, float]]:
    return octagon(*study.box(1)[1])[:-1]


def on_another_series(study: Study) -> str:
    own = study.images[study.box(1)[0]].SeriesInstanceUID
    return next(uid for uid, image in study.images.items() if own != image.SeriesInstanceUID)


@pytest.mark.parametrize("why", UNDRAWN)
def test_a_report_that_cannot_be_drawn(study: Study, why: str) -> None:
    assert "OUTLINES_WRONG" in study.findings(study.report(*UNDRAWN[why](study)))


def test_an_outline_on_an_image_that_is_not_in_the_study(study: Study) -> None:
    read = checked(KIND, study.report(study.outline(1), study.outline(2)))
    known = deepcopy(study.headers)
    del known.by_uid[study.box(1)[0]]
    assert "OUTLINES_WRONG" in {one.code for one in check_reports([study.read, read], known)}


def test_a_volume_that_names_another_segment_than_its_uid(study: Study) -> None:
    report = study.report(study.outline(1), study.outline(2), study.volume(1, names=2))
    assert study.findings(report) == {"SEGMENT_MISTAKEN"}


def test_an_outline_that_names_the_other_side(study: Study) -> None:
    other = side_of(study.segmentation.SegmentSequence[1])
    report = study.report(study.outline(1, side=other), study.outline(2))
    assert study.findings(report) == {"SIDE_CODE_WRONG"}


def test_an_outline_that_does_not_lie_on_its_segment(study: Study) -> None:
    there = octagon(*study.box(2)[1])  # where the other segment lies
    report = study.report(study.outline(1, points=there), study.outline(2))
    assert study.findings(report) == {"GEOMETRY_CHANGED"}


def test_a_report_in_words_needs_no_outline(study: Study) -> None:
    report = study.report(study.volume(1))
    report.ConceptNameCodeSequence[0].CodeValue = "18748-4"
    assert study.findings(report) == set()
    assert list(check_reports([Checked(KIND, study.read.dataset)], study.headers)) == []
