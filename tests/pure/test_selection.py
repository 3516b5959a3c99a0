"""Which series is chosen, and why: physics and geometry first, names last."""

import random
from dataclasses import replace
from typing import Any

import pytest

from inference.series.choice import ELIGIBLE_SCORE
from inference.series.types import Candidate, Selection
from inference.sij_mri.types import Role
from inference.sij_mri.wanted import select
from inference.types import SeriesHeader
from reporting.series_words import word_candidate, word_selection
from reporting.sij_mri.terms import TERMS
from tests.factories.headers import (
    MR,
    NOTHING,
    SAGITTAL,
    SCOUT,
    STIR,
    T1,
    T2,
    T2_FS,
    changed,
    joined,
    series,
    study,
)


def chosen(*members: SeriesHeader) -> tuple[int | None, int | None]:
    """Series numbers of the T1-weighted and the fluid-sensitive choice."""
    selection = select(study(*members))
    t1, fluid = selection.chosen.get(Role.T1W), selection.chosen.get(Role.FLUID)
    return t1.series_number if t1 else None, fluid.series_number if fluid else None


def row(selection: Selection, number: int, role: Role) -> Candidate:
    """The candidate of one series in one role."""
    return next(c for c in selection.candidates if (c.series_number, c.role) == (number, role))


def said(selection: Selection) -> str:
    """The choice in words."""
    return word_selection(TERMS, selection)


def worded(selection: Selection, candidate: Candidate) -> str:
    """One candidate in words."""
    return word_candidate(TERMS, candidate, selection)


VENDOR_NAMES = [
    ("t1_tse_obl cor ISG", "t2_tirm_obl cor ISG"),
    ("T1 TSE schräg koronar ISG", "TIRM schräg koronar ISG"),
    ("Cor Obl T1 TSE SIJ", "Cor Obl STIR SIJ"),
    ("OBL COR T1 FSE", "OBL COR STIR"),
    ("Cor Semi T1", "Cor Semi FatSat T2"),
    ("T1 cor oblique sacro-iliaques", "STIR cor oblique sacro-iliaques"),
    ("T1 coronal oblicuo sacroilíacas", "STIR coronal oblicuo sacroilíacas"),
    ("T1 cor SI-gewricht", "STIR cor SI-gewricht"),
    ("Т1 ВИ косокорональная КПС", "СТИР косокорональная КПС"),
    ("仙腸関節 T1強調 斜冠状断", "仙腸関節 STIR 斜冠状断"),
    ("", ""),
]


@pytest.mark.parametrize(("t1_name", "stir_name"), VENDOR_NAMES)
def test_the_two_series_are_found_under_any_name(t1_name: str, stir_name: str) -> None:
    scout = series(1, "localizer", SCOUT, slices=3, tilt_deg=0, pixel_mm=1.2)
    assert chosen(scout, series(2, t1_name, T1), series(3, stir_name, STIR)) == (2, 3)


@pytest.mark.parametrize(("t1_name", "stir_name"), VENDOR_NAMES[:-1])
def test_names_alone_do_where_the_scanner_says_nothing(t1_name: str, stir_name: str) -> None:
    selection = select(study(series(2, t1_name, NOTHING), series(3, stir_name, NOTHING)))
    assert (
        selection.chosen.get(Role.T1W) and selection.chosen.get(Role.T1W).series_number,
        selection.chosen.get(Role.FLUID) and selection.chosen.get(Role.FLUID).series_number,
    ) == (2, 3)
    assert selection.chosen.get(Role.T1W) is not None
    assert "by its name only" in worded(selection, selection.chosen.get(Role.T1W))


def test_without_times_and_without_a_telling_name_nothing_is_invented() -> None:
    assert chosen(series(2, "series 2", NOTHING), series(3, "cor obl SIJ", NOTHING)) == (None, None)


def test_measured_values_beat_swapped_names() -> None:
    selection = select(study(series(2, "t2_tirm_cor", T1), series(3, "t1_tse_cor", STIR)))
    assert selection.chosen.get(Role.T1W) is not None
    assert selection.chosen.get(Role.FLUID) is not None
    assert (selection.chosen.get(Role.T1W).series_number, selection.chosen.get(Role.FLUID).series_number) == (2, 3)
    assert "the physics says otherwise" in worded(selection, selection.chosen.get(Role.T1W))


FLUID = [
    ("STIR", "STIR", STIR, {}),
    ("STIR without TI", "cor", {**STIR, "inversion_time_ms": None}, {}),
    ("TI without the word IR", "cor", {**STIR, "scanning_sequence": ("SE",)}, {}),
    ("TI only", "cor", {"inversion_time_ms": 150.0}, {}),
    ("T2 with FS in the options", "cor", T2_FS, {}),
    ("T2 SPAIR by name", "T2W_SPAIR cor", T2, {}),
    ("T2 SPIR by name", "T2W_SPIR_COR", T2, {}),
    ("French", "T2 cor supp graisse", T2, {}),
    ("Russian", "Т2 с жироподавлением кор", T2, {}),
    ("Japanese", "T2強調 脂肪抑制", T2, {}),
    ("Spanish", "T2 cor sat grasa", T2, {}),
    ("Dutch", "T2 cor vetonderdrukking", T2, {}),
    ("Dixon water, image type", "T2 dixon", T2, {"image_type": ("DERIVED", "PRIMARY", "DIXON", "WATER")}),
    ("Philips mDIXON water", "T2W mDIXON", T2, {"image_type": ("DERIVED", "PRIMARY", "W", "W", "DERIVED")}),
    ("Siemens Dixon water by name", "t2_tse_dixon_cor_W", T2, {}),
    ("GE IDEAL water by name", "WATER: Cor T2 IDEAL", T2, {}),
    ("3D SPACE STIR", "t2_space_stir", {**STIR, "echo_time_ms": 200.0, "acquisition_type": "3D"}, {"slices": 80}),
    ("PD FS", "PD SPAIR", {**T2_FS, "echo_time_ms": 20.0}, {}),
]


@pytest.mark.parametrize(("what", "name", "physics", "more"), FLUID, ids=[case[0] for case in FLUID])
def test_fluid_sensitive(what: str, name: str, physics: dict[str, Any], more: dict[str, Any]) -> None:
    assert chosen(series(3, name, physics, **more)) == (None, 3)


NOT_FLUID = [
    ("T2 without fat suppression", "T2 TSE cor", T2, "no fat suppression"),
    ("T2 said to be without", "T2 TSE cor ohne FS", T2, "no fat suppression"),
    ("T2 FLAIR", "flair", {**STIR, "inversion_time_ms": 2500.0, "repetition_time_ms": 9000.0}, "does not null fat"),
    ("T1 FS", "T1 FS", {**T1, "scan_options": ("FS",)}, "repetition time is short"),
    ("T2* MEDIC", "medic fs", {**T2_FS, "scanning_sequence": ("GR",), "repetition_time_ms": 1800.0}, "gradient echo"),
    ("heavy T2", "T2 FS", {**T2_FS, "echo_time_ms": 500.0}, "echo time"),
    ("Dixon in phase", "t2_dixon_cor_in", T2, "no fat suppression"),
    ("Dixon fat", "t2_dixon_cor_F", T2, "fat image"),
]


@pytest.mark.parametrize(("what", "name", "physics", "reason"), NOT_FLUID, ids=[case[0] for case in NOT_FLUID])
def test_not_fluid_sensitive(what: str, name: str, physics: dict[str, Any], reason: str) -> None:
    selection = select(study(series(3, name, physics)))
    assert selection.chosen.get(Role.FLUID) is None
    assert reason in worded(selection, row(selection, 3, Role.FLUID))


T1_LIKE = [
    ("TSE", "cor", T1, {}),
    ("3 T", "cor", {**T1, "repetition_time_ms": 880.0, "echo_time_ms": 12.0}, {}),
    ("long TR", "cor", {**T1, "repetition_time_ms": 1150.0}, {}),
    ("T1 FLAIR", "cor", {**T1, "repetition_time_ms": 2200.0, "inversion_time_ms": 860.0}, {}),
    ("Dixon in phase", "t1_tse_dixon_cor_in", T1, {"image_type": ("DERIVED", "PRIMARY", "DIXON", "IN_PHASE")}),
    ("sequence not given", "cor", {**T1, "scanning_sequence": ()}, {}),
    ("named fat-suppressed T2", "Cor Semi FatSat T2", T1, {}),
]


@pytest.mark.parametrize(("what", "name", "physics", "more"), T1_LIKE, ids=[case[0] for case in T1_LIKE])
def test_t1_weighted(what: str, name: str, physics: dict[str, Any], more: dict[str, Any]) -> None:
    assert chosen(series(2, name, physics, **more)) == (2, None)


NOT_T1 = [
    ("post-contrast FS, header", "T1 cor KM", {**T1, "scan_options": ("FS",)}, "after a contrast agent"),
    ("post-contrast FS, name", "t1_tse_fs_cor post Gd", T1, "fat-suppressed by its name"),
    ("PD", "PD cor", {**T1, "repetition_time_ms": 2500.0}, "not T1-weighted"),
    ("T2", "T1 cor", T2, "not T1-weighted"),
    ("GRE T2*", "cor", {**T1, "scanning_sequence": ("GR",), "echo_time_ms": 18.0}, "gradient echo"),
    ("balanced", "fiesta", {**SCOUT, "flip_angle_deg": 60.0, "sequence_variant": ("SS",)}, "gradient echo"),
    ("Dixon water", "t1_dixon_cor_W", T1, "fat-suppressed"),
    ("Dixon fat", "t1_dixon_cor_F", T1, "fat image"),
]


@pytest.mark.parametrize(("what", "name", "physics", "reason"), NOT_T1, ids=[case[0] for case in NOT_T1])
def test_not_t1_weighted(what: str, name: str, physics: dict[str, Any], reason: str) -> None:
    selection = select(study(series(2, name, physics)))
    assert selection.chosen.get(Role.T1W) is None
    assert reason in worded(selection, row(selection, 2, Role.T1W))


def test_native_t1_is_preferred_to_that_after_contrast() -> None:
    after = series(2, "t1 cor obl SIJ", T1, contrast_agent="Gadovist")
    assert chosen(after, series(3, "t1 cor obl SIJ", T1)) == (3, None)
    assert chosen(after) == (2, None)


REFUSED: list[tuple[str, SeriesHeader, str]] = [
    ("25-slice localizer", series(1, "localizer", SCOUT, slices=25, tilt_deg=0, pixel_mm=1.2), "localizer"),
    (
        "three planes",
        joined(
            series(1, "plan", T1, slices=9),
            series(1, "plan", T1, slices=8, plane=SAGITTAL, first=20),
            series(1, "plan", T1, slices=8, tilt_deg=90, first=40),
        ),
        "3 orientations",
    ),
    ("few slices", series(1, "t1", T1, slices=7), "only 7 slices"),
    ("one slice", series(1, "t1", T1, slices=1), "only 1 slice "),
    ("sagittal lumbar", series(1, "t1 sag", T1, plane=SAGITTAL, body_part="LSPINE"), "sagittal plane"),
    ("axial", series(1, "t1 tra", T1, tilt_deg=88), "axial plane"),
    ("semiaxial", series(1, "t1 semiax", T1, tilt_deg=-52.0), "across the sacrum"),
    ("knee", series(1, "cor T1", T1, body_part="KNEE"), "another part of the body (KNEE)"),
    ("knee by name", series(1, "Knie cor T1", T1), "another part of the body"),
    ("ADC", series(1, "ADC", T1, image_type=("DERIVED", "PRIMARY", "DIFFUSION", "ADC")), "ADC map"),
    ("b-value", series(1, "cor", {**T2_FS, "b_value": 800.0}), "diffusion"),
    ("EPI", series(1, "cor", {**T2_FS, "scanning_sequence": ("EP", "SE")}), "echo planar"),
    ("subtraction", series(1, "sub", T1, image_type=("DERIVED", "PRIMARY", "SUBTRACTION")), "subtraction"),
    ("MIP", series(1, "mip", T1, image_type=("DERIVED", "SECONDARY", "PROJECTION IMAGE")), "projection"),
    ("MPR", series(1, "t1 mpr", T1, image_type=("DERIVED", "SECONDARY", "MPR")), "reformatted"),
    ("derived", series(1, "t1", T1, image_type=("DERIVED", "SECONDARY", "OTHER")), "derived image"),
    ("mosaic", series(1, "t1", T1, image_type=("ORIGINAL", "PRIMARY", "M", "MOSAIC")), "mosaic"),
    ("phase", series(1, "t1", T1, image_type=("ORIGINAL", "PRIMARY", "P", "ND")), "phase image"),
    ("capture", series(1, "t1", T1, sop_class="1.2.840.10008.5.1.4.1.1.7", modality="OT"), "not MR images"),
    ("our segmentation", series(1, "AI", {}, sop_class="1.2.840.10008.5.1.4.1.1.66.4", modality="SEG"), "not MR"),
    ("color", series(1, "t1", T1, sop_class=f"{MR}.3"), "of a kind that is not read (Enhanced MR Color Image Storage)"),
    ("our report", series(1, "AI", {}, sop_class="1.2.840.10008.5.1.4.1.1.88.34", modality="SR"), "not MR images"),
    ("no pixels", series(1, "t1", {**T1, "has_pixels": False}), "no pixels"),
    ("no place", changed(series(1, "t1", T1), position_mm=None), "is not given"),
    ("coarse", series(1, "t1", T1, pixel_mm=2.6, matrix=128), "too coarse"),
]


@pytest.mark.parametrize(("what", "member", "reason"), REFUSED, ids=[case[0] for case in REFUSED])
def test_refused_with_a_reason(what: str, member: SeriesHeader, reason: str) -> None:
    selection = select(study(member))
    assert selection.chosen.get(Role.T1W) is None
    assert selection.chosen.get(Role.FLUID) is None
    assert said(selection).startswith("No series shows the sacroiliac joints")
    for candidate in selection.candidates:
        assert not candidate.eligible
        assert candidate.score < ELIGIBLE_SCORE
    assert reason in worded(selection, row(selection, 1, Role.T1W))
    assert reason in said(selection)
    good = chosen(member, series(2, "", T1), series(3, "", STIR))
    assert good == (2, 3)


@pytest.mark.parametrize("flip", [1, -1])
@pytest.mark.parametrize("tilt", [18, 30, 45, 58])
def test_obliquity_counts_however_the_plane_is_written(tilt: float, flip: int) -> None:
    plain = series(2, "t1", T1, tilt_deg=tilt)
    row_direction, column = plain.images[0].row_direction, plain.images[0].column_direction
    assert row_direction is not None
    assert column is not None
    turned = changed(
        plain,
        row_direction=(flip * row_direction[0], flip * row_direction[1], flip * row_direction[2]),
        column_direction=(-column[0], -column[1], -column[2]),
    )
    assert select(study(turned)).candidates[0].score == select(study(plain)).candidates[0].score
    assert chosen(series(1, "t1", T1, tilt_deg=0), turned) == (2, None)


def test_a_truly_coronal_series_only_where_nothing_is_better_and_with_a_note() -> None:
    wide = series(5, "t1 cor", T1, tilt_deg=0, matrix=512, pixel_mm=0.78)
    alone = select(study(wide))
    assert alone.chosen[Role.T1W] is not None
    assert "truly coronal" in worded(alone, alone.chosen[Role.T1W])
    assert "field of view is large" in worded(alone, alone.chosen[Role.T1W])
    assert chosen(wide, series(6, "", T1)) == (6, None)


NEIGHBORS = [
    ("hips", "t1 cor hips", {}),
    ("hips in German", "t1_tse_cor Hüfte bds", {}),
    ("hips by body part", "t1_tse_cor", {"body_part": "HIP"}),
    ("lumbar spine", "T1 cor LWS", {}),
    ("lumbar spine by body part", "cor T1", {"body_part": "LSPINE"}),
    ("lumbar spine by protocol", "cor T1", {"protocol_name": "L-SPINE ROUTINE"}),
]


@pytest.mark.parametrize(("what", "name", "more"), NEIGHBORS, ids=[case[0] for case in NEIGHBORS])
def test_a_coronal_neighbor_is_not_taken_for_the_joints(what: str, name: str, more: dict[str, Any]) -> None:
    """Its twins: the same plane named after the joints, and a plane along the sacrum under the same name."""
    assert chosen(series(5, name, T1, tilt_deg=0, **more)) == (None, None)
    assert chosen(series(5, f"{name} ISG", T1, tilt_deg=0, **more)) == (5, None)
    assert chosen(series(5, name, T1, **more)) == (5, None)


ELSEWHERE = [
    "T1 cor Oberschenkel",
    "cor T1 thigh",
    "T1 cor cuisse",
    "T1 cor muslo",
    "T1 cor prostate",
    "t1 cor Kopf",
    "T1 cor tête",
    "Т1 кор голова",
    "T1 cor C-Spine",
    "脳 T1 冠状断",
]


@pytest.mark.parametrize("name", ELSEWHERE)
def test_another_part_of_the_body_is_refused_by_series_and_by_study(name: str) -> None:
    """Its twins: a study that names the joints or the pelvis too, and the series named after the joints."""
    for refused in (series(1, name, T1), series(1, "", T1, study_description=name)):
        selection = select(study(refused))
        assert not selection.chosen
        assert "another part of the body, by " in said(selection)
    assert chosen(series(1, "", T1, study_description=f"{name} + ISG")) == (1, None)
    assert chosen(series(1, "", T1, study_description=f"{name}, Becken")) == (1, None)
    assert chosen(series(1, "T1 cor SIJ", T1, study_description=name)) == (1, None)


def test_a_coil_for_another_part_of_the_body_speaks_against_it() -> None:
    plain = series(1, "t1", T1, tilt_deg=0)
    assert chosen(replace(plain, coil="Head_32")) == (None, None)
    assert chosen(replace(plain, coil="TxRx_Knee_15")) == (None, None)
    for coil in ("", "Body_18", "SENSE-XL-Torso", "Spine_32", "HDx Lower Body"):
        assert chosen(replace(plain, coil=coil)) == (1, None)


STUDIES = ["", "MRT ISG", "MR Sacroiliac joints", "MRT LWS + ISG", "IRM bassin", "MRT Becken", "МРТ таза", "MR Hips"]


@pytest.mark.parametrize("study_description", STUDIES)
@pytest.mark.parametrize(("t1_name", "stir_name"), VENDOR_NAMES)
def test_no_name_of_a_study_near_the_joints_hides_them(t1_name: str, stir_name: str, study_description: str) -> None:
    both = [series(2, t1_name, T1), series(3, stir_name, STIR)]
    assert chosen(*(replace(one, study_description=study_description) for one in both)) == (2, 3)


def test_a_field_too_narrow_for_both_joints_is_said() -> None:
    for matrix, narrow in ((200, True), (384, False)):
        selection = select(study(series(1, "t1", T1, matrix=matrix)))
        assert ("too narrow for both" in worded(selection, selection.chosen[Role.T1W])) is narrow


def test_reformatted_3d_spin_echo_only_where_nothing_is_better() -> None:
    space = {**STIR, "acquisition_type": "3D"}
    made = series(5, "space stir mpr", space, image_type=("DERIVED", "SECONDARY", "MPR"))
    assert chosen(made) == (None, 5)
    assert chosen(made, series(6, "cor", T2_FS)) == (None, 6)


def test_a_dixon_series_of_four_kinds_gives_its_water_images() -> None:
    parts = [
        changed(series(4, "T2W mDIXON cor", T2), image_type=("DERIVED", "PRIMARY", mark, mark, "DERIVED"))
        for mark in ("IP", "OP", "W", "F")
    ]
    selection = select(study(joined(*parts)))
    assert selection.chosen.get(Role.FLUID) is not None
    assert {image.image_type[2] for image in selection.chosen.get(Role.FLUID).images} == {"W"}
    assert len(selection.chosen.get(Role.FLUID).images) == 24
    assert "the water images" in worded(selection, selection.chosen.get(Role.FLUID))
    assert selection.chosen.get(Role.T1W) is None


def test_a_t1_dixon_series_gives_its_in_phase_images() -> None:
    parts = [
        changed(series(4, "T1W mDIXON cor", T1), image_type=("DERIVED", "PRIMARY", mark, mark, "DERIVED"))
        for mark in ("OP", "IP", "W", "F")
    ]
    selection = select(study(joined(*parts)))
    assert selection.chosen.get(Role.T1W) is not None
    assert {image.image_type[2] for image in selection.chosen.get(Role.T1W).images} == {"IP"}


@pytest.mark.parametrize("attribute", ["temporal_position", "acquisition_number"])
def test_repeats_at_one_position_leave_one_complete_set(attribute: str) -> None:
    plain = series(4, "t1", T1)
    twice = joined(changed(plain, **{attribute: 2}), changed(plain, **{attribute: 1}))
    selection = select(study(twice))
    assert selection.chosen.get(Role.T1W) is not None
    assert len(selection.chosen.get(Role.T1W).images) == 24
    assert {getattr(image, attribute) for image in selection.chosen.get(Role.T1W).images} == {1}
    assert "24 repeats" in worded(selection, selection.chosen.get(Role.T1W))


def test_one_repeated_slice_is_dropped_and_said() -> None:
    plain = series(4, "t1", T1)
    again = replace(plain.images[5], sop_instance_uid="1.2.3.4.99", instance_number=99)
    selection = select(study(replace(plain, images=(*plain.images, again))))
    assert selection.chosen.get(Role.T1W) is not None
    assert [image.instance_number for image in selection.chosen.get(Role.T1W).images] == list(range(1, 25))
    assert "1 repeat at the same" in worded(selection, selection.chosen.get(Role.T1W))


def test_interleaved_acquisition_numbers_are_no_repeats() -> None:
    plain = series(4, "t1", T1)
    images = tuple(replace(image, acquisition_number=1 + n % 2) for n, image in enumerate(plain.images))
    selection = select(study(replace(plain, images=images)))
    assert selection.chosen.get(Role.T1W) is not None
    assert len(selection.chosen.get(Role.T1W).images) == 24


def test_echoes_are_kept_apart() -> None:
    early = changed(series(4, "pd t2 fs", T2_FS), echo_time_ms=14.0)
    selection = select(study(joined(early, changed(early, echo_time_ms=85.0))))
    assert selection.chosen.get(Role.FLUID) is not None
    assert {image.echo_time_ms for image in selection.chosen.get(Role.FLUID).images} == {85.0}


def test_the_order_of_files_makes_no_difference() -> None:
    members = [series(n, "t1", T1) for n in (4, 5, 6)] + [series(n, "", STIR) for n in (7, 8)]
    expected = select(study(*members))
    for seed in range(5):
        order = random.Random(seed)
        shuffled = [replace(m, images=tuple(order.sample(m.images, len(m.images)))) for m in members]
        order.shuffle(shuffled)
        assert select(study(*shuffled)) == expected


def test_ties_are_broken_by_slices_then_resolution() -> None:
    assert chosen(series(4, "", T1, slices=20), series(5, "", T1, slices=24)) == (5, None)
    assert chosen(series(4, "", T1, pixel_mm=0.7, matrix=320), series(5, "", T1, pixel_mm=0.6, matrix=320)) == (5, None)


def test_what_is_missing_is_said() -> None:
    only_t1 = select(study(series(2, "", T1)))
    assert "edema cannot be read" in said(only_t1)
    only_stir = select(study(series(3, "", STIR)))
    assert "cannot be read" in said(only_stir)
    assert "T1-weighted" in said(only_stir)


def test_an_empty_study_is_not_applicable() -> None:
    selection = select(study())
    assert selection.candidates == ()
    assert said(selection) == "The study holds no readable series."


def test_enhanced_objects_are_candidates_too() -> None:
    enhanced = series(2, "t1", T1, sop_class=f"{MR}.1")
    frames = tuple(replace(image, sop_instance_uid="1.2.3.2.1", frame=n) for n, image in enumerate(enhanced.images, 1))
    assert chosen(replace(enhanced, images=frames)) == (2, None)


def test_an_abdomen_or_a_whole_body_is_not_read_as_joints() -> None:
    haste = {**T2_FS, "repetition_time_ms": 1700.0, "echo_train_length": 160}
    abdomen = series(
        2, "t2_haste_fs_cor", haste, tilt_deg=0, pixel_mm=1.2, matrix=320, spacing_mm=6, body_part="ABDOMEN"
    )
    body = series(3, "STIR cor WB", STIR, tilt_deg=0, pixel_mm=1.3, spacing_mm=6, slices=30)
    assert chosen(abdomen, body) == (None, None)


def test_objects_that_are_no_images_get_no_points() -> None:
    report = series(901, "SIJ T1 cor", {}, sop_class="1.2.840.10008.5.1.4.1.1.66.4", modality="SEG")
    assert {c.score for c in select(study(report)).candidates} == {0.0}


def test_a_full_protocol_leaves_the_two_that_are_meant() -> None:
    scout = joined(
        series(1, "localizer", SCOUT, slices=3, tilt_deg=0, pixel_mm=1.5),
        series(1, "localizer", SCOUT, slices=3, plane=SAGITTAL, first=10),
        series(1, "localizer", SCOUT, slices=3, tilt_deg=90, first=20),
    )
    others = [
        series(2, "t1_tse_sag", T1, plane=SAGITTAL, slices=15),
        series(5, "t2_tse_fs_semiax", T2_FS, tilt_deg=-50),
        series(6, "ep2d_diff", {**T2_FS, "scanning_sequence": ("EP",), "b_value": 800.0}),
        series(7, "ep2d_diff_ADC", T2_FS, image_type=("DERIVED", "PRIMARY", "DIFFUSION", "ADC")),
        series(8, "t1_tse_fs_obl cor KM", {**T1, "scan_options": ("FS",)}, contrast_agent="Gadovist"),
        series(9, "t1_cor_hueften", T1, tilt_deg=0, pixel_mm=1.0),
    ]
    assert chosen(scout, *others, series(3, "", T1), series(4, "", STIR)) == (3, 4)
    selection = select(study(scout, *others[:-1]))
    for number in (1, 2, 5, 6, 7, 8):
        assert f"eries {number} " in said(selection)


@pytest.mark.parametrize(
    ("what", "member", "plausible"),
    [
        ("axial slices named after the joints", series(1, "ax T1 SI joints", T1, tilt_deg=85), True),
        ("semicoronal, of a contrast that is not read", series(1, "a", T2), True),
        ("a knee", series(1, "cor T2 fs knee", T2_FS, tilt_deg=0, body_part="KNEE"), False),
        ("a brain, tilted", series(1, "cor obl T2 brain", T2, body_part="BRAIN"), False),
        ("axial slices of nobody knows what", series(1, "a", T1, tilt_deg=85), False),
    ],
)
def test_a_study_that_is_not_read_may_have_been_one_to_read(what: str, member: SeriesHeader, plausible: bool) -> None:
    found = select(study(member))
    assert not found.chosen
    assert found.plausible is plausible
