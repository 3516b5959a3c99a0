"""What a build gives: kinds, series, identity, words, UIDs."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import UID

from inference.result import Analysis, Images, NotAssessable
from inference.sij_mri import Role
from inference.types import Side
from reporting.kinds import reports_among
from reporting.objects.document import DOCUMENTS
from reporting.objects.legal import legal_date, legal_time
from reporting.outputs import Outputs
from reporting.pictures import heat_of, prepare
from reporting.types import Predecessor
from reporting.uids import derived_uid
from tests.factories.analysis import (
    STARTED,
    as_analysis,
    build_outputs,
    gate_findings,
    make_analysis,
    make_reading,
    not_applicable,
    with_enhanced_t1,
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
    numbers = {item.kind: item.series_number for item in outputs.objects}
    assert numbers == {
        "sc-summary": 901,
        "sr-text": 902,
        "sr-edema": 903,
        "sr-joints": 904,
        "seg-edema": 905,
        "seg-joints": 906,
        "sc-heat": 907,
    }
    series = {(item.kind, item.series_instance_uid) for item in outputs.objects}
    assert len(series) == 7 == len({uid for _, uid in series})
    names = {item.kind: item.description for item in outputs.objects}
    assert names["sr-edema"] == "AI edema outlines, Sacroiliac joint MRI"
    assert all(name.startswith("AI ") and len(name.partition(",")[0]) <= 22 for name in names.values())


def test_what_is_read_first_is_newest_and_areas_state_no_time(outputs: Outputs) -> None:
    at = {item.kind: item.dataset.get("SeriesTime") for item in outputs.objects}
    order = ["sr-text", "sr-edema", "sr-joints", "sc-summary"]
    assert sorted(order, key=lambda kind: str(at[kind]), reverse=True) == order
    assert len({at[kind] for kind in order}) == len(order)
    assert at["seg-edema"] is at["seg-joints"] is None
    assert not any("SeriesDate" in item.dataset for item in outputs.objects if item.kind.startswith("seg-"))


def test_only_the_kinds_that_are_wanted_are_made(analysis: Analysis) -> None:
    wanted = {"seg-region", "sr-joints"}
    some = build_outputs(analysis, kinds=wanted)
    assert set(kinds(some)) == wanted and gate_findings(some.objects, analysis, kinds=wanted) == ()
    report = one(some, "sr-joints")
    assert some.objects[1].sop_instance_uid in evidence_of(report), "the report that is there leads"
    numbers = [name_of(part) for part in next(groups_of(report)).ContentSequence if part.ValueType == "NUM"]
    assert numbers == ["42798000", "118565006"], "the volume stands beside the outline where there is no segment"


def test_every_segment_has_its_label(outputs: Outputs) -> None:
    labels = [str(s.SegmentLabel) for kind in ("seg-joints", "seg-edema") for s in one(outputs, kind).SegmentSequence]
    assert labels == [
        "Left sacroiliac joint band", "Right sacroiliac joint band",
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
    assert not {"seg-edema", "sr-edema"} & set(kinds(outputs))
    assert {"seg-joints", "sr-joints"} <= set(kinds(outputs))


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
    devices = [one(o, "sr-edema").ContributingEquipmentSequence[-1].DeviceUID for o in (outputs, other, again)]
    assert devices[0] == devices[2] != devices[1]


def test_series_numbers_count_from_the_base(analysis: Analysis) -> None:
    numbers = {item.series_number for item in build_outputs(analysis, series_base=940).objects}
    assert numbers == {941, 942, 943, 944, 945, 946, 947}


def test_each_report_names_the_one_that_it_follows_and_nothing_else_does(analysis: Analysis, outputs: Outputs) -> None:
    earlier = reports_among(outputs.objects)
    assert [one.kind for one in earlier] == ["sr-text", "sr-edema", "sr-joints"]
    later = build_outputs(analysis, predecessors=earlier)
    for item in later.objects:
        assert followed(item.dataset) == [one.sop_instance_uid for one in earlier if one.kind == item.kind]
    assert gate_findings(later.objects, analysis, predecessors=earlier) == ()
    assert {finding.code for finding in gate_findings(later.objects, analysis)} == {"REFERENCE_UNKNOWN"}
    assert not any("PredecessorDocumentsSequence" in item.dataset for item in outputs.objects)


def followed(dataset: Dataset) -> list[str]:
    """Reports that an object names as its predecessors."""
    return [
        str(instance.ReferencedSOPInstanceUID)
        for study in dataset.get("PredecessorDocumentsSequence", ())
        for series in study.ReferencedSeriesSequence
        for instance in series.ReferencedSOPSequence
    ]


def test_the_report_that_leads_follows_those_that_nothing_else_follows(
    analysis: Analysis, outputs: Outputs, tmp_path: Path
) -> None:
    earlier = reports_among(outputs.objects)
    by_kind = {one.kind: one.sop_instance_uid for one in earlier}
    quiet = make_analysis(tmp_path, edema=(False, False))
    bare = as_analysis(replace(make_reading(tmp_path, with_fluid=False), joints=()))
    for analyzed, lead, left in ((quiet, "sr-joints", ["sr-edema"]), (bare, "sr-text", ["sr-edema", "sr-joints"])):
        later = build_outputs(analyzed, predecessors=earlier)
        assert sorted(followed(one(later, lead))) == sorted(by_kind[kind] for kind in {lead, *left})
        assert gate_findings(later.objects, analyzed, predecessors=earlier) == ()


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


def test_a_report_that_leads_follows_the_root_report_of_a_former_version(analysis: Analysis) -> None:
    root = Predecessor("sr-root", "1.2.840.10008.5.1.4.1.1.88.34", "2.25.71", "2.25.72")
    later = build_outputs(analysis, predecessors=[root])
    following = [item.kind for item in later.objects if "PredecessorDocumentsSequence" in item.dataset]
    assert following == ["sr-edema"] and gate_findings(later.objects, analysis, predecessors=[root]) == ()


def evidence_of(dataset) -> set[str]:
    return {
        str(instance.ReferencedSOPInstanceUID)
        for study in dataset.CurrentRequestedProcedureEvidenceSequence
        for series in study.ReferencedSeriesSequence
        for instance in series.ReferencedSOPSequence
    }


def name_of(item) -> str:
    return str(item.ConceptNameCodeSequence[0].CodeValue)


@pytest.mark.parametrize("report_class", DOCUMENTS, ids=[one.name for one in DOCUMENTS])
def test_reports_of_every_class_have_one_content(analysis: Analysis, outputs: Outputs, report_class: UID) -> None:
    other = build_outputs(analysis, report_class=report_class)
    assert one(other, "sr-edema").SOPClassUID == report_class != one(other, "seg-edema").SOPClassUID
    assert text_of(one(other, "sr-edema")) == text_of(one(outputs, "sr-edema"))
    assert gate_findings(other.objects, analysis) == ()


def test_the_report_that_leads_names_all_other_objects_and_the_source(analysis: Analysis, tmp_path: Path) -> None:
    bare = without_frame_of_reference(as_analysis(replace(make_reading(tmp_path, with_fluid=False), joints=())))
    for analyzed, lead in ((analysis, "sr-edema"), (bare, "sr-text")):
        outputs = build_outputs(analyzed)
        named = evidence_of(one(outputs, lead))
        assert {item.sop_instance_uid for item in outputs.objects if item.kind != lead} <= named
        assert {source.sop_instance_uid for images in analyzed.images for source in images.sources} <= named


def test_every_group_has_an_outline_on_the_one_series_of_its_report(analysis: Analysis, outputs: Outputs) -> None:
    """What viewers need: the outlines of a report lie on one series, and each tracking UID has one."""
    for kind, role in (("sr-edema", Role.FLUID), ("sr-joints", Role.T1W)):
        sources = {source.sop_instance_uid for source in analysis.of_role(role).sources}
        by_uid: dict[str, list] = {}
        for group in groups_of(one(outputs, kind)):
            parts = {name_of(part): part for part in group.ContentSequence}
            by_uid.setdefault(str(parts["112040"].UID), []).append(parts)
        regions = [parts["111030"] for groups in by_uid.values() for parts in groups if "111030" in parts]
        assert len(regions) == len(by_uid) >= 2, "one outline for each tracking UID"
        for region in regions:
            points = np.reshape(region.GraphicData, (-1, 2))
            assert region.GraphicType == "POLYLINE" and len(points) >= 7 and np.array_equal(points[0], points[-1])
            assert region.ContentSequence[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID in sources
        first = next(groups_of(one(outputs, kind)))
        assert any(name_of(part) == "111030" for part in first.ContentSequence)


def test_an_outline_is_named_by_its_segment_where_that_is_largest_and_else_by_the_image(
    analysis: Analysis, outputs: Outputs
) -> None:
    segment, fluid = analysis.segment("edema", Side.LEFT), analysis.of_role(Role.FLUID)
    names = [str(group.ContentSequence[0].TextValue) for group in groups_of(one(outputs, "sr-edema"))]
    assert names[:2] == ["AXSPA-EDEMA-LEFT", "AXSPA-EDEMA-RIGHT"]
    largest = int(segment.mask.sum(axis=(1, 2)).argmax())
    group = next(groups_of(one(outputs, "sr-edema")))
    region = next(part for part in group.ContentSequence if name_of(part) == "111030")
    image = region.ContentSequence[0].ReferencedSOPSequence[0]
    assert image.ReferencedSOPInstanceUID == fluid.sources[largest].sop_instance_uid
    further = [name for name in names if name.startswith("AXSPA-EDEMA-LEFT image ")]
    lesions = {place.plane for place in analysis.evaluation("asas", Side.LEFT).at} - {largest}
    assert further == [f"AXSPA-EDEMA-LEFT image {fluid.sources[plane].instance_number}" for plane in lesions]


def test_outlines_of_a_multi_frame_source_name_its_frames(tmp_path: Path) -> None:
    analysis = with_enhanced_t1(tmp_path)
    group = next(groups_of(one(build_outputs(analysis), "sr-joints")))
    region = next(part for part in group.ContentSequence if name_of(part) == "111030")
    image = region.ContentSequence[0].ReferencedSOPSequence[0]
    side = Side(group.ContentSequence[0].TextValue.rpartition("-")[2].lower())
    plane = int(analysis.segment("joint", side).mask.sum(axis=(1, 2)).argmax())
    source = analysis.of_role(Role.T1W).sources[plane]
    assert (image.ReferencedSOPInstanceUID, image.ReferencedFrameNumber) == (source.sop_instance_uid, source.frame)


def test_captures_keep_the_source_geometry(analysis: Analysis, outputs: Outputs) -> None:
    page = one(outputs, "sc-summary")
    heats = [item.dataset for item in outputs.objects if item.kind == "sc-heat"]
    assert (page.InstanceNumber, page.Rows, page.Columns) == (1, 980, 980)
    heatmap, t1 = analysis.heatmaps[0], analysis.of_role(Role.T1W)
    key = {one.plane for one in analysis.key_slices}
    explained = [plane for plane in heatmap.planes if plane in key or heat_of(heatmap, plane).any()]
    assert len(heats) == len(explained) > 0
    levels = prepare(analysis).levels["T1W"]
    for heat, plane in zip(heats, explained, strict=True):
        assert np.allclose([float(v) for v in heat.ImagePositionPatient], t1.grid.positions_mm[plane], atol=1e-3)
        assert heat.SourceImageSequence[0].ReferencedSOPInstanceUID == t1.sources[plane].sop_instance_uid
        rows, columns = t1.shape[1:]
        image = heat.pixel_array[:rows, :columns]
        cold = heat_of(analysis.heatmaps[0], plane) == 0
        assert np.array_equal(image[cold], np.repeat(levels[plane][cold][:, None], 3, axis=1)), "clear where none is"
        assert (np.ptp(image[~cold].astype(int), axis=1) > 20).mean() > 0.5, "heat shows over the image"
        assert "does not show disease" in heat.DerivationDescription and "Of 7 patients" in heat.DerivationDescription


def test_heat_maps_of_all_slices_come_on_request_alone(analysis: Analysis, outputs: Outputs) -> None:
    assert "sc-heat-all" not in kinds(outputs)
    made = build_outputs(analysis, kinds=frozenset({"sc-heat-all"})).objects
    assert {item.kind for item in made} == {"sc-heat-all"} and len(made) == len(analysis.heatmaps[0].planes)
    assert {(item.series_number, item.description) for item in made} == {(909, "AI heatmaps, all")}


@pytest.mark.parametrize("missing", ["t1", "fluid"])
def test_one_series_alone_still_gives_what_it_allows(tmp_path: Path, missing: str) -> None:
    analysis = make_analysis(tmp_path, with_t1=missing != "t1", with_fluid=missing != "fluid")
    outputs = build_outputs(analysis)
    assert {"sr-text", "sc-summary", "sr-joints", "seg-joints"} <= set(kinds(outputs))
    assert ("seg-edema" in kinds(outputs)) is ("sr-edema" in kinds(outputs)) is (missing == "t1")
    text = text_of(one(outputs, "sr-text"))
    assert ": no series." in text
    reference = one(outputs, "seg-joints").ReferencedSeriesSequence[0].SeriesInstanceUID
    assert reference == analysis.images[0].series_instance_uid


def coded(outputs: Outputs) -> list:
    """Every coded statement of the results, within groups and without."""
    found: list = []
    for item in outputs.objects:
        if item.dataset.Modality == "SR":
            for container in item.dataset.ContentSequence:
                if name_of(container) in ("C0034375", "121111"):
                    found += container.ContentSequence
            for group in groups_of(item.dataset):
                found += [part for part in group.ContentSequence if part.RelationshipType == "CONTAINS"]
    return [part for part in found if part.ValueType == "CODE"]


def said_of(outputs: Outputs) -> list[tuple[str, str, str]]:
    """Name, value and reason of every coded statement."""
    return [
        (
            name_of(part),
            str(part.ConceptCodeSequence[0].CodeValue),
            " ".join(str(one.TextValue) for one in part.get("ContentSequence", ()) if name_of(one) == "LIMITATION"),
        )
        for part in coded(outputs)
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
    volumes = [item for item in coded(outputs) if name_of(item) == "118565006"]
    (below,) = ({name_of(part): part for part in item.ContentSequence} for item in volumes)
    assert below["112039"].TextValue == "AXSPA-JOINT-RIGHT" and "LIMITATION" in below
    assert tracked(build_outputs(analysis))["AXSPA-JOINT-RIGHT"] == str(below["112040"].UID)
    assert gate_findings(outputs.objects, missing) == ()


def test_without_frame_of_reference_outlines_but_no_segmentation(tmp_path: Path) -> None:
    analysis = without_frame_of_reference(make_analysis(tmp_path))
    outputs = build_outputs(analysis)
    assert kinds(outputs) == ["sc-heat", "sc-summary", "sr-edema", "sr-joints", "sr-text"]
    assert "no frame of reference" in text_of(one(outputs, "sr-text"))
    assert volumes(outputs)["AXSPA-EDEMA-LEFT"] == pytest.approx(
        analysis.measurement("edema-volume", Side.LEFT).value / 1000, rel=0.05
    )


def volumes(outputs: Outputs) -> dict[str, float]:
    """Volume in milliliters by tracking identifier, from the reports."""
    found: dict[str, float] = {}
    for item in outputs.objects:
        for group in groups_of(item.dataset) if item.dataset.Modality == "SR" else ():
            for part in group.ContentSequence:
                if name_of(part) == "118565006":
                    (value,) = part.MeasuredValueSequence
                    assert value.MeasurementUnitsCodeSequence[0].CodeValue == "cm3"
                    found[str(group.ContentSequence[0].TextValue)] = float(value.NumericValue)
    return found


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


def test_volumes_are_tracked_as_their_segments_and_their_outlines(analysis: Analysis, outputs: Outputs) -> None:
    found, segments = volumes(outputs), tracked(outputs)
    assert set(found) == {
        str(segment.TrackingID)
        for kind in ("seg-edema", "seg-joints")
        for segment in one(outputs, kind).SegmentSequence
    }
    assert set(found) < set(segments)
    assert found["AXSPA-EDEMA-LEFT"] == round(analysis.measurement("edema-volume", Side.LEFT).value / 1000, 1)
    band, voxel_mm3 = analysis.segment("joint", Side.RIGHT).mask, analysis.of_role(Role.T1W).volume.voxel_volume_mm3
    assert found["AXSPA-JOINT-RIGHT"] == round(band.sum() * voxel_mm3 / 1000, 1)


def test_a_lesion_of_one_slice_on_one_side_has_its_volume_beside_its_one_outline(analysis: Analysis) -> None:
    whole = analysis.segment("edema", Side.LEFT)
    plane = int(whole.mask.sum(axis=(1, 2)).argmax())
    mask = np.zeros_like(whole.mask)
    mask[plane] = whole.mask[plane]
    others = [part for part in analysis.segments if not part.key.startswith("edema")]
    alone = replace(analysis, segments=(replace(whole, mask=mask), *others))
    outputs = build_outputs(alone)
    (group,) = groups_of(one(outputs, "sr-edema"))
    names = [name_of(part) for part in group.ContentSequence]
    assert "111030" in names and "118565006" in names and "121191" not in names
    assert gate_findings(outputs.objects, alone) == ()


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


def in_two_parts(analysis: Analysis) -> Analysis:
    """The left edema has a second part of 24 mm2 or more where it is largest, and a third of one pixel."""
    (segment,) = (one for one in analysis.segments if (one.key, one.site.side) == ("edema", Side.LEFT))
    mask = segment.mask.copy()
    plane = int(mask.sum(axis=(1, 2)).argmax())
    across = int(np.ceil(np.sqrt(24 / np.prod(images_of(analysis, segment.role).pixel_spacing_mm))))
    mask[plane, 1 : 1 + across, 1 : 1 + across] = True
    mask[plane, 1, -2] = True
    changed = replace(segment, mask=mask)
    return replace(analysis, segments=tuple(changed if one is segment else one for one in analysis.segments))


def images_of(analysis: Analysis, role: str) -> Images:
    images = analysis.of_role(role)
    assert images is not None
    return images


def test_each_part_that_is_large_enough_has_an_outline_of_its_own_and_the_others_are_counted(
    analysis: Analysis,
) -> None:
    parted = in_two_parts(analysis)
    outputs = build_outputs(parted)
    report = one(outputs, "sr-edema")
    named = {}
    for group in groups_of(report):
        below = {name_of(part): part for part in group.ContentSequence}
        if any(part.ValueType == "SCOORD" for part in group.ContentSequence):
            named[str(below["112039"].TextValue)] = str(below["112040"].UID)
    parts = [name for name in named if " part " in name]
    assert len(parts) == 1 and parts[0].startswith("AXSPA-EDEMA-LEFT image ") and parts[0].endswith(" part 2")
    assert len(set(named.values())) == len(named), "viewers draw one outline of each tracking UID"
    told = [finding.sentence for finding in gate_findings(outputs.objects, parted) if "outline" in finding.sentence]
    assert told == []
    for group in groups_of(report):
        for part in group.ContentSequence:
            if name_of(part) == "112039" and part.TextValue == parts[0]:
                part.TextValue = parts[0].replace("part 2", "part 3")
    wrong = [replace(item) for item in outputs.objects]
    assert any("outline does not lie" in finding.sentence for finding in gate_findings(tuple(wrong), parted))
    line = "On the outlined images 1 part under 20 mm2 has no outline, but a colored area."
    assert line in text_of(one(outputs, "sr-text")) and line not in text_of(one(build_outputs(analysis), "sr-text"))
