"""Mosaics of joints: reading, importing, and judging a bundle on them."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from training.__main__ import main
from training.data import open_cohort
from training.sij_mri.external import external_page, judge_external
from training.sij_mri.external.judge import Share, best_cutoff, called_left_out, chosen_left_out, judge
from training.sij_mri.external.scores import marrow_excess
from training.sij_mri.importing import Mosaic, read_mosaics

PATIENTS = 4


def mosaic(seed: int, *, edema: bool) -> np.ndarray:
    """Marrow of one level with noise; a dark line in the middle of each tile; a bright patch beside it or none."""
    random = np.random.default_rng(seed)
    tiles = random.normal(110, 8, (12, 256, 128))
    tiles += random.uniform(-10, 10, (12, 1, 1))
    tiles[:, :, 60:68] -= 80
    if edema:
        tiles[6:9, 80:180, 70:110] += 60
    return np.clip(tiles.transpose(1, 0, 2).reshape(256, 1536), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("mosaics")
    for word in ("positive", "negative"):
        (made / word).mkdir()
        for number in range(PATIENTS):
            path = made / word / f"{word[0]}{number}.png"
            cv2.imwrite(str(path), mosaic(number + 10 * (word == "positive"), edema=word == "positive"))
    return made


def test_a_bright_patch_beside_the_joint_is_found_and_a_bright_tile_is_not(folder: Path) -> None:
    plain = mosaic(1, edema=False)
    tiles = plain.reshape(256, 12, 128).transpose(1, 0, 2)
    brighter = tiles.copy()
    brighter[3] += 40
    excess = {name: marrow_excess(Mosaic("a", False, each)) for name, each in (("as it is", tiles), ("one", brighter))}
    assert excess["one"] == pytest.approx(excess["as it is"], abs=2)
    assert marrow_excess(read_mosaics(folder)[-1]) > excess["as it is"] + 20


def test_the_page_shows_null_models_counts_and_what_it_is_not(folder: Path) -> None:
    found = judge_external(read_mosaics(folder), {})
    assert found.judged["marrow excess"][1].auc == 1.0
    text = external_page(found, bundle="sij-1", digest="0" * 64, folder="MOSAICS")
    assert "8 patients, 4 positive and 4 negative" in text
    assert "| marrow excess | 1.000 (1.00 to 1.00) |" in text and "1.00 (0.40 to 1.00; 4 of 4)" in text
    assert "null model" in text and "What this is not" in text


def test_mosaics_become_pictures_of_two_joints(folder: Path, tmp_path: Path) -> None:
    assert main(["import", str(folder), "--out", str(tmp_path / "set"), "--terms", "for judging alone"]) == 0
    cohort = open_cohort(tmp_path / "set")
    assert len(cohort.items) == 12 * PATIENTS and cohort.terms == "for judging alone"
    assert {item.patient for item in cohort.items if item.labels["AS_status"]} == {"p0", "p1", "p2", "p3"}
    assert cohort.items[0].masks == ()


def test_a_table_may_tell_the_labels(folder: Path) -> None:
    table = folder / "labels.csv"
    table.write_text("file,label\npositive/p0.png,1\nnegative/n0.png,0\n")
    assert [one.positive for one in read_mosaics(folder, table="labels.csv")] == [True, False]
    table.write_text("file,label\npositive/p0.png,1\nnegative/n0.png,\n")
    with pytest.raises(ValueError, match="label in line 3 of labels"):
        read_mosaics(folder, table="labels.csv")


def test_what_is_no_mosaic_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="has no folders positive and negative"):
        read_mosaics(tmp_path)
    (tmp_path / "positive").mkdir()
    (tmp_path / "negative").mkdir()
    cv2.imwrite(str(tmp_path / "positive" / "a.png"), mosaic(0, edema=True))
    with pytest.raises(ValueError, match=r"no patient of .* is negative"):
        read_mosaics(tmp_path)
    cv2.imwrite(str(tmp_path / "negative" / "a.png"), mosaic(0, edema=False))
    with pytest.raises(ValueError, match="appear twice"):
        read_mosaics(tmp_path)
    cv2.imwrite(str(tmp_path / "negative" / "b.png"), np.zeros((256, 128), np.uint8))
    with pytest.raises(ValueError, match="received 128 x 256"):
        read_mosaics(tmp_path)


def test_a_cut_off_is_chosen_without_the_patient_it_judges() -> None:
    scores, positive = np.array([1.0, 2, 3, 4, 5, 6]), np.array([False, False, True, False, True, True])
    assert best_cutoff(scores, positive) == 2.5
    assert called_left_out(scores, positive).tolist() == [False, False, False, True, True, True]
    judged = judge(scores, positive)
    assert judged.auc == pytest.approx(8 / 9) and judged.low < judged.auc <= judged.high
    assert (judged.sensitivity, judged.specificity) == (Share(2, 3), Share(2, 3))
    with pytest.raises(ValueError, match="two patients of each class"):
        judge(scores[:4], positive[:4])


def test_a_setting_is_chosen_without_the_patient_it_judges() -> None:
    positive = np.array([False] * 4 + [True] * 4)
    good, bad = np.arange(8.0), np.array([5.0, 1, 7, 3, 2, 6, 4, 0])
    places = chosen_left_out([bad, good], positive)
    assert (places[positive].min(), places[~positive].max()) == (0.5, 0.5)
    assert places[-1] == 1.0 and places[0] == 0.0


def test_the_interval_of_a_count_is_the_exact_one() -> None:
    assert Share(12, 12).interval[0] == pytest.approx(0.735, abs=1e-3)
    assert str(Share(3, 4)) == "0.75 (0.19 to 0.99; 3 of 4)"
