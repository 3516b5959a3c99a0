"""The gate finds every value that its data type or the standard does not allow, but for what the source brings."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydicom.datadict import tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag

from reporting.checks import check_representations
from reporting.findings import Checked
from tests.factories.analysis import build_outputs, gate_findings, make_analysis
from tests.factories.checked import Objects


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> Objects:
    return Objects(make_analysis(tmp_path_factory.mktemp("values")))


PLANTED = "PLANTED"
ILLEGAL: tuple[tuple[str, str, str, Any], ...] = (
    ("too long", "SH", "AccessionNumber", PLANTED * 3),
    ("too long", "LO", "SeriesDescription", PLANTED * 10),
    ("a name too long", "PN", "PatientName", PLANTED * 10),
    ("no date", "DA", "StudyDate", "19901399"),
    ("no time", "TM", "StudyTime", "10:15:00"),
    ("no code string", "CS", "BodyPartExamined", "pelvis"),
    ("no number", "IS", "SeriesNumber", PLANTED),
    ("no decimal", "DS", "PatientWeight", PLANTED),
    ("a control character", "LO", "Manufacturer", "axspa\tnode"),
    ("of no sex", "CS", "PatientSex", "X"),
    ("of no such flag", "CS", "LossyImageCompression", "02"),
    ("too many", "LO", "Manufacturer", "one\\two"),
    ("another data type", "LO", "StudyID", "7"),
    ("no text at all", "LO", "PatientID", b"\xff\xfe"),
)


def holding(objects: Objects, representation: str, keyword: str, value: Any) -> Checked:
    """A capture, read back, in which the bytes of one value are others."""
    read = objects.read("sc-heat").dataset
    raw = value if isinstance(value, bytes) else value.encode()
    raw += b" " * (len(raw) % 2)
    tag = Tag(tag_for_keyword(keyword))
    read[tag] = RawDataElement(tag, representation, len(raw), raw, 0, False, True)
    return Checked("sc-heat", read)


@pytest.mark.parametrize(("why", "representation", "keyword", "value"), ILLEGAL)
def test_a_value_that_is_not_allowed(why: str, representation: str, keyword: str, value: Any, objects: Objects) -> None:
    found = list(check_representations([holding(objects, representation, keyword, value)], objects.source))
    assert [one.code for one in found] == ["VALUE_ILLEGAL"], why
    assert keyword in found[0].sentence and PLANTED not in found[0].sentence


def test_names_in_all_scripts_and_values_at_their_limits_are_allowed(objects: Objects) -> None:
    def change(whole: Dataset) -> None:
        whole.PatientName = "Yamada^Tarou=\u5c71\u7530^\u592a\u90ce=\u3084\u307e\u3060^\u305f\u308d\u3046"
        whole.AccessionNumber, whole.SeriesDescription = "\u00e4" * 16, "\u00e4" * 64
        whole.PatientSex, whole.StudyTime = "", "101500.123456"

    assert list(check_representations([objects.read("sr-text", change)], objects.source)) == []


@pytest.mark.parametrize("keyword", ["Rows", "BitsStored"])
def test_pixels_that_are_not_as_many_as_rows_and_columns(objects: Objects, keyword: str) -> None:
    read = objects.read("sc-heat", lambda dataset: setattr(dataset, keyword, dataset[keyword].value - 2))
    assert [one.code for one in check_representations([read], objects.source)] == ["VALUE_ILLEGAL"]


LONG, TWO = "7" * 70, ["17", "18"]


@pytest.mark.parametrize("number", [LONG, TWO])
def test_a_patients_number_that_is_kept_as_the_source_has_it_holds_nothing(tmp_path: Path, number: Any) -> None:
    analysis = make_analysis(tmp_path, header={"PatientID": number}, with_fluid=False)
    assert gate_findings(build_outputs(analysis).objects, analysis) == ()


@pytest.mark.parametrize(
    ("brought", "value"), [("7" * 71, LONG), (LONG, "7" * 71), (["17", "19"], "17\\18"), (LONG, LONG[:69] + "\x07")]
)
def test_one_that_is_not_the_sources_is_found(objects: Objects, brought: Any, value: str) -> None:
    identity = Dataset()
    identity.PatientID = brought
    source = replace(objects.source, identities=(identity,))
    found = list(check_representations([holding(objects, "LO", "PatientID", value)], source))
    assert [one.code for one in found] == ["VALUE_ILLEGAL"]
    own = holding(objects, "LO", "PatientID", brought if isinstance(brought, str) else "\\".join(brought))
    assert list(check_representations([own], source)) == []
    elsewhere = holding(objects, "LO", "StudyDescription", "\\".join(TWO) if isinstance(brought, list) else brought)
    assert [one.code for one in check_representations([elsewhere], source)] == ["VALUE_ILLEGAL"]


def test_a_uid_that_is_not_legal_is_found_unless_the_source_brings_it(objects: Objects) -> None:
    read = holding(objects, "UI", "StudyInstanceUID", b"1.2.003.4\0")
    assert [one.code for one in check_representations([read], objects.source)] == ["UID_INVALID"]
    brought = replace(objects.source, uids=objects.source.uids | {"1.2.003.4"})
    assert list(check_representations([read], brought)) == []
