"""The table of the published framework in miniature: rows, page and bundle by one command; plans that can be built.

Run by name (``python -m pytest tests/proof/published_table.py``), by the part *training* of the proof.
"""

import dataclasses
import json
import shutil

import numpy as np
import pytest

from inference.mri_slices import MriSlices
from inference.serving import load_bundle
from training.__main__ import main
from training.data import Picture, open_cohort, write_pictures
from training.models.registry import build
from training.mri_slices.bundle import bundle_rows
from training.mri_slices.figures import judge_mean_region, overlap
from training.mri_slices.page import write_page
from training.mri_slices.recipes import RECIPES, sized
from training.mri_slices.slices import load_slices
from training.mri_slices.table import chosen, limited, make_rows, parts_of, row_folder, split_of
from training.plans import plan_path, read_plan, shipped_plans

PATIENTS, SLICES, SIZE_PX, WIDTH = 6, 6, 16, 0.03
OURS = [name for name in shipped_plans() if name.startswith(("published", "simple-cnn", "hybrid"))]


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cohort") / "pictures"
    rng = np.random.default_rng(0)
    pictures = []
    for number in range(PATIENTS * SLICES):
        level = number % 4
        mask = np.zeros((256, 256), bool)
        mask[100:160, 80:200] = True
        pictures.append(
            Picture(
                pixels=rng.integers(0, 60 + 60 * level, (256, 256)).astype(np.uint8),
                mask=mask if number % 2 else None,
                patient=f"p{number // SLICES}",
                center="",
                contrast="t1w",
                origin=f"{number}",
                as_status=int(level > 1),
                stage=level,
                labels={},
            )
        )
    write_pictures(folder, pictures, name="pictures", source="noise (synthetic)", terms="none", notes=[])
    return open_cohort(folder)


@pytest.fixture(scope="module")
def rows(cohort, tmp_path_factory):
    out = tmp_path_factory.mktemp("rows")
    make_rows(
        cohort, out, width=WIDTH, size_px=SIZE_PX, only=["Simple CNN", "U-Net, region"], epochs=1,
        splits=["published-by-image"],
    )  # fmt: skip
    return out


def test_rows_of_the_region_use_slices_with_a_drawn_one(cohort):
    slices = load_slices(cohort, size_px=SIZE_PX)
    fold = split_of(cohort, "by-patient")
    recipe = next(one for one in RECIPES if one.target == "region")
    parts = parts_of(slices, fold, recipe, "by-patient")
    assert slices.drawn[parts.learn].all()
    assert not set(slices.patients[parts.learn]) & set(slices.patients[parts.judge])
    assert not set(slices.patients[parts.learn]) & set(slices.patients[parts.validate])


def test_what_is_there_is_not_made_again(cohort, rows):
    path = row_folder(rows, "published-by-image", RECIPES[0]) / "row.json"
    before = path.stat().st_mtime_ns
    make_rows(cohort, rows, width=WIDTH, size_px=SIZE_PX, only=["Simple CNN"], epochs=1, splits=["published-by-image"])
    assert path.stat().st_mtime_ns == before


def test_the_page_shows_what_is_there_and_says_what_is_not(cohort, rows, tmp_path):
    text = write_page(cohort, rows, tmp_path / "page.md").read_text(encoding="utf-8")
    assert "Its labels are brightness" in text
    assert "1 of 100 epochs" not in text  # the recipe's own limit was lowered too
    assert "| Simple CNN | 0." in text or "| Simple CNN | 1." in text
    assert "Hybrid v1, split by patient" in text.partition("**Not finished:**")[2]
    assert "Logistic regression on four figures, no network | " in text
    assert (rows / "pictures" / "samples.png").is_file()
    assert len(list((rows / "pictures").glob("confusion-*.png"))) == 1


def test_a_second_look_at_what_is_held_back_is_said(cohort, rows, tmp_path):
    shutil.copytree(rows, tmp_path / "rows")
    path = row_folder(tmp_path / "rows", "published-by-image", RECIPES[0]) / "row.json"
    text = write_page(cohort, tmp_path / "rows", tmp_path / "page.md").read_text(encoding="utf-8")
    assert "looked at once for each row, in the end.\n" in text
    row = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**row, "looks": ["best", "last"]}), encoding="utf-8")
    text = write_page(cohort, tmp_path / "rows", tmp_path / "page.md").read_text(encoding="utf-8")
    assert "but for Simple CNN (split by image, as published), of which the best network was judged first" in text
    assert "then the last one: its figures are a choice after a look." in text


def test_the_null_model_of_masks_is_one_mask_for_all(cohort):
    slices = load_slices(cohort, size_px=SIZE_PX)
    judged = judge_mean_region(slices, split_of(cohort, "by-patient"))
    assert judged.iou.value == judged.pixels.value == 1.0  # the region is the same in each slice
    odd = (np.arange(len(slices.names)) % 4 == 1)[:, None, None]
    moved = dataclasses.replace(slices, regions=np.where(odd, np.roll(slices.regions, 5, axis=2), slices.regions))
    assert 0 < judge_mean_region(moved, split_of(cohort, "by-patient")).iou.value < 1


def test_a_bundle_of_patients_held_back_says_so_and_what_is_no_better_than_the_majority(cohort, tmp_path):
    out = tmp_path / "rows"
    names = ["Simple CNN, focal, balanced", "U-Net, region, Dice and cross-entropy"]
    make_rows(cohort, out, width=WIDTH, size_px=SIZE_PX, only=names, epochs=1, splits=["by-patient"])
    bundle_rows(cohort, out, tmp_path / "mine", version="1.0.0", split="by-patient")
    text = (tmp_path / "mine" / "CARD.md").read_text(encoding="utf-8")
    assert "no slice of a patient who is held back was learned from" in text
    assert "| unet-best (" in text
    assert "| The mean region as one mask for all slices, no network | | | - | - | 1.0000" in text
    poor = json.loads((out / "by-patient/simple-cnn-focal-balanced/row.json").read_text(encoding="utf-8"))
    assert poor["looks"] == ["best"]


def test_a_bundle_of_the_rows_says_that_its_labels_are_brightness(cohort, rows, tmp_path):
    given = ["published", "--cohort", str(cohort.folder), "--out", str(rows), "--page-only"]
    assert main([*given, "--bundle", str(tmp_path / "mine")]) == 0
    bundle = load_bundle("mine", MriSlices(), roots=[tmp_path])
    assert set(bundle.models) == {"unet", "unet-best", "simple-cnn"}
    text = (tmp_path / "mine" / "CARD.md").read_text(encoding="utf-8")
    assert "The labels are brightness" in text
    assert "noise (synthetic)" in text
    assert bundle.manifest.provenance["cohort"] == cohort.digest


def test_bad_wishes_are_said(cohort, rows, tmp_path, capsys):
    with pytest.raises(ValueError, match=r"rows are Simple CNN; .*Received VGG"):
        chosen(["VGG"])
    with pytest.raises(ValueError, match="at least one epoch, received 0"):
        limited(RECIPES[0], 0, None)
    hybrid = next(one for one in RECIPES if one.architecture == "hybrid_v1")
    with pytest.raises(ValueError, match="weights of the backbone are a file"):
        limited(hybrid, None, tmp_path / "none.h5")
    with pytest.raises(ValueError, match="at most 1; received 2"):
        sized(hybrid, width=2, size_px=64)
    given = ["published", "--cohort", str(cohort.folder), "--out", str(tmp_path / "empty"), "--page-only"]
    assert main([*given, "--bundle", str(tmp_path / "mine")]) == 2
    assert "holds no finished row" in capsys.readouterr().err


def test_overlap_of_masks():
    one = np.zeros((3, 4, 4), bool)
    other = one.copy()
    one[0, 0, :2] = other[0, 0, 1:3] = one[1] = True
    np.testing.assert_allclose(overlap(one, other), [1 / 3, 0, 1])


def test_at_full_width_a_row_is_the_published_network():
    recipe = next(one for one in RECIPES if one.name == "Simple CNN")
    assert build(recipe.architecture, **sized(recipe, width=1, size_px=256)).count_params() == 16_870_790


@pytest.mark.parametrize("name", OURS)
def test_plans_can_be_read_and_ask_for_known_networks(name):
    plan = read_plan(plan_path(name).read_text(encoding="utf-8"))
    assert plan.name == name
    network = {**plan.architecture.config, "size_px": 64}
    if plan.task.kind == "classify":
        assert {head.output for head in plan.task.heads} == {"as", "stage"}
    from inspect import signature

    from training.models.registry import architecture

    assert set(network) <= set(signature(architecture(plan.architecture.name)).parameters)
