"""Region networks on subjects that were kept from them: who is judged, beside what, and what the page says."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from inference.sij_mri import StandardizedRegionCutter
from tests.factories.volumes import subject
from training.data.dataset import Dataset, read_index, write_index, write_subject
from training.sij_mri.region.evaluate import held_back_figures, judge_held_back, mean_mask, not_judged, worst_slice
from training.sij_mri.region.page import held_back_page
from training.sij_mri.region.trained import trained_regions

CUTTER = StandardizedRegionCutter(spacing_mm=2.0, size_px=64)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Three subjects; the region is a bright disc, in another place in each."""
    folder = tmp_path_factory.mktemp("set")
    entries = []
    for name, column in (("one", 20), ("two", 30), ("three", 44)):
        rows, columns = np.mgrid[:64, :64]
        disc = (rows - 30) ** 2 + (columns - column) ** 2 < 14.0**2
        image = np.where(disc, 900.0, 300.0).astype(np.float32)
        entries.append(
            write_subject(
                folder, subject(name, np.repeat(image[None], 6, 0), np.repeat(disc[None], 6, 0), spacing_mm=1.5)
            )
        )
    write_index(Dataset(folder, "made for a test", tuple(entries)))
    return read_index(folder)


def put(folder: Path, **changed: Any) -> None:
    """A network that takes what is brighter than the mean of the body for the region."""
    picture = keras.Input(CUTTER.shape)
    answer = keras.layers.Conv2D(1, 1, activation="sigmoid")
    network = keras.Model(picture, answer(picture))
    answer.set_weights([np.array([0, 20, 0], np.float32).reshape(1, 1, 3, 1), np.array([-10], np.float32)])
    folder.mkdir(parents=True)
    network.save(folder / "network.keras")
    facts = {"cutter": CUTTER.name, "parameters": asdict(CUTTER), "mirrored": False, "step": 7, "steps": 7}
    (folder / "network.json").write_text(json.dumps(facts | changed))


def test_only_finished_networks_judge_and_only_whom_they_have_not_seen(dataset: Dataset, tmp_path: Path) -> None:
    put(tmp_path / "region" / "fold0", learned=["two", "three"], held_back=["one"])
    put(tmp_path / "region" / "fold1", learned=["one", "three"], held_back=["two"], step=6)
    put(tmp_path / "region" / "all", learned=["one", "two", "three"], held_back=[])
    trained = trained_regions(tmp_path, "region")
    judged = list(judge_held_back(dataset, trained, contrast="t1w"))

    assert [(one.score.subject, one.network) for one in judged] == [("one", "fold0")]
    assert judged[0].score.dice_2d > 0.95 > judged[0].null
    assert judged[0].worst == pytest.approx(judged[0].score.dice_2d, abs=0.02)
    assert not_judged(dataset, trained, contrast="t1w") == ["two", "three"]
    assert not list(judge_held_back(dataset, trained, contrast="stir"))

    figures = held_back_figures(judged, command="made so")
    before = {**figures, "date": "2001-02-03"}
    page = held_back_page({"T1": figures}, missing={"T1": ["two"]}, kept={"Other": before}, command="made so")
    assert "| one | fold0 |" in page and "1 patients: mean 2D Dice" in page
    assert "Not judged yet, for want of a finished network that was kept from them: two." in page
    assert "## Other" in page and "judged on 2001-02-03" in page


def test_the_null_model_sees_no_picture_and_not_the_patient(dataset: Dataset) -> None:
    masks = {name: dataset.load(name).labels["region"] for name in ("one", "two", "three")}
    assert np.array_equal(mean_mask(dataset, "two"), masks["one"] | masks["three"]), "half of two is one of them"


def test_the_worst_slice_counts_a_false_region_too() -> None:
    truth, found = np.zeros((3, 4, 4), np.bool_), np.zeros((3, 4, 4), np.bool_)
    truth[0, :2], found[0, :2] = True, True
    assert worst_slice(truth, found) == 1.0
    found[1, 0, 0] = True
    assert worst_slice(truth, found) == 0.0
