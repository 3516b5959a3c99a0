"""The gate finds whatever a module demands and an object lacks, in objects of every class, and nothing else."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from typing import Any

import pytest
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items
from pydicom.uid import ComprehensiveSRStorage, CTImageStorage

from reporting.checks import check_modules, check_places, check_representations
from reporting.checks.tables import GROUPS, GROUPS_OF
from reporting.findings import Checked
from tests import module_tables
from tests.factories.analysis import make_analysis
from tests.factories.checked import Objects


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> Objects:
    return Objects(make_analysis(tmp_path_factory.mktemp("modules")))


def test_the_table_is_that_of_highdicom() -> None:
    assert module_tables.PAGE.read_text("ascii") == module_tables.render(), "python -m tests.module_tables"


def test_good_objects_of_every_class_give_no_finding(objects: Objects) -> None:
    read, source = [objects.read(kind) for kind in objects.by_kind], objects.source
    assert [*check_modules(read), *check_representations(read, source), *check_places(read, source)] == []
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
def test_whatever_is_demanded_is_missed(sop_class: str, objects: Objects, standard: dict[str, Any]) -> None:
    whole = objects.read(objects.of_class(sop_class)).dataset
    tried = list(damages(whole, standard))
    assert [row for row in tried if row[2] != row[3]] == []
    assert len(tried) > 40
    assert list(check_modules([Checked("object", whole)])) == []


@pytest.mark.parametrize(
    ("kind", "keyword"),
    [
        ("sc-heat", "PixelSpacing"),  # the image plane of a capture that has a place
        ("sc-heat", "PlanarConfiguration"),  # of colors
        ("sc-heat", "PixelData"),
        ("seg-joints", "PositionReferenceIndicator"),  # of a frame of reference
        ("seg-joints", "DimensionIndexSequence"),
        ("pm", "FloatPixelData"),
        ("pr", "GraphicLayerSequence"),
        ("pr", "PresentationLUTShape"),
    ],
)
def test_what_is_demanded_on_a_condition_is_missed(kind: str, keyword: str, objects: Objects) -> None:
    read = objects.read(kind).dataset
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
        ("SCOORD", "GraphicData"),
        ("IMAGE", "ReferencedSOPSequence"),
        ("CONTAINER", "ContinuityOfContent"),
    ],
)
def test_a_content_item_without_what_its_value_type_calls_for(value_type: str, keyword: str, objects: Objects) -> None:
    read = objects.read("sr-joints").dataset
    del of_value_type(read, value_type)[keyword]
    assert lacks(read, keyword)


def test_a_code_needs_its_scheme_and_its_meaning(objects: Objects) -> None:
    for keyword in ("CodeValue", "CodingSchemeDesignator", "CodeMeaning"):
        read = objects.read("sr-joints").dataset
        del of_value_type(read, "CODE").ConceptCodeSequence[0][keyword]
        assert lacks(read, keyword)
    read = objects.read("sr-joints").dataset
    code = of_value_type(read, "CODE").ConceptCodeSequence[0]
    code.LongCodeValue = code.CodeValue
    del code.CodeValue  # one of the three is enough
    assert not lacks(read, "CodeValue")


def test_an_object_of_a_class_that_the_gate_does_not_know(objects: Objects) -> None:
    read = objects.read("sc-heat").dataset
    read.SOPClassUID = CTImageStorage
    assert [found.code for found in check_modules([Checked("sc-heat", read)])] == ["MODALITY_UNKNOWN"]
