"""What is made on request: key objects, presentation states, the PDF and the parametric map, read back from bytes."""

import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pydicom
import pytest
from highdicom.ko import KeyObjectSelectionDocument
from highdicom.pm import ParametricMap
from pydicom.dataset import Dataset
from pydicom.uid import EnhancedMRImageStorage, MRImageStorage

from inference.result import Analysis
from inference.sij_mri import Role
from reporting.gate import check
from reporting.kinds import default_kinds, every_kind, expected_kinds
from reporting.language import find_language
from reporting.objects import pdf
from reporting.objects.outlines import edges
from reporting.objects.pdf import write_pdf
from reporting.objects.shading import alike, shadings
from reporting.outputs import Outputs, build
from reporting.presentation import Report
from reporting.sij_mri import SacroiliacPresentation
from reporting.writer import encode
from tests.factories import dicom
from tests.factories.analysis import (
    STARTED,
    build_outputs,
    gate_findings,
    make_analysis,
    not_applicable,
    with_enhanced_t1,
    without_frame_of_reference,
)
from tests.factories.examples import EXAMPLES

ASKED = ("ko", "pr", "pdf", "pm")
KINDS = default_kinds(SacroiliacPresentation()) | set(ASKED)
GERMAN = find_language("de")
OF_DEFAULT = {key for group in SacroiliacPresentation().groups if group.default for key in group.keys}
"""What the segmentations of the default set show."""


@pytest.fixture(scope="module")
def analysis(tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    return make_analysis(tmp_path_factory.mktemp("study"), header={"WindowCenter": ["500", "40"], "WindowWidth": "400"})


@pytest.fixture(scope="module")
def outputs(analysis: Analysis) -> Outputs:
    return build_outputs(analysis, kinds=KINDS)


def read(outputs: Outputs, kind: str) -> list[Dataset]:
    """The objects of a kind as a peer reads them."""
    return [pydicom.dcmread(BytesIO(encode(one.dataset))) for one in outputs.objects if one.kind == kind]


def test_they_are_made_only_where_they_are_asked_for(analysis: Analysis, outputs: Outputs) -> None:
    presentation = SacroiliacPresentation()
    assert set(ASKED) <= set(every_kind(presentation)) and not set(ASKED) & default_kinds(presentation)
    assert not {one.kind for one in build_outputs(analysis).objects} & set(ASKED)
    asked = [one for one in outputs.objects if one.kind in ASKED]
    assert [one.kind for one in asked] == ["ko", "pr", "pr", "pdf", "pm"]
    assert [one.series_number for one in asked] == [910, 911, 911, 912, 913]
    assert [one.description for one in asked] == [
        "AI key images", "AI outlines (GSPS)", "AI outlines (GSPS)", "AI report (PDF)", "AI heat values"
    ]  # fmt: skip
    assert gate_findings(outputs.objects, analysis, kinds=KINDS) == ()


def test_the_gate_misses_one_that_was_asked_for(analysis: Analysis, outputs: Outputs) -> None:
    without = [one for one in outputs.objects if one.kind != "pm"]
    assert "OBJECT_MISSING" in {one.code for one in gate_findings(without, analysis, kinds=KINDS)}
    unasked = gate_findings(outputs.objects, analysis, kinds=KINDS - {"pm"})
    assert [(one.code, one.object_kind) for one in unasked] == [("OBJECT_UNEXPECTED", "pm")]


def test_a_study_that_was_not_analysed_has_the_text_alone(tmp_path: Path) -> None:
    analysis, headers = not_applicable(tmp_path)
    assert [one.kind for one in build_outputs(analysis, headers, kinds=KINDS).objects] == ["sr-text"]


def test_images_without_a_place_have_outlines_but_no_map(analysis: Analysis) -> None:
    unplaced = without_frame_of_reference(analysis)
    made = build_outputs(unplaced, kinds=KINDS)
    counts = {kind: len(read(made, kind)) for kind in ASKED}
    assert counts == {"ko": 1, "pr": 2, "pdf": 1, "pm": 0}
    assert gate_findings(made.objects, unplaced, kinds=KINDS) == ()


def test_without_key_slices_there_are_no_key_objects(analysis: Analysis) -> None:
    without = replace(analysis, key_slices=())
    assert expected_kinds(without, SacroiliacPresentation(), {"ko"}) == {}
    assert read(build_outputs(without, kinds={"ko"}), "ko") == []


def test_key_objects_name_the_slices_to_look_at_first(analysis: Analysis, outputs: Outputs) -> None:
    (dataset,) = read(outputs, "ko")
    document = KeyObjectSelectionDocument.from_dataset(dataset)
    assert dataset.ConceptNameCodeSequence[0].CodeValue == "113000"
    images = [item for item in dataset.ContentSequence if item.ValueType == "IMAGE"]
    wanted = [analysis.of_role(one.role).sources[one.plane].sop_instance_uid for one in analysis.key_slices]
    named = [str(item.ReferencedSOPSequence[0].ReferencedSOPInstanceUID) for item in images]
    assert named == list(dict.fromkeys(wanted)) and len(named) == 3
    assert not any("ConceptNameCodeSequence" in item for item in images)
    assert {str(document.resolve_reference(uid)[2]) for uid in named} == set(named)
    text = next(
        str(i.TextValue) for i in dataset.ContentSequence if i.ValueType == "TEXT" and "RESEARCH" in i.TextValue
    )
    assert text.count("\n") == len(wanted) and "image 5): most edema at the joints" in text


def test_outlines_stand_where_the_segments_are(analysis: Analysis, outputs: Outputs) -> None:
    states = read(outputs, "pr")
    assert len(states) == len(analysis.images)
    for state, images in zip(states, analysis.images, strict=True):
        segments = [one for one in analysis.segments if one.role == images.role and one.key in OF_DEFAULT]
        planes = {image.sop_instance_uid: plane for plane, image in enumerate(images.sources)}
        layers = {layer.GraphicLayer: layer.GraphicLayerDescription for layer in state.GraphicLayerSequence}
        assert len(layers) == len(segments) + 1
        drawn = {layer: np.zeros(images.shape, bool) for layer in layers}
        for annotation in state.GraphicAnnotationSequence[1:]:
            plane = planes[annotation.ReferencedImageSequence[0].ReferencedSOPInstanceUID]
            for line in annotation.GraphicObjectSequence:
                assert line.GraphicType == "POLYLINE" and line.GraphicAnnotationUnits == "PIXEL"
                points = np.reshape(line.GraphicData, (-1, 2))
                assert np.array_equal(points[0], points[-1]) and len(points) == line.NumberOfGraphicPoints
                drawn[annotation.GraphicLayer][plane] |= filled(points, images.shape[1:])
        for number, segment in enumerate(segments, 1):
            differ = drawn[f"SEGMENT_{number}"] ^ segment.mask
            assert differ.sum() <= 0.05 * segment.mask.sum(), layers[f"SEGMENT_{number}"]


def filled(points: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Pixels whose center lies within an outline."""
    canvas = np.zeros([9 * size for size in shape], np.uint8)  # fine, since the line itself is filled as well
    cv2.fillPoly(canvas, [np.rint(points * 9 - 0.5).astype(np.int32)], 1)
    return canvas[4::9, 4::9].astype(bool)


def test_an_outline_of_one_pixel_goes_around_it_and_a_hole_has_its_own() -> None:
    mask = np.zeros((6, 8), bool)
    mask[2, 5] = True
    (points,) = edges(mask)
    assert np.allclose(points.min(axis=0), (5, 2), atol=0.2) and np.allclose(points.max(axis=0), (6, 3), atol=0.2)
    ring = np.ones((6, 8), bool)
    ring[2:4, 3:5] = False
    assert len(edges(ring)) == 2
    assert edges(np.zeros((6, 8), bool)) == []


def test_the_word_research_stands_out_of_the_corners_on_every_image(outputs: Outputs) -> None:
    for state in read(outputs, "pr"):
        text = state.GraphicAnnotationSequence[0]
        assert "ReferencedImageSequence" not in text
        (line,) = text.TextObjectSequence
        assert line.UnformattedTextValue == "RESEARCH - NOT FOR DIAGNOSIS"
        left, right = line.BoundingBoxTopLeftHandCorner[0], line.BoundingBoxBottomRightHandCorner[0]
        assert line.BoundingBoxAnnotationUnits == "DISPLAY" and 0.2 < left < right < 0.8


def test_the_window_is_the_first_of_the_source(outputs: Outputs) -> None:
    for state in read(outputs, "pr"):
        (window,) = state.SoftcopyVOILUTSequence
        assert (window.WindowCenter, window.WindowWidth) == (500, 400)
        assert (state.RescaleSlope, state.RescaleIntercept) == (1, 0)
        assert state.PresentationLUTShape == "IDENTITY"


def test_each_image_keeps_its_own_window_and_rescale(tmp_path: Path) -> None:
    analysis = make_analysis(tmp_path, with_fluid=False, header={"RescaleSlope": "2", "RescaleIntercept": "10"})
    images = analysis.of_role(Role.T1W)
    for number, window in ((0, ("600", "300")), (1, ("", "")), (2, ("600", "0"))):
        path = images.sources[number].path
        more = {"RescaleSlope": "4"} if number == 0 else {}
        changed = dicom.change(pydicom.dcmread(path), WindowCenter=window[0], WindowWidth=window[1], **more)
        dicom.save(changed, path)
    found = shadings(images)
    assert (found[0].slope, found[0].center, found[0].width) == (4, 600, 300)
    fitting = {(one.center, one.width) for one in found[1:]}
    assert len(fitting) == 1 and 200 < next(iter(fitting))[0] < 1000, "where there is none, one that fits the series"
    same = alike(found)
    assert {(one.slope, one.intercept) for one in same} == {(1.0, 0.0)}, "a state has one rescale for all"
    assert (same[0].center, same[0].width) == ((600 - 10) / 4, 300 / 4)
    assert alike(found[1:]) == found[1:]
    (state,) = read(build_outputs(analysis, kinds={"pr"}), "pr")
    named = [[one.ReferencedSOPInstanceUID for one in w.ReferencedImageSequence] for w in state.SoftcopyVOILUTSequence]
    assert sorted(map(len, named)) == [1, len(images.sources) - 1]
    assert images.sources[0].sop_instance_uid in min(named, key=len)


def test_the_map_holds_the_values_of_the_planes_that_were_explained(analysis: Analysis) -> None:
    first = analysis.heatmaps[0]
    values = first.values * np.linspace(0.1, 1.0, len(first.values), dtype=np.float32)[:, None, None]
    heat = replace(first, values=values)
    (dataset,) = read(build_outputs(replace(analysis, heatmaps=(heat,)), kinds={"pm"}), "pm")
    images = analysis.of_role(heat.role)
    planes = {image.sop_instance_uid: plane for plane, image in enumerate(images.sources)}
    assert dataset.pixel_array.dtype == np.float32 and isinstance(ParametricMap.from_dataset(dataset), ParametricMap)
    held = set()
    for pixels, frame in zip(dataset.pixel_array, dataset.PerFrameFunctionalGroupsSequence, strict=True):
        source = frame.DerivationImageSequence[0].SourceImageSequence[0]
        assert source.ReferencedSOPClassUID == MRImageStorage
        plane = planes[source.ReferencedSOPInstanceUID]
        position = np.array(frame.PlanePositionSequence[0].ImagePositionPatient, float)
        assert np.allclose(position, images.grid.positions_mm[plane], atol=1e-3)
        assert np.array_equal(pixels, heat.values[plane])
        held.add(plane)
    assert held == set(heat.planes)


def test_the_map_says_what_its_values_are_and_where(analysis: Analysis, outputs: Outputs) -> None:
    (dataset,) = read(outputs, "pm")
    shared = dataset.SharedFunctionalGroupsSequence[0]
    mapping = shared.RealWorldValueMappingSequence[0]
    quantity = mapping.QuantityDefinitionSequence[0].ConceptCodeSequence[0]
    assert (quantity.CodeValue, quantity.CodingSchemeDesignator) == ("130403", "DCM")
    assert (mapping.RealWorldValueSlope, mapping.RealWorldValueIntercept) == (1, 0)
    anatomy = shared.FrameAnatomySequence[0]
    assert anatomy.FrameLaterality == "B" and anatomy.AnatomicRegionSequence[0].CodeValue == "39723000"


def test_frames_of_one_instance_are_named_as_frames(tmp_path: Path) -> None:
    analysis = with_enhanced_t1(tmp_path)
    made = build_outputs(analysis, kinds=KINDS)
    assert gate_findings(made.objects, analysis, kinds=KINDS) == ()
    images = analysis.of_role(Role.T1W)
    (selection,) = (item for item in read(made, "ko")[0].ContentSequence if item.ValueType == "IMAGE")
    reference = selection.ReferencedSOPSequence[0]
    assert reference.ReferencedSOPClassUID == EnhancedMRImageStorage
    assert list(reference.ReferencedFrameNumber) == [images.sources[one.plane].frame for one in analysis.key_slices]
    state = read(made, "pr")[0]
    frames = {int(one.ReferencedImageSequence[0].ReferencedFrameNumber) for one in state.GraphicAnnotationSequence[1:]}
    segments = [one for one in analysis.segments if one.role == Role.T1W and one.key in OF_DEFAULT]
    planes = {int(plane) for one in segments for plane in np.flatnonzero(one.mask.any(axis=(1, 2)))}
    assert frames == {images.sources[plane].frame for plane in planes}
    groups = read(made, "pm")[0].PerFrameFunctionalGroupsSequence
    named = {int(one.DerivationImageSequence[0].SourceImageSequence[0].ReferencedFrameNumber) for one in groups}
    assert named == {images.sources[plane].frame for plane in analysis.heatmaps[0].planes}


def test_the_pdf_lies_in_its_object_and_names_its_sources(analysis: Analysis, outputs: Outputs) -> None:
    (dataset,) = read(outputs, "pdf")
    document = dataset.EncapsulatedDocument[: dataset.EncapsulatedDocumentLength]
    assert document.startswith(b"%PDF-1.") and document.rstrip().endswith(b"%%EOF")
    assert dataset.MIMETypeOfEncapsulatedDocument == "application/pdf" and dataset.Modality == "DOC"
    sources = {str(one.ReferencedSOPInstanceUID) for one in dataset.SourceInstanceSequence}
    assert sources == {source.sop_instance_uid for images in analysis.images for source in images.sources}
    assert b"Subject" not in b"".join(texts(document)), "the patient is named by the object alone"
    assert any(b"AI RESEARCH RESULT" in text for text in texts(document))
    assert document.count(b"/DCTDecode") == 1, "the summary page is a picture"


REPORT = Report("Ödem & <Größe>", ("Größe 3,5 ml",), ("Nur für die Forschung.",), ("Ärger",), ("Gesäß",))


def test_a_pdf_is_the_same_twice_and_brings_letters_and_fonts_along() -> None:
    at = datetime(2026, 3, 4, 11, 30, 15, tzinfo=UTC)
    one, two = (write_pdf(REPORT, language=GERMAN, title="Bericht", made_by=("Software 1",), at=at) for _ in range(2))
    assert one == two
    assert one != write_pdf(REPORT, language=GERMAN, title="Bericht", made_by=("Software 2",), at=at)
    assert b"D:20260304113015+00'00'" in one
    fonts = set(re.findall(rb"/BaseFont /([\w+-]+)", one))
    assert fonts and all(b"+BitstreamVera" in font for font in fonts), "no font is left to the reader"
    assert one.count(b"/FontFile2") == len(fonts)
    letters = b"".join(texts(one)).lower()
    assert all(f"<{ord(letter):04x}>".encode() in letters for letter in "ößäü")


def texts(document: bytes) -> list[bytes]:
    """The streams of a PDF that are compressed text: pages and tables of letters."""
    streams = re.findall(rb"/FlateDecode[^>]*>>\s*stream\r?\n(.*?)endstream", document, re.DOTALL)
    return [zlib.decompressobj().decompress(stream) for stream in streams]


def test_a_pdf_states_the_time_of_the_analysis(outputs: Outputs) -> None:
    (dataset,) = read(outputs, "pdf")
    assert f"{STARTED:D:%Y%m%d}".encode() in dataset.EncapsulatedDocument


@pytest.mark.parametrize("name", EXAMPLES)
def test_other_applications_give_what_they_have(tmp_path: Path, name: str) -> None:
    made = EXAMPLES[name](tmp_path)
    kinds = default_kinds(made.words) | set(ASKED)
    options = {"presentation": made.words, "revision": 1, "software_version": "1", "started": STARTED}
    objects = build(made.analysis, made.source, kinds=kinds, **options).objects
    assert check(objects, made.analysis, presentation=made.words, source=made.source, kinds=kinds) == ()
    assert {one.kind for one in objects} & set(ASKED) == EXPECTED[name]


EXPECTED = {"levels": {"ko", "pdf"}, "threshold": set(ASKED), "picture": {"ko", "pdf"}}


def test_a_pdf_says_that_it_lacks_letters_where_it_does() -> None:
    at, lacking = datetime(2026, 3, 4, tzinfo=UTC), GERMAN.say("letters-lacking")
    for name, told in (("Größe", False), ("Серия 仙", True)):
        with written() as paragraphs:
            write_pdf(replace(REPORT, findings=(name,)), language=GERMAN, title="Bericht", made_by=(), at=at)
        assert (lacking in paragraphs) is told and (name in paragraphs) is not told
        assert ("????? ?" in paragraphs) is told


@contextmanager
def written() -> Iterator[list[str]]:
    """The paragraphs of a PDF."""
    paragraphs: list[str] = []
    make = pdf.Paragraph

    def paragraph(text: str, style: Any) -> Any:
        paragraphs.append(text)
        return make(text, style)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pdf, "Paragraph", paragraph)
        yield paragraphs
