"""What IHE AI Results asks of every object, and the page that shows it."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pydicom
import pytest
from pydicom.dataset import Dataset

from dicom_node.analyse import worker
from inference.result import Analysis
from reporting.kinds import every_kind
from reporting.outputs import Outputs
from reporting.sij_mri import SacroiliacPresentation
from reporting.writer import encode
from storage import results, studies
from tests.air_page import PAGE, Made, Samples, make_result, page
from tests.air_primitives import GROUP, PRIMITIVES, containers, counted, name_of, tracking
from tests.factories.analysis import build_outputs, gate_findings, make_analysis
from tests.factories.storage import at, begin, claim, fresh, result_of

COMPREHENSIVE_3D, CAPTURE = "1.2.840.10008.5.1.4.1.1.88.34", "1.2.840.10008.5.1.4.1.1.7"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make_result(tmp_path_factory.mktemp("study"))


def read(outputs: Outputs) -> dict[str, Dataset]:
    """The first object of each kind, as a peer reads it."""
    return {
        item.kind: pydicom.dcmread(BytesIO(encode(item.dataset)))
        for item in outputs.objects
        if item.instance_number == 1
    }


def test_the_page_shows_what_the_objects_hold(made: Made) -> None:
    assert PAGE.read_text(encoding="utf-8") == page(Samples(made)), "run python -m tests.air_page"
    assert gate_findings(made.outputs.objects, made.analysis, predecessors=made.earlier, kinds=kinds()) == ()


def kinds() -> tuple[str, ...]:
    return every_kind(SacroiliacPresentation())


def test_the_primitives_of_the_page_are_those_found_in_the_objects(made: Made) -> None:
    found = counted(made.outputs)
    table = PAGE.read_text(encoding="utf-8").partition("| Primitive | How")[2].partition("\n\n")[0]
    rows = [line.split("|")[1].strip() for line in table.splitlines()[2:]]
    assert rows == list(PRIMITIVES) and all(found[name] for name in rows)
    assert {kind for by_kind in found.values() for kind in by_kind} <= set(kinds())
    default = replace(made.outputs, objects=tuple(one for one in made.outputs.objects if one.kind != "pm"))
    assert [name for name, by_kind in counted(default).items() if not by_kind] == ["Parametric maps"]


def test_the_algorithm_is_named_in_every_group_and_segment_and_its_device_in_every_object(made: Made) -> None:
    objects = read(made.outputs)
    assert set(objects) == set(kinds())
    devices = set()
    for dataset in objects.values():
        scanner, algorithm = dataset.ContributingEquipmentSequence
        assert scanner.Manufacturer == "SIEMENS"
        assert all(
            algorithm[keyword].value for keyword in ("Manufacturer", "ManufacturerModelName", "SoftwareVersions")
        )
        devices.add(str(algorithm.DeviceUID))
        for group in containers(dataset, {GROUP}):
            assert {"111000", "111001", "111003", "122405"} <= {name_of(item) for item in group.ContentSequence}
        for segment in dataset.get("SegmentSequence", ()):
            (named,) = segment.SegmentationAlgorithmIdentificationSequence
            assert (named.AlgorithmName, named.AlgorithmVersion, named.AlgorithmSource) == (
                "sij-test",
                "1.0",
                "axspa-node",
            )
        observed = [str(item.UID) for item in dataset.get("ContentSequence", ()) if name_of(item) == "121012"]
        assert set(observed) <= devices and bool(observed) == (dataset.Modality in ("SR", "KO"))
    assert len(devices) == 1


def test_reports_segments_and_lines_of_one_thing_have_one_name_and_one_uid(made: Made) -> None:
    by_name: dict[str, set[str]] = {}
    kinds_of: dict[str, set[str]] = {}
    for item in made.outputs.objects:
        for name, uid in tracking(item.dataset):
            by_name.setdefault(name, set()).add(uid)
            kinds_of.setdefault(name, set()).add(item.kind)
    assert all(len(uids) == 1 for uids in by_name.values())
    assert len({uid for uids in by_name.values() for uid in uids}) == len(by_name)
    assert kinds_of["AXSPA-JOINT-LEFT"] == {"sr-joints", "seg-joints", "pr"}
    assert kinds_of["AXSPA-EDEMA-RIGHT"] == {"sr-edema", "seg-edema", "pr"}


def joints(analysis: Analysis, site_salt: str = "here") -> dict[str, set[str]]:
    """Tracking UIDs of the joints, by name."""
    outputs = build_outputs(analysis, kinds={"sr-joints", "seg-joints"}, site_salt=site_salt)
    found: dict[str, set[str]] = {}
    for item in outputs.objects:
        for name, uid in tracking(item.dataset):
            if name in ("AXSPA-JOINT-LEFT", "AXSPA-JOINT-RIGHT"):
                found.setdefault(name, set()).add(uid)
    assert len(found) == 2 and all(len(uids) == 1 for uids in found.values())
    return found


def test_a_joint_is_the_same_over_time_and_another_of_another_patient_or_site(tmp_path: Path) -> None:
    def study(name: str, **header: str) -> Analysis:
        (tmp_path / name).mkdir()
        uid = f"2.25.77{len(name)}"
        analysis = make_analysis(tmp_path / name, with_fluid=False, header={"StudyInstanceUID": uid, **header})
        return replace(analysis, study_instance_uid=uid)

    first = joints(study("first", StudyDate="20250101"))
    assert joints(study("second", StudyDate="20260101")) == first
    others = [
        joints(study("another", PatientID="T-0002")),
        joints(study("elsewhere", IssuerOfPatientID="OTHER")),
        joints(make_analysis(tmp_path, with_fluid=False), site_salt="there"),
    ]
    uids = [next(iter(found["AXSPA-JOINT-LEFT"])) for found in (first, *others)]
    assert len(set(uids)) == len(uids)


def test_the_node_hands_on_every_report_of_the_result_that_stands(tmp_path: Path) -> None:
    database = fresh(tmp_path)
    claimed = claim(database, 1)
    new = result_of(claimed, objects=4)
    classes = {"sr-text": "1.2.840.10008.5.1.4.1.1.88.22", "sr-edema": COMPREHENSIVE_3D, "sr-root": COMPREHENSIVE_3D}
    named = [
        replace(one, kind=kind, sop_class_uid=sop_class)
        for one, (kind, sop_class) in zip(new.objects, (classes | {"sc-summary": CAPTURE}).items(), strict=True)
    ]
    results.save(database, claimed, replace(new, objects=named), destinations=("archive",), now=at(65))
    studies.reprocess(database, claimed.study_id, actor="ada", at=at(70))
    again = begin(database, seconds=71)
    context = cast(worker._Context, SimpleNamespace(database=database))
    earlier = worker._predecessors(again, context)
    assert [(one.kind, one.sop_instance_uid) for one in earlier] == [
        (one.kind, one.sop_instance_uid) for one in named if one.kind in classes
    ]
    database.dispose()
