"""The command line of training: what it refuses, and what the card says."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.factories.volumes import subject
from training.__main__ import main
from training.commands import fold_numbers, run_name
from training.data.dataset import Dataset, write_index, write_subject
from training.judge.figures import bootstrap_mean, region_figures, region_page, score_region
from training.sij_mri.bundle.card import card


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    folder = tmp_path / "set"
    mask = np.zeros((2, 16, 16), np.bool_)
    mask[:, 4:12, 4:12] = True
    entries = []
    for name in ("a", "b", "c", "d"):
        entries.append(write_subject(folder, subject(name, mask * np.float32(100), mask)))
    write_index(Dataset(folder, "made for a test", tuple(entries)))
    assert main(["split", str(folder), "--folds", "4"]) == 0
    return folder


def train(dataset: Path, out: Path, *more: str) -> int:
    return main(["train", "region", str(dataset), "--out", str(out), *more])


def test_a_network_that_has_seen_the_held_back_patients_is_no_start(
    dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    known = tmp_path / "runs" / "region" / "without-0-2"
    known.mkdir(parents=True)
    (known / "options.json").write_text(json.dumps({"held_back": "0,2"}))

    assert train(dataset, tmp_path / "runs", "--held-back", "1", "--start", "without-0-2") == 2

    assert "would leak" in capsys.readouterr().err
    assert not (tmp_path / "runs" / "region" / "without-1").exists()


def test_patients_decide_where_the_data_were_split_again(
    dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    known = tmp_path / "runs" / "region" / "without-1"
    known.mkdir(parents=True)
    (known / "options.json").write_text(json.dumps({"held_back": "1"}))
    (known / "learned-from.json").write_text(json.dumps({"patients": ["b"]}))

    assert train(dataset, tmp_path / "runs", "--held-back", "1", "--start", "without-1") == 2

    assert "without-1 has learned from 1 of the 1 patients to judge" in capsys.readouterr().err


def test_a_training_is_not_overwritten_unasked(
    dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "runs" / "region" / "all-3"
    folder.mkdir(parents=True)
    (folder / "state.json").write_text("{}")

    assert train(dataset, tmp_path / "runs", "--seed", "3") == 2
    assert "--resume" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["x", "1,b", "-1"])
def test_folds_are_numbers(text: str) -> None:
    with pytest.raises(ValueError, match="received"):
        fold_numbers(text)


def test_runs_are_called_after_what_they_have_not_seen() -> None:
    assert run_name(fold_numbers("2, 0"), 7) == "without-0-2"
    assert run_name((), 7) == "all-7"


def test_a_folder_without_a_data_set_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["split", str(tmp_path), "--folds", "2"]) == 2
    assert "dataset.json" in capsys.readouterr().err


def test_figures_of_a_shifted_region() -> None:
    truth = np.zeros((3, 40, 40), np.bool_)
    truth[:2, 10:30, 10:30] = True
    found = np.roll(truth, 2, axis=2)
    found[2, 0, 0] = True

    score = score_region(truth, found, pixel_spacing_mm=(0.5, 0.5), subject="a", fold=1)

    assert score.dice_2d == pytest.approx(0.9)
    assert score.dice_3d == pytest.approx(2 * 720 / (800 + 801))
    assert 0.4 < score.surface_distance_mm < 1.0
    assert (score.slices, score.false_slices) == (2, 1)


def test_the_interval_holds_the_mean_and_narrows_with_agreement() -> None:
    wide, narrow = bootstrap_mean([0.8, 0.9, 1.0, 0.7]), bootstrap_mean([0.85, 0.86, 0.85, 0.84])
    assert wide.low < wide.mean < wide.high
    assert narrow.high - narrow.low < wide.high - wide.low
    assert wide == bootstrap_mean([0.8, 0.9, 1.0, 0.7])


def test_page_and_card_say_what_was_found_and_what_it_is_not() -> None:
    mask = np.zeros((2, 20, 20), np.bool_)
    mask[:, 5:15, 5:15] = True
    scores = [score_region(mask, np.roll(mask, n, 2), pixel_spacing_mm=(1, 1), subject=str(n)) for n in range(3)]
    figures = region_figures(scores, command="axspa-train evaluate region")
    stage = {
        "groups": {"all": {"patients": 4, "figures": {"macro F1": {"value": 0.8762, "low": 0.7, "high": 1.0}}}},
    }
    provenance = {
        "real data": "some hospital",
        "synthetic data": "phantoms",
        "use of the weights": "research only",
        "region runs": {
            "all-0": {
                "step": 10,
                "cutter": "sij_mri.region",
                "parameters": {"size_px": 160, "spacing_mm": 1.35, "channels": 5},
                "mirrored": True,
            }
        },
    }

    page = region_page({"T1-weighted": figures}, note="Note.")
    text = card("sij-1", "1.0.0", evaluation={"region": {"t1w": figures}, "stage": stage}, provenance=provenance)

    assert "| 2 | 0 | 0.800 |" in page and "bootstrap over 3 patients" in page
    assert "0.900 (95 % CI 0.8" in text
    assert "0.88 (0.70 to 1.00)" in text
    for word in ("RESEARCH ONLY", "Not a medical device", "some hospital", "simulated lesions", "Limits"):
        assert word in text
