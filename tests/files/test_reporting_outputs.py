"""What a build gives: kinds, series, identity, words, UIDs."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest

from inference.sij_mri.types import Analysis, Stage
from inference.types import Side
from reporting.objects.sources import legal_date, legal_time
from reporting.outputs import Outputs, build
from reporting.sij_mri.report import ascii_text, describe
from reporting.uids import derived_uid
from tests.factories.analysis import (
    STARTED,
    headers_of,
    make_analysis,
    not_applicable,
    without_frame_of_reference,
    write_results,
)


def outputs_of(analysis: Analysis, revision: int = 1) -> Outputs:
    return build(analysis, headers_of(analysis), revision=revision, software_version="0.1.0", started=STARTED)


def kinds(outputs: Outputs) -> list[str]:
    return sorted({item.kind for item in outputs.objects})


def one(outputs: Outputs, kind: str):
    return next(item.dataset for item in outputs.objects if item.kind == kind)


def text_of(dataset) -> str:
    lines = []
    for item in dataset.get("ContentSequence", ()):
        if item.ValueType == "TEXT":
            lines.append(str(item.TextValue))
        lines.append(text_of(item))
    return "\n".join(line for line in lines if line)


@pytest.fixture(scope="module")
def analysis(tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    return make_analysis(tmp_path_factory.mktemp("study"))


@pytest.fixture(scope="module")
def outputs(analysis: Analysis) -> Outputs:
    return outputs_of(analysis)


def test_every_kind_in_a_series_of_its_own(outputs: Outputs) -> None:
    assert kinds(outputs) == ["sc", "seg-anatomy", "seg-edema", "sr-measurements", "sr-root", "sr-text"]
    series = {(item.kind, item.series_instance_uid) for item in outputs.objects}
    assert len(series) == 6 == len({uid for _, uid in series})
    assert {int(item.dataset.SeriesNumber) for item in outputs.objects} == {901, 902, 903, 904, 905, 911}


def test_five_segment_labels(outputs: Outputs) -> None:
    labels = [str(s.SegmentLabel) for kind in ("seg-anatomy", "seg-edema") for s in one(outputs, kind).SegmentSequence]
    assert labels == [
        "Sacroiliac bone region", "Left sacroiliac joint", "Right sacroiliac joint",
        "Left bone marrow edema", "Right bone marrow edema",
    ]  # fmt: skip


def test_empty_segments_are_left_out_and_numbered_from_one(tmp_path: Path) -> None:
    outputs = outputs_of(make_analysis(tmp_path, edema=(False, True)))
    segments = one(outputs, "seg-edema").SegmentSequence
    assert [(int(s.SegmentNumber), str(s.SegmentLabel)) for s in segments] == [(1, "Right bone marrow edema")]


def test_no_edema_no_edema_object(tmp_path: Path) -> None:
    outputs = outputs_of(make_analysis(tmp_path, edema=(False, False)))
    assert "seg-edema" not in kinds(outputs)
    assert "seg-anatomy" in kinds(outputs)


def test_same_build_same_uids_other_revision_other_uids(analysis: Analysis, outputs: Outputs) -> None:
    again, later = outputs_of(analysis), outputs_of(analysis, revision=2)
    uids = [item.sop_instance_uid for item in outputs.objects]
    assert uids == [item.sop_instance_uid for item in again.objects]
    assert not set(uids) & {item.sop_instance_uid for item in later.objects}


def test_other_model_other_device(analysis: Analysis, outputs: Outputs) -> None:
    other = outputs_of(replace(analysis, model=replace(analysis.model, digest="cd" * 32)))
    devices = [one(o, "sr-root").ContributingEquipmentSequence[-1].DeviceUID for o in (outputs, other)]
    assert devices[0] != devices[1]
    assert one(outputs, "sr-root").SOPInstanceUID != one(other, "sr-root").SOPInstanceUID


def test_everything_says_research(outputs: Outputs) -> None:
    for item in outputs.objects:
        assert item.dataset.ContentQualification == "RESEARCH"
        assert item.description.startswith("AI RESEARCH: ") and len(item.description) <= 64
        if item.dataset.Modality == "SR":
            flags = item.dataset.CompletionFlag, item.dataset.VerificationFlag, item.dataset.PreliminaryFlag
            assert flags == ("COMPLETE", "UNVERIFIED", "PRELIMINARY")
            assert "AI RESEARCH RESULT - NOT FOR DIAGNOSIS" in text_of(item.dataset)
    section = next(i for i in one(outputs, "sr-text").ContentSequence if i.ValueType == "CONTAINER")
    assert section.ContentSequence[0].TextValue == "AI RESEARCH RESULT - NOT FOR DIAGNOSIS"


def test_text_report_says_what_a_reader_needs(outputs: Outputs) -> None:
    text = text_of(one(outputs, "sr-text"))
    for words in ("simulated lesions", "Early", "0.91", "patient's left", "not a medical device", "SHA-256"):
        assert words in text
    assert text.isascii()


def test_root_names_all_other_objects_and_the_source(analysis: Analysis, outputs: Outputs) -> None:
    root = one(outputs, "sr-root")
    named = {
        str(instance.ReferencedSOPInstanceUID)
        for study in root.CurrentRequestedProcedureEvidenceSequence
        for series in study.ReferencedSeriesSequence
        for instance in series.ReferencedSOPSequence
    }
    assert {item.sop_instance_uid for item in outputs.objects if item.kind != "sr-root"} <= named
    assert {image.sop_instance_uid for v in (analysis.t1, analysis.fluid) for image in v.images} <= named


def test_captures_keep_the_source_geometry(analysis: Analysis, outputs: Outputs) -> None:
    captures = [item.dataset for item in outputs.objects if item.kind == "sc"]
    page, heats = captures[0], captures[1:]
    assert (page.InstanceNumber, page.Rows, page.Columns) == (1, 1200, 1600)
    assert len(heats) == len(analysis.joint_slices)
    for heat, index in zip(heats, analysis.joint_slices, strict=True):
        assert np.allclose([float(v) for v in heat.ImagePositionPatient], analysis.t1.positions_mm[index], atol=1e-3)
        assert heat.SourceImageSequence[0].ReferencedSOPInstanceUID == analysis.t1.images[index].sop_instance_uid
        assert heat.pixel_array.shape == (*analysis.t1.shape[1:], 3)
    colourful = np.ptp(heats[0].pixel_array.astype(int), axis=2) > 40
    assert colourful.mean() > 0.01, "the heatmap must show over the grey image"


@pytest.mark.parametrize("missing", ["t1", "fluid"])
def test_one_series_alone_still_gives_what_it_allows(tmp_path: Path, missing: str) -> None:
    analysis = make_analysis(tmp_path, with_t1=missing != "t1", with_fluid=missing != "fluid")
    outputs = outputs_of(analysis)
    assert {"sr-root", "sr-text", "sc", "seg-anatomy"} <= set(kinds(outputs))
    assert ("seg-edema" in kinds(outputs)) is (missing == "t1")
    text = text_of(one(outputs, "sr-text"))
    assert "no such series was found" in text
    reference = one(outputs, "seg-anatomy").ReferencedSeriesSequence[0].SeriesInstanceUID
    assert reference == (analysis.t1 or analysis.fluid).series_instance_uid


def test_without_frame_of_reference_reports_but_no_segmentation(tmp_path: Path) -> None:
    outputs = outputs_of(without_frame_of_reference(make_analysis(tmp_path)))
    assert kinds(outputs) == ["sc", "sr-root", "sr-text"]
    assert "no frame of reference" in text_of(one(outputs, "sr-text"))


def test_not_applicable_gives_one_report_that_says_why(tmp_path: Path) -> None:
    analysis, headers = not_applicable(tmp_path)
    outputs = build(analysis, headers, revision=1, software_version="0.1.0", started=STARTED)
    assert [item.kind for item in outputs.objects] == ["sr-text"]
    assert "Not analysed, because" in text_of(outputs.objects[0].dataset)
    assert "localizer of three slices" in text_of(outputs.objects[0].dataset)
    assert outputs.summary["status"] == "not_applicable"
    assert outputs.summary["reasons"] and not outputs.pictures


def test_summary_is_json_without_patient_data(outputs: Outputs) -> None:
    text = json.dumps(outputs.summary)
    summary = json.loads(text)
    for value in ("Test^Subject", "T-0001", "19800102", "ACC77"):
        assert value not in text
    assert summary["status"] == "result" and "research" in summary["research_only"].lower()
    assert summary["classification"]["stage"] == "Early"
    assert sum(summary["classification"]["stage_probabilities"].values()) == pytest.approx(1, abs=1e-3)
    assert len(summary["objects"]) == len(outputs.objects)
    assert [c["role"] for c in summary["selection"]["candidates"]] == ["T1W", "fluid-sensitive"]


def test_picture_index_names_every_picture(outputs: Outputs) -> None:
    index = outputs.summary["pictures"]
    named = [
        name for series in index.values() for layer in series["layers"].values() for name in layer if name is not None
    ]
    assert sorted(named) == sorted(picture.name for picture in outputs.pictures)
    for series in index.values():
        assert all(len(layer) == series["slices"] for layer in series["layers"].values())
    assert set(index["t1"]["layers"]) == {"base", "region", "joints", "heat", "gradcam"}
    assert set(index["fluid"]["layers"]) == {"base", "joints", "edema"}
    assert index["t1"]["letters"] == {"left_edge": "R", "right_edge": "L"}


def test_side_letters_follow_the_patient_not_the_columns(tmp_path: Path) -> None:
    index = outputs_of(make_analysis(tmp_path, flip=True)).summary["pictures"]
    assert index["t1"]["letters"] == {"left_edge": "L", "right_edge": "R"}


def test_overlay_pixels_are_those_of_the_mask(analysis: Analysis, outputs: Outputs) -> None:
    from io import BytesIO

    from PIL import Image

    picture = next(p for p in outputs.pictures if p.name == "fluid/edema/005.png")
    alpha = np.asarray(Image.open(BytesIO(picture.data)).convert("RGBA"))[..., 3]
    assert np.array_equal(alpha > 0, analysis.edema.left[5] | analysis.edema.right[5])


def test_measurements_name_the_segments_they_measure(analysis: Analysis, outputs: Outputs) -> None:
    tracking = {
        str(s.TrackingUID): str(s.SegmentLabel)
        for kind in ("seg-anatomy", "seg-edema")
        for s in one(outputs, kind).SegmentSequence
    }
    found = {}
    for container in one(outputs, "sr-measurements").ContentSequence:
        for group in container.get("ContentSequence", ()) if container.ValueType == "CONTAINER" else ():
            parts = {str(p.ConceptNameCodeSequence[0].CodeValue): p for p in group.ContentSequence}
            value = float(parts["118565006"].MeasuredValueSequence[0].NumericValue)
            found[tracking[str(parts["112040"].UID)]] = value
    assert found["Left bone marrow edema"] == pytest.approx(analysis.edema.left_mm3, rel=1e-6)
    band = analysis.joint(Side.RIGHT).band
    assert found["Right sacroiliac joint"] == pytest.approx(band.sum() * analysis.t1.voxel_volume_mm3, rel=1e-6)
    assert len(found) == 5


def test_an_uncertain_stage_is_called_uncertain(analysis: Analysis) -> None:
    vague = replace(analysis.prediction, stage=Stage.MODERATE, stage_probabilities=(0.3, 0.25, 0.25, 0.2))
    limits = describe(replace(analysis, prediction=vague)).limitations
    assert any("uncertain" in text and "Normal" in text for text in limits)
    assert not any("uncertain" in text for text in describe(analysis).limitations)


def test_words_of_others_come_in_one_spelling_and_in_ascii() -> None:
    assert ascii_text("Oedema \u2265 20 mm\u00b2 of \u4ed9 oedema") == "Edema >= 20 mm2 of ? edema"


def test_naive_start_is_refused(analysis: Analysis) -> None:
    with pytest.raises(ValueError, match="time zone"):
        build(
            analysis, headers_of(analysis), revision=1, software_version="0.1.0", started=STARTED.replace(tzinfo=None)
        )


def test_derived_uids_are_legal_and_differ() -> None:
    uids = {derived_uid("study", revision, kind) for revision in range(50) for kind in ("a", "b")}
    assert len(uids) == 100
    assert all(re.fullmatch(r"2\.25\.[1-9]\d{30,38}", uid) for uid in uids)


@pytest.mark.parametrize(
    ("value", "date"), [("20240229", "20240229"), ("2024.03.04", "20240304"), ("1990", ""), ("20230229", ""), ("", "")]
)
def test_dates(value: str, date: str) -> None:
    assert legal_date(value) == date


@pytest.mark.parametrize(
    ("value", "time"), [("101500", "101500"), ("10:15:00", "101500"), ("2515", ""), ("0915.5", "")]
)
def test_times(value: str, time: str) -> None:
    assert legal_time(value) == time


def test_a_name_without_a_character_set_keeps_its_bytes(tmp_path: Path) -> None:
    analysis = make_analysis(tmp_path, with_fluid=False, header={"PatientName": "Иванов^Иван"})
    for image in analysis.t1.images:
        image.path.write_bytes(image.path.read_bytes().replace(b"ISO_IR 192", b" " * 10))
        assert not pydicom.dcmread(image.path).SpecificCharacterSet
    files = write_results(analysis, tmp_path / "results")
    assert str(pydicom.dcmread(files["sr-text"][0]).PatientName) == "Иванов^Иван"
