"""The table of kinds is whole, and everything that goes by it finds what it needs."""

from dataclasses import replace

from dicom_node.deliver.cstore import OUR_SOP_CLASSES
from inference.series import Selection
from reporting import objects
from reporting.checks.tables import modules_of
from reporting.kinds import Kind, default_kinds, every_kind, expected_kinds, row_of
from reporting.sij_mri import SacroiliacPresentation
from tests.factories.foreign import ForeignPresentation, make_lumbar, make_photo


def test_every_row_has_a_builder_and_a_number_of_its_own() -> None:
    rows = [kind.value for kind in Kind]
    assert all(row.builder in objects.__all__ and callable(getattr(objects, row.builder)) for row in rows)
    assert len({row.name for row in rows}) == len({row.offset for row in rows}) == len(rows)
    assert all(row.never_empty and row.made for row in rows)


def test_no_row_repeats_what_the_modules_demand() -> None:
    for kind in Kind:
        modules = modules_of(str(kind.value.sop_class))
        demanded = {name for one in modules if one.mandatory for name, how in one.table.demands if how == "1"}
        assert demanded and demanded.isdisjoint(kind.value.never_empty)


def test_every_class_of_the_table_is_offered_to_destinations() -> None:
    assert set(OUR_SOP_CLASSES.values()) == {str(kind.value.sop_class) for kind in Kind}
    assert "Secondary Capture" in OUR_SOP_CLASSES


def test_what_an_analysis_calls_for() -> None:
    lumbar = ForeignPresentation()
    whole = {"seg-cyst": 1, "sr-cyst": 1, "sr-text": 1, "sc-summary": 1, "sc-heat": 1}
    assert expected_kinds(make_lumbar(), lumbar) == whole
    assert expected_kinds(make_lumbar(), lumbar, {"sr-cyst"}) == {"sr-cyst": 1}
    assert expected_kinds(make_photo(), lumbar) == {"sr-text": 1, "sc-summary": 1}
    nothing = replace(make_photo(), scope="none", images=(), evaluations=(), selection=Selection((), {}))
    assert expected_kinds(nothing, lumbar) == {"sr-text": 1}


def test_a_row_is_found_by_the_name_of_an_object() -> None:
    lumbar = ForeignPresentation()
    assert row_of("seg-cyst", lumbar) is Kind.SEGMENTATION.value
    assert row_of("sr-cyst", lumbar) is Kind.OUTLINES.value
    assert row_of("sc-heat", lumbar) is Kind.HEATMAPS.value
    assert not any(row_of(name, lumbar) for name in ("seg", "sr", "", "seg-other", "sr-other"))


def test_what_is_not_of_the_default_set_is_made_on_request_and_has_no_report_unless_it_is_outlined() -> None:
    presentation = SacroiliacPresentation()
    assert {"seg-region"} <= set(every_kind(presentation)) - default_kinds(presentation)
    assert "sr-region" not in every_kind(presentation)
    assert {"sr-edema", "sr-joints", "seg-edema", "seg-joints", "sr-text", "sc-summary"} <= default_kinds(presentation)
