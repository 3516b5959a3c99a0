"""What a build gives: kinds, series, identity, words, UIDs."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest

from inference.result import Analysis, NotAssessable
from inference.sij_mri import Role
from inference.types import Side
from reporting.objects.identity import legal_date, legal_time
from reporting.outputs import Outputs
from reporting.types import Predecessor
from reporting.uids import derived_uid
from reporting.words import ascii_text
from tests.factories.analysis import (
    STARTED,
    as_analysis,
    build_outputs,
    gate_findings,
    make_analysis,
    make_reading,
    not_applicable,
    without_frame_of_reference,
    write_results,
)


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
    return build_outputs(analysis)


def test_every_kind_in_a_series_of_its_own(outputs: Outputs) -> None:
    assert kinds(outputs) == [
        "sc-heat",
        "sc-summary",
        "seg-anatomy",
        "seg-edema",
        "sr-measurements",
        "sr-root",
        "sr-text",
    ]
    series = {(item.kind, item.series_instance_uid) for item in outputs.objects}
    assert len(series) == 7 == len({uid for _, uid in series})
    assert {int(item.dataset.SeriesNumber) for item in outputs.objects} == {901, 902, 903, 904, 905, 911}


def test_every_segment_has_its_label(outputs: Outputs) -> None:
    labels = [str(s.SegmentLabel) for kind in ("seg-anatomy", "seg-edema") for s in one(outputs, kind).SegmentSequence]
    assert labels == [
        "Sacroiliac bone region", "Left sacroiliac joint band", "Right sacroiliac joint band",
        "Left bone marrow edema at the joint", "Right bone marrow edema at the joint",
        "Left bone marrow edema, deep", "Right bone marrow edema, deep",
    ]  # fmt: skip


def test_empty_segments_are_left_out_and_numbered_from_one(tmp_path: Path) -> None:
    outputs = build_outputs(make_analysis(tmp_path, edema=(False, True)))
    segments = one(outputs, "seg-edema").SegmentSequence
    assert [(int(s.SegmentNumber), str(s.SegmentLabel)) for s in segments] == [
        (1, "Right bone marrow edema at the joint"),
        (2, "Right bone marrow edema, deep"),
    ]


def test_no_edema_no_edema_object(tmp_path: Path) -> None:
    outputs = build_outputs(make_analysis(tmp_path, edema=(False, False)))
    assert "seg-edema" not in kinds(outputs)
    assert "seg-anatomy" in kinds(outputs)


def test_every_build_mints_its_uids_and_keeps_what_is_tracked(analysis: Analysis, outputs: Outputs) -> None:
    again = build_outputs(analysis, revision=2)
    first, second = ({item.sop_instance_uid for item in one.objects} for one in (outputs, again))
    assert len(first) == len(second) == len(outputs.objects) and not first & second
    assert not {item.series_instance_uid for item in outputs.objects} & {
        item.series_instance_uid for item in again.objects
    }
    assert tracked(outputs) == tracked(again)


def tracked(outputs: Outputs) -> dict[str, str]:
    """Tracking UID by tracking identifier, of segmentations and reports alike."""
    found = {}
    for item in outputs.objects:
        for segment in item.dataset.get("SegmentSequence", ()):
            found[str(segment.TrackingID)] = str(segment.TrackingUID)
        for group in groups_of(item.dataset):
            parts = {str(part.ConceptNameCodeSequence[0].CodeValue): part for part in group.ContentSequence}
            name, uid = str(parts["112039"].TextValue), str(parts["112040"].UID)
            assert found.setdefault(name, uid) == uid
    return found


def groups_of(dataset):
    """Measurement groups of a report."""
    for container in dataset.get("ContentSequence", ()):
        for group in container.get("ContentSequence", ()):
            if group.ConceptNameCodeSequence[0].CodeValue == "125007":
                yield group


def test_a_finding_is_followed_over_a_patients_studies_where_the_site_has_a_salt(tmp_path: Path) -> None:
    here = make_analysis(tmp_path, with_fluid=False)
    later = replace(here, study_instance_uid="2.25.4444")
    apart = [tracked(build_outputs(one)) for one in (here, later)]
    assert apart[0].keys() == apart[1].keys() and not set(apart[0].values()) & set(apart[1].values())
    same, other = (tracked(build_outputs(later, site_salt=salt)) for salt in ("here", "elsewhere"))
    assert tracked(build_outputs(here, site_salt="here")) == same
    assert not set(same.values()) & set(other.values())


@pytest.mark.parametrize("patient", ["", None])
def test_nobody_in_particular_is_never_followed(tmp_path: Path, patient: str | None) -> None:
    here = make_analysis(tmp_path, with_fluid=False, header={"PatientID": patient})
    known = tracked(build_outputs(here, site_salt="here"))
    later = tracked(build_outputs(replace(here, study_instance_uid="2.25.4444"), site_salt="here"))
    assert not set(known.values()) & set(later.values())


def test_other_model_other_device(analysis: Analysis, outputs: Outputs) -> None:
    other = build_outputs(replace(analysis, bundle=replace(analysis.bundle, digest="cd" * 32)))
    again = build_outputs(analysis)
    devices = [one(o, "sr-root").ContributingEquipmentSequence[-1].DeviceUID for o in (outputs, other, again)]
    assert devices[0] == devices[2] != devices[1]


def test_series_numbers_count_from_the_base(analysis: Analysis) -> None:
    numbers = {item.series_number for item in build_outputs(analysis, series_base=940).objects}
    assert numbers == {941, 942, 943, 944, 945, 951}


def test_each_report_names_the_one_that_it_follows_and_nothing_else_does(analysis: Analysis, outputs: Outputs) -> None:
    earlier = [
        Predecessor(item.kind, item.sop_class_uid, item.sop_instance_uid, item.series_instance_uid)
        for item in outputs.objects
        if item.dataset.Modality == "SR"
    ]
    later = build_outputs(analysis, predecessors=earlier)
    for item in later.objects:
        named = [
            str(instance.ReferencedSOPInstanceUID)
            for study in item.dataset.get("PredecessorDocumentsSequence", ())
            for series in study.ReferencedSeriesSequence
            for instance in series.ReferencedSOPSequence
        ]
        assert named == [one.sop_instance_uid for one in earlier if one.kind == item.kind]
    assert gate_findings(later.objects, analysis, predecessors=earlier) == ()
    assert {finding.code for finding in gate_findings(later.objects, analysis)} == {"REFERENCE_UNKNOWN"}
    assert not any("PredecessorDocumentsSequence" in item.dataset for item in outputs.objects)


def test_everything_says_research(outputs: Outputs) -> None:
    for item in outputs.objects:
        assert item.dataset.ContentQualification == "RESEARCH"
        assert item.description and len(item.description) <= 64
        if item.dataset.Modality == "SR":
            flags = item.dataset.CompletionFlag, item.dataset.VerificationFlag, item.dataset.PreliminaryFlag
            assert flags == ("COMPLETE", "UNVERIFIED", "PRELIMINARY")
            assert "AI RESEARCH RESULT - NOT FOR DIAGNOSIS" in text_of(item.dataset)
    section = next(i for i in one(outputs, "sr-text").ContentSequence if i.ValueType == "CONTAINER")
    assert section.ContentSequence[0].TextValue == "AI RESEARCH RESULT - NOT FOR DIAGNOSIS"


def test_text_report_says_what_a_reader_needs(outputs: Outputs) -> None:
    text = text_of(one(outputs, "sr-text"))
    for words in (
        "simulated lesions",
        "Early",
        "0.78",
        "Counted for the rule, left",
        "not a medical device",
        "SHA-256",
    ):
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
    assert {source.sop_instance_uid for images in analysis.images for source in images.sources} <= named


def test_captures_keep_the_source_geometry(analysis: Analysis, outputs: Outputs) -> None:
    captures = [item.dataset for item in outputs.objects if item.kind == "sc"]
    page, heats = captures[0], captures[1:]
    assert (page.InstanceNumber, page.Rows, page.Columns) == (1, 1200, 1600)
    explained, t1 = analysis.heatmaps[0].planes, analysis.of_role(Role.T1W)
    assert len(heats) == len(explained) > 0
    for heat, plane in zip(heats, explained, strict=True):
        assert np.allclose([float(v) for v in heat.ImagePositionPatient], t1.grid.positions_mm[plane], atol=1e-3)
        assert heat.SourceImageSequence[0].ReferencedSOPInstanceUID == t1.sources[plane].sop_instance_uid
        assert heat.pixel_array.shape == (*t1.shape[1:], 3)
    colorful = np.ptp(heats[0].pixel_array.astype(int), axis=2) > 40
    assert colorful.mean() > 0.01, "the heatmap must show over the gray image"


@pytest.mark.parametrize("missing", ["t1", "fluid"])
def test_one_series_alone_still_gives_what_it_allows(tmp_path: Path, missing: str) -> None:
    analysis = make_analysis(tmp_path, with_t1=missing != "t1", with_fluid=missing != "fluid")
    outputs = build_outputs(analysis)
    assert {"sr-root", "sr-text", "sc-summary", "seg-anatomy"} <= set(kinds(outputs))
    assert ("seg-edema" in kinds(outputs)) is (missing == "t1")
    text = text_of(one(outputs, "sr-text"))
    assert "none was read" in text
    reference = one(outputs, "seg-anatomy").ReferencedSeriesSequence[0].SeriesInstanceUID
    assert reference == analysis.images[0].series_instance_uid


def said_of(outputs: Outputs) -> list[tuple[str, str, str]]:
    """Name, value and reason of every coded statement of the study's report."""
    return [
        (
            str(part.ConceptNameCodeSequence[0].CodeValue),
            str(part.ConceptCodeSequence[0].CodeValue),
            " ".join(str(reason.TextValue) for reason in part.get("ContentSequence", ()) if reason.ValueType == "TEXT"),
        )
        for group in groups_of(one(outputs, "sr-root"))
        for part in group.ContentSequence
        if part.ValueType == "CODE"
    ]


def test_what_could_not_be_judged_is_not_assessable_with_its_reason_and_never_absent(
    tmp_path: Path, outputs: Outputs
) -> None:
    alone = build_outputs(make_analysis(tmp_path, with_fluid=False))
    said = said_of(alone)
    names = {"ASAS_RULE", "BME_VOL"}
    because = [name for name, value, reason in said if value == "NOT_ASSESSABLE" and "fluid-sensitive" in reason]
    assert set(because) >= names
    assert because.count("ASAS_RULE") == 3 and because.count("BME_VOL") == 2, "the study, and each side"
    assert not any(name in names and value != "NOT_ASSESSABLE" for name, value, _ in said)
    whole = said_of(outputs)
    assert not any(value == "NOT_ASSESSABLE" for _, value, _ in whole)
    assert [name for name, _, _ in whole].count("ASAS_RULE") == 3


def test_a_joint_that_was_not_found_is_not_assessable_under_its_own_tracking_identifier(tmp_path: Path) -> None:
    analysis = make_analysis(tmp_path)
    reading = replace(make_reading(tmp_path), joints=make_reading(tmp_path).joints[:1])
    missing = as_analysis(reading)
    size = missing.measurement("joint-volume", Side.RIGHT)
    assert isinstance(size.value, NotAssessable)
    outputs = build_outputs(missing)
    groups = {str(group.ContentSequence[0].TextValue): group for group in groups_of(one(outputs, "sr-root"))}
    assert set(groups) >= {"AXSPA-STUDY", "AXSPA-JOINT-RIGHT", "AXSPA-EDEMA-LEFT", "AXSPA-EDEMA-RIGHT"}
    assert "AXSPA-JOINT-LEFT" not in groups, "its own report says its volume"
    said = [part for part in groups["AXSPA-JOINT-RIGHT"].ContentSequence if part.ValueType == "CODE"]
    values = {p.ConceptNameCodeSequence[0].CodeValue: p.ConceptCodeSequence[0].CodeValue for p in said}
    assert values["118565006"] == "NOT_ASSESSABLE"
    assert tracked(build_outputs(analysis))["AXSPA-JOINT-RIGHT"] == tracked(outputs)["AXSPA-JOINT-RIGHT"]
    assert gate_findings(outputs.objects, missing) == ()


def test_without_frame_of_reference_reports_but_no_segmentation(tmp_path: Path) -> None:
    outputs = build_outputs(without_frame_of_reference(make_analysis(tmp_path)))
    assert kinds(outputs) == ["sc-summary", "sr-root", "sr-text"]
    assert "no frame of reference" in text_of(one(outputs, "sr-text"))


def test_not_applicable_gives_one_report_that_says_why(tmp_path: Path) -> None:
    analysis, headers = not_applicable(tmp_path)
    outputs = build_outputs(analysis, headers)
    assert [item.kind for item in outputs.objects] == ["sr-text"]
    assert "Not analysed: no series shows the sacroiliac joints" in text_of(outputs.objects[0].dataset)
    assert "only 3 slices in one orientation" in text_of(outputs.objects[0].dataset)
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
    index = build_outputs(make_analysis(tmp_path, flip=True)).summary["pictures"]
    assert index["t1"]["letters"] == {"left_edge": "L", "right_edge": "R"}


def test_overlay_pixels_are_those_of_the_mask(analysis: Analysis, outputs: Outputs) -> None:
    from io import BytesIO

    from PIL import Image

    picture = next(p for p in outputs.pictures if p.name == "fluid/edema/005.png")
    alpha = np.asarray(Image.open(BytesIO(picture.data)).convert("RGBA"))[..., 3]
    parts = [analysis.segment(key, side).mask[5] for key in ("edema", "edema-deep") for side in Side]
    assert np.array_equal(alpha > 0, np.any(parts, axis=0))


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
    assert found["Left bone marrow edema at the joint"] == pytest.approx(
        analysis.measurement("edema-volume", Side.LEFT).value, rel=1e-6
    )
    band, voxel_mm3 = analysis.segment("joint", Side.RIGHT).mask, analysis.of_role(Role.T1W).volume.voxel_volume_mm3
    assert found["Right sacroiliac joint band"] == pytest.approx(band.sum() * voxel_mm3, rel=1e-6)
    assert len(found) == 7


def test_words_of_others_keep_their_spelling_in_ascii() -> None:
    assert ascii_text("Edema \u2265 20 mm\u00b2 of \u4ed9 edema") == "Edema >= 20 mm2 of ? edema"


def test_naive_start_is_refused(analysis: Analysis) -> None:
    with pytest.raises(ValueError, match="time zone"):
        build_outputs(analysis, started=STARTED.replace(tzinfo=None))


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
    for image in analysis.of_role(Role.T1W).sources:
        image.path.write_bytes(image.path.read_bytes().replace(b"ISO_IR 192", b" " * 10))
        assert not pydicom.dcmread(image.path).SpecificCharacterSet
    files = write_results(analysis, tmp_path / "results")
    assert str(pydicom.dcmread(files["sr-text"][0]).PatientName) == "Иванов^Иван"
