"""Splits are by patient."""

from pathlib import Path

import pytest

from training.data.splits import patient_folds, published_by_image, read_splits, stratified_folds, write_splits
from training.sij_mri.stage.plan import held_back_plans, stage_plans

PATIENTS = {f"{patient}_{when}": patient for patient in "abcdefg" for when in ("before", "after")}


@pytest.mark.parametrize("folds", [2, 3, 7])
def test_no_patient_is_on_both_sides_and_every_scan_is_held_back_once(folds: int) -> None:
    made = patient_folds(PATIENTS, folds)

    held_back = [name for fold in made for name in fold.held_back]
    assert sorted(held_back) == sorted(PATIENTS)
    for fold in made:
        assert not {PATIENTS[name] for name in fold.learn} & {PATIENTS[name] for name in fold.held_back}
        assert sorted((*fold.learn, *fold.held_back)) == sorted(PATIENTS)
    sizes = [len(fold.held_back) for fold in made]
    assert max(sizes) - min(sizes) <= 2


@pytest.mark.parametrize("folds", [0, 1, 8])
def test_a_number_of_folds_that_cannot_be_is_refused(folds: int) -> None:
    with pytest.raises(ValueError, match=f"received {folds}"):
        patient_folds(PATIENTS, folds)


def test_splits_come_back_as_written(tmp_path: Path) -> None:
    made = patient_folds(PATIENTS, 3)
    write_splits(tmp_path, made)
    assert read_splits(tmp_path) == made


def test_what_is_judged_is_what_the_stage_network_was_not_taught_by() -> None:
    plans = held_back_plans(None, share=0.25)
    assert {plan.split for plan in plans} == {"held-back"}
    assert {plan.source for plan in plans} == {"phantom", "requested"}
    assert len(held_back_plans(None)) > len(plans) > 0
    taught = {plan.key for plan in stage_plans(()) if plan.split == "train"}
    assert not taught & {plan.key for plan in held_back_plans(None)}


def test_the_published_split_holds_back_180_of_900_images_and_is_always_the_same() -> None:
    names = [f"img_{number:04d}" for number in range(900)]
    status = {name: int(number % 25 < 12) for number, name in enumerate(names)}
    (fold,) = published_by_image(names, status)
    assert (len(fold.learn), len(fold.held_back)) == (720, 180)
    assert sum(status[name] for name in fold.held_back) == 86
    assert published_by_image(names, status) == (fold,)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ([1] * 10, "received 10 of 1"),
        ([0, 0, 1, 1], "received 2 of 0, 2 of 1"),
        ([None] * 10, "has no label"),
    ],
)
def test_the_published_split_needs_both_classes(status: list[int | None], words: str) -> None:
    names = [str(number) for number in range(len(status))]
    with pytest.raises(ValueError, match=words):
        published_by_image(names, dict(zip(names, status, strict=True)))


def test_folds_share_out_classes_by_patient() -> None:
    patients = {f"{number}": f"p{number // 3}" for number in range(60)}
    classes = {name: int(int(name) // 3 < 8) for name in patients}
    folds = stratified_folds(patients, classes, 4)
    for fold in folds:
        assert len({patients[name] for name in fold.held_back if classes[name]}) == 2
        assert {patients[name] for name in fold.learn}.isdisjoint(patients[name] for name in fold.held_back)
    with pytest.raises(ValueError, match="the class '1' has 8 patients"):
        stratified_folds(patients, classes, 9)
