"""The gate finds whatever a module demands and an object lacks, in objects of every class, and nothing else."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from importlib import resources
from typing import Any

import pytest
from pydicom.datadict import tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items
from pydicom.tag import Tag
from pydicom.uid import ComprehensiveSRStorage, CTImageStorage

from reporting.checks import SourceHeaders, check_modules, check_places, check_representations
from reporting.checks.tables import GROUPS, GROUPS_OF
from reporting.findings import Checked
from tests import module_tables
from tests.factories.analysis import build_outputs, headers_of, make_analysis
from tests.factories.requested import REQUESTED, checked, sources_of


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Dataset], SourceHeaders]:
    """The last object of each kind, by kind, and the headers of their source."""
    analysis = make_analysis(tmp_path_factory.mktemp("modules"))
    objects = {item.kind: item.dataset for item in build_outputs(analysis).objects}
    images = sources_of(analysis)
    objects |= {kind: make(images) for kind, make in REQUESTED.items()}
    return objects, SourceHeaders.read(headers_of(analysis))


def test_the_table_is_that_of_highdicom() -> None:
    assert module_tables.PAGE.read_text("ascii") == module_tables.render(), "python -m tests.module_tables"


def test_good_objects_of_every_class_give_no_finding(source: tuple[dict[str, Dataset], SourceHeaders]) -> None:
    objects, headers = source
    read = [checked(kind, dataset) for kind, dataset in objects.items()]
    assert [*check_modules(read), *check_representations(read, headers), *check_places(read, headers)] == []
    assert {str(item.dataset.SOPClassUID) for item in read} >= set(module_tables.CLASSES) - {
        ComprehensiveSRStorage  # the same modules as Comprehensive 3D
    }


@pytest.fixture(scope="module")
def standard() -> dict[str, Any]:
    """Highdicom's copy of the standard itself, not the table that the gate has of it."""
    folder = resources.files("highdicom") / "_standard"
    names = ("module_attribute_map", "iod_module_map", "sop_class_iod_map")
    return {name: json.loads((folder / f"{name}.json").read_text("utf-8")) for name in names}


def demanded(dataset: Dataset, standard: Mapping[str, Any]) -> dict[tuple[tuple[str, ...], str], str]:
    """Strictest type, by path and keyword, of the attributes that mandatory modules demand and the object holds."""
    definition = standard["sop_class_iod_map"][str(dataset.SOPClassUID)]
    found: dict[tuple[tuple[str, ...], str], str] = {}
    for module in standard["iod_module_map"][definition]:
        for row in standard["module_attribute_map"][module["key"]] if module["usage"] == "M" else ():
            known = tag_for_keyword(row["keyword"]) is not None and row["keyword"] != "SOPClassUID"
            if known and row["type"] in ("1", "2") and any(row["keyword"] in one for one in at(dataset, row["path"])):
                key = (tuple(row["path"]), row["keyword"])
                found[key] = min(row["type"], found.get(key, "2"))
    return found


def at(dataset: Dataset, path: Sequence[str]) -> Iterator[Dataset]:
    """Every item at a path."""
    if not path:
        yield dataset
    for item in dataset.get(path[0], ()) if path else ():
        yield from at(item, path[1:])


def lacks(dataset: Dataset, keyword: str) -> bool:
    """True where the gate says that an object lacks an attribute."""
    return any(re.search(rf"\b{keyword}\b", found.sentence) for found in check_modules([Checked("object", dataset)]))


def damages(dataset: Dataset, standard: Mapping[str, Any]) -> Iterator[tuple[str, str, bool, bool]]:
    """Keyword, what was done to it, whether that must be found, and whether it was; each undone afterwards."""
    groups = GROUPS_OF.get(dataset.SOPClassUID, ())
    for (path, keyword), demand in demanded(dataset, standard).items():
        if path and path[-1] in GROUPS and keyword not in groups:
            continue  # only on conditions
        holder = next(one for one in at(dataset, path) if keyword in one)
        element = holder[keyword]
        del holder[keyword]
        yield keyword, "absent", True, lacks(dataset, keyword)
        setattr(holder, keyword, Items() if element.VR == "SQ" else None)
        yield keyword, "empty", demand == "1" or keyword in groups, lacks(dataset, keyword)
        holder[keyword] = element


@pytest.mark.parametrize("sop_class", [uid for uid in module_tables.CLASSES if uid != ComprehensiveSRStorage])
def test_whatever_is_demanded_is_missed(
    sop_class: str, source: tuple[dict[str, Dataset], SourceHeaders], standard: dict[str, Any]
) -> None:
    dataset = next(made for made in source[0].values() if made.SOPClassUID == sop_class)
    whole = checked("object", dataset).dataset
    tried = list(damages(whole, standard))
    assert [row for row in tried if row[2] != row[3]] == []
    assert len(tried) > 40
    assert list(check_modules([Checked("object", whole)])) == []


@pytest.mark.parametrize(
    ("kind", "keyword"),
    [
        ("sc", "PixelSpacing"),  # the image plane of a capture that has a place
        ("sc", "PlanarConfiguration"),  # of colors
        ("sc", "PixelData"),
        ("seg-anatomy", "PositionReferenceIndicator"),  # of a frame of reference
        ("seg-anatomy", "DimensionIndexSequence"),
        ("pm", "FloatPixelData"),
        ("pr", "GraphicLayerSequence"),
        ("pr", "PresentationLUTShape"),
    ],
)
def test_what_is_demanded_on_a_condition_is_missed(
    kind: str, keyword: str, source: tuple[dict[str, Dataset], SourceHeaders]
) -> None:
    read = checked(kind, source[0][kind]).dataset
    assert not lacks(read, keyword)
    del read[keyword]
    assert list(check_modules([Checked(kind, read)])) != []


def of_value_type(dataset: Dataset, value_type: str) -> Dataset:
    """The first content item of a value type."""
    for item in dataset.get("ContentSequence", ()):
        if item.ValueType == value_type:
            return item
        found = of_value_type(item, value_type)
        if found:
            return found
    return Dataset()


@pytest.mark.parametrize(
    ("value_type", "keyword"),
    [
        ("TEXT", "TextValue"),
        ("CODE", "ConceptCodeSequence"),
        ("NUM", "MeasuredValueSequence"),
        ("UIDREF", "UID"),
        ("IMAGE", "ReferencedSOPSequence"),
        ("CONTAINER", "ContinuityOfContent"),
    ],
)
def test_a_content_item_without_what_its_value_type_calls_for(
    value_type: str, keyword: str, source: tuple[dict[str, Dataset], SourceHeaders]
) -> None:
    read = checked("sr", source[0]["sr-root"]).dataset
    del of_value_type(read, value_type)[keyword]
    assert lacks(read, keyword)


def test_a_code_needs_its_scheme_and_its_meaning(source: tuple[dict[str, Dataset], SourceHeaders]) -> None:
    for keyword in ("CodeValue", "CodingSchemeDesignator", "CodeMeaning"):
        read = checked("sr", source[0]["sr-root"]).dataset
        del of_value_type(read, "CODE").ConceptCodeSequence[0][keyword]
        assert lacks(read, keyword)
    read = checked("sr", source[0]["sr-root"]).dataset
    code = of_value_type(read, "CODE").ConceptCodeSequence[0]
    code.LongCodeValue = code.CodeValue
    del code.CodeValue  # one of the three is enough
    assert not lacks(read, "CodeValue")


def test_an_object_of_a_class_that_the_gate_does_not_know(source: tuple[dict[str, Dataset], SourceHeaders]) -> None:
    read = checked("sc", source[0]["sc"]).dataset
    read.SOPClassUID = CTImageStorage
    assert [found.code for found in check_modules([Checked("sc", read)])] == ["MODALITY_UNKNOWN"]


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


@pytest.mark.parametrize(("why", "representation", "keyword", "value"), ILLEGAL)
def test_a_value_that_is_not_allowed(
    why: str, representation: str, keyword: str, value: Any, source: tuple[dict[str, Dataset], SourceHeaders]
) -> None:
    objects, headers = source
    spoiled = deepcopy(objects["sc"])
    tag = tag_for_keyword(keyword)
    assert tag is not None
    raw = value if isinstance(value, bytes) else value.encode()
    raw += b" " * (len(raw) % 2)
    read = checked("sc", spoiled).dataset
    read[tag] = RawDataElement(Tag(tag), representation, len(raw), raw, 0, False, True)
    found = list(check_representations([Checked("sc", read)], headers))
    assert [one.code for one in found] == ["VALUE_ILLEGAL"], why
    assert keyword in found[0].sentence and PLANTED not in found[0].sentence


def test_names_in_all_scripts_and_values_at_their_limits_are_allowed(
    source: tuple[dict[str, Dataset], SourceHeaders],
) -> None:
    objects, headers = source
    whole = deepcopy(objects["sr-text"])
    whole.PatientName = "Yamada^Tarou=\u5c71\u7530^\u592a\u90ce=\u3084\u307e\u3060^\u305f\u308d\u3046"
    whole.AccessionNumber, whole.SeriesDescription = "\u00e4" * 16, "\u00e4" * 64
    whole.PatientSex, whole.StudyTime = "", "101500.123456"
    assert list(check_representations([checked("sr-text", whole)], headers)) == []


def test_pixels_that_are_not_as_many_as_rows_and_columns(source: tuple[dict[str, Dataset], SourceHeaders]) -> None:
    objects, headers = source
    for keyword in ("Rows", "BitsStored"):
        spoiled = deepcopy(objects["sc"])
        setattr(spoiled, keyword, getattr(spoiled, keyword) - 2)
        assert [one.code for one in check_representations([checked("sc", spoiled)], headers)] == ["VALUE_ILLEGAL"]
