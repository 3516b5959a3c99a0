"""Runs on a tiny cohort: killed and gone on with, judged, compared, reported; what is unfinished counts nowhere.

Run by name (``python -m pytest tests/proof/runs.py``), by the part *training* of the proof.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from tests.factories.cohorts import CLASSIFY, SEGMENT, disc_cohort
from training.__main__ import main
from training.data import open_cohort
from training.plans import plan_path, read_plan
from training.runs.compare import compare
from training.runs.evaluate import evaluate
from training.runs.folder import read_run, write_run
from training.runs.predictions import HELD_BACK, read_predictions
from training.runs.report import report
from training.runs.sources import deal
from training.sij_mri.region.read import region_cutter

KILLED = """
import os, signal, sys
from training.__main__ import main
from training.loop.samples import Samples
whole = Samples.batches
def killed(self, epoch):
    for step, batch in enumerate(whole(self, epoch)):
        if (epoch, step) == (2, 1):
            os.kill(os.getpid(), signal.SIGKILL)
        yield batch
Samples.batches = killed
main(sys.argv[1:])
"""
SEVERAL = """
import json, sys
from training.__main__ import main
sys.exit(max(main(words) for words in json.loads(sys.argv[1])))
"""


def run_python(program: str, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", program, *words]
    return subprocess.run(command, capture_output=True, text=True, env=environment)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cohort and runs: ``whole``, ``cut`` (killed in its third epoch), its copy ``gone_on`` (resumed), ``masks``."""
    folder = tmp_path_factory.mktemp("runs")
    disc_cohort(folder / "cohort")
    (folder / "classify.toml").write_text(CLASSIFY)
    (folder / "segment.toml").write_text(SEGMENT)

    def words(plan: str, out: str, *more: str) -> list[str]:
        given = ["train", str(folder / plan), "--cohort", str(folder / "cohort"), "--out", str(folder / out)]
        return [*given, "--threads", "1", *more]

    killed = run_python(KILLED, *words("classify.toml", "cut"))
    assert killed.returncode == -9, killed.stderr
    shutil.copytree(folder / "cut", folder / "gone_on")
    every = [
        words("classify.toml", "gone_on", "--resume"),
        words("classify.toml", "whole"),
        words("segment.toml", "masks"),
    ]
    done = run_python(SEVERAL, json.dumps(every))
    assert done.returncode == 0, done.stderr
    return folder


def copied(run: Path, folder: Path, **changes: object) -> Path:
    """A run under another name, and changed."""
    shutil.copytree(run, folder)
    write_run(folder, read_run(run), name=folder.name, **changes)
    return folder


def test_a_run_that_was_killed_goes_on_to_the_same_numbers(place: Path) -> None:
    whole, gone_on = (
        np.genfromtxt(place / name / "log.csv", delimiter=",", names=True) for name in ("whole", "gone_on")
    )
    assert len(whole) == 4
    for column in set(whole.dtype.names) - {"seconds"}:
        assert np.array_equal(whole[column], gone_on[column]), column
    networks = [keras.saving.load_model(place / name / "network.keras") for name in ("whole", "gone_on")]
    for one, other in zip(*(network.get_weights() for network in networks), strict=True):
        assert np.array_equal(one, other)


def test_a_run_tells_how_it_came_about(place: Path) -> None:
    run = read_run(place / "whole")
    assert (run.state, run.epochs, run.fold, run.left_out) == ("finished", 4, 0, 0)
    assert len(run.learn) == 6 and len(run.validation) == 2 and len(run.held_back) == 4
    assert len(run.cohort["digest"]) == 64 and run.cohort["terms"] == "any use"
    assert run.plan["schedule"]["batch_size"] == 4 and run.made_by["versions"]["keras"] and run.made_by["commit"]
    assert (place / "whole" / "plan.toml").read_text() == CLASSIFY
    for name in ("curves.png", "tensorboard", "predictions.npz"):
        assert (place / "whole" / name).exists()


def test_what_learns_from_all_holds_nothing_back(place: Path, tmp_path: Path) -> None:
    parts = deal(open_cohort(place / "cohort"), read_plan(SEGMENT), None)
    assert not parts.held_back and len(parts.learn) == 8 and len(parts.validation) == 4
    with pytest.raises(ValueError, match="held nothing back"):
        evaluate([copied(place / "masks", tmp_path / "all", held_back=())])


def test_an_unfinished_run_counts_nowhere(place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cut = str(place / "cut")
    assert main(["evaluate", cut]) == 2
    assert main(["compare", str(place / "whole"), cut]) == 2
    assert main(["report", cut, "--out", str(tmp_path / "page.html")]) == 2
    assert capsys.readouterr().err.count("is not finished: go on with it") == 3
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("epochs = 4", "epochs = 5"), "another plan (schedule.epochs: 4 then, 5 now)"),
        (("rate = 1e-2", "rate = 2e-2"), "another plan (schedule.rate: 0.01 then, 0.02 now)"),
    ],
)
def test_it_does_not_go_on_with_other_options(
    place: Path, tmp_path: Path, change: tuple[str, str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "other.toml").write_text(CLASSIFY.replace(*change))
    before = (place / "cut" / "run.json").read_bytes()
    given = ["--cohort", str(place / "cohort"), "--out", str(place / "cut"), "--resume"]
    assert main(["train", str(tmp_path / "other.toml"), *given]) == 2
    assert said in capsys.readouterr().err and (place / "cut" / "run.json").read_bytes() == before


@pytest.mark.parametrize(
    ("change", "more", "said"),
    [
        (("widths = [4, 8]", "depth = 3"), (), "received depth"),
        (('mask = "region"', 'mask = "sacrum"'), (), "the mask 'sacrum'"),
        (('name = "discs"', 'name = "discs"'), ("--fold", "7"), "fold 7 of the split 'by-patient'"),
    ],
)
def test_nothing_is_left_of_a_run_that_cannot_be(
    place: Path,
    tmp_path: Path,
    change: tuple[str, str],
    more: tuple[str, ...],
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    plan = SEGMENT.replace('kind = "segment"', 'kind = "segment"\nmask = "region"').replace(*change)
    (tmp_path / "plan.toml").write_text(plan)
    out = tmp_path / "run"
    assert (
        main(["train", str(tmp_path / "plan.toml"), "--cohort", str(place / "cohort"), "--out", str(out), *more]) == 2
    )
    assert said in capsys.readouterr().err and not out.exists()


def test_figures_stand_beside_null_models(place: Path) -> None:
    head = evaluate([place / "whole"], resamples=20)["heads"]["as"]
    assert (head["items"], head["patients"]) == (4, 2)
    assert set(head["null models"]) >= {"majority class"} and len(head["null models"]) == 2
    assert head["null models"]["majority class"]["figures"]["MCC"]["value"] == 0
    assert np.sum(head["confusion"]) == 4 and set(head["at the cutoff"]) == {"sensitivity", "specificity"}
    assert head["chosen"][0]["cutoff"]["chosen_on"] == "25% of the patients to learn from"


def test_folds_are_judged_together_and_each_look_is_counted(place: Path, tmp_path: Path) -> None:
    other = copied(place / "masks", tmp_path / "other", held_back=("x", "y", "z", "w"))
    rows = json.loads((other / "predictions.json").read_text())
    changed = [{**row, "name": f"o-{row['name']}", "patient": f"o-{row['patient']}"} for row in rows]
    (other / "predictions.json").write_text(json.dumps([{**row, "groups": {"center": "east"}} for row in changed]))
    first, again = (evaluate([place / "masks", other], resamples=20) for _ in range(2))
    assert (first["items"], first["patients"]) == (8, 4) and again["looks"] == first["looks"] + 1
    assert [row["item"] for row in first["each"]][3:5] == ["img_0011", "o-img_0008"]
    assert {name: row["items"] for name, row in first["groups"]["center"].items()} == {"east": 4, "south": 4}
    with pytest.raises(ValueError, match="no folds of one plan"):
        evaluate([place / "whole", place / "masks"])


def test_saved_masks_are_those_of_the_cohort(place: Path) -> None:
    found = read_predictions(place / "masks")
    number = int(found.of(HELD_BACK)[0])
    truth = found.mask("truth", number)
    assert truth.shape == (1, 256, 256) and 0.07 < truth.mean() < 0.24
    assert found.mask("brightest", number).sum() == found.mask("mean mask", number).sum()


def test_runs_are_compared_on_what_both_held_back(place: Path) -> None:
    pair = compare([place / "whole", place / "gone_on"], resamples=20)["pairs"][0]
    assert pair["heads"]["as"]["items"] == 4 and pair["heads"]["as"]["McNemar p"] == 1.0
    assert pair["heads"]["as"]["difference of accuracy"]["value"] == 0
    with pytest.raises(ValueError, match="of one kind"):
        compare([place / "whole", place / "masks"])


def test_a_report_is_one_file_that_needs_no_other(place: Path, tmp_path: Path) -> None:
    for names in (("masks",), ("whole", "gone_on")):
        page = tmp_path / "page.html"
        report([place / name for name in names], page, resamples=20)
        text = page.read_text(encoding="utf-8")
        assert "RESEARCH ONLY" in text and "looked at" in text and "data:image/png;base64," in text
        assert 'src="http' not in text and "href=" not in text


def test_networks_leave_runs_with_a_card_that_comes_from_them(place: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert main(["export", str(place / "cut"), "--out", str(out)]) == 2 and not out.exists()
    assert main(["export", str(place / "masks"), "--out", str(out)]) == 0
    card = (out / "CARD.md").read_text()
    assert "RESEARCH ONLY" in card and "drawn for a test" in card and "| Dice |" in card and "of 2 patients" in card
    known = json.loads((out / "provenance.json").read_text())["masks"]
    assert known["cohort"]["digest"] == read_run(place / "masks").cohort["digest"]
    assert keras.saving.load_model(out / "masks.keras").input_shape == (None, 32, 32, 1)
    assert main(["export", str(place / "masks"), "--out", str(out)]) == 2


def test_a_fold_that_stopped_is_not_trained_again_unasked(place: Path, tmp_path: Path) -> None:
    shutil.copytree(place / "masks", tmp_path / "fold0")
    given = ["crossvalidate", str(place / "segment.toml"), "--cohort", str(place / "cohort"), "--out", str(tmp_path)]
    assert main(given) == 2


def test_what_another_program_trained_becomes_a_run(place: Path, tmp_path: Path) -> None:
    trained = tmp_path / "trained"
    trained.mkdir()
    shutil.copy(place / "masks" / "network.keras", trained / "ema.keras")
    run = read_run(place / "masks")
    settings = {"learn": [*run.learn, *run.validation], "held_back": run.held_back, "seed": 0, "keras": "3.0"}
    (trained / "settings.json").write_text(json.dumps(settings))
    (trained / "log.txt").write_text("day step 2/4 slices 8 grid 32 rate 1.0e-02 loss 1.5 s\n")
    given = ["adopt", str(trained), str(place / "segment.toml"), "--cohort", str(place / "cohort")]

    (trained / "status.json").write_text(json.dumps({"state": "running", "step": 2}))
    assert main([*given, "--out", str(tmp_path / "run")]) == 2 and not (tmp_path / "run").exists()

    (trained / "status.json").write_text(json.dumps({"state": "done", "step": 4, "wall_min": 2.0}))
    assert main([*given, "--out", str(tmp_path / "run")]) == 0
    found = [evaluate([folder], resamples=20)["figures"]["Dice"] for folder in (tmp_path / "run", place / "masks")]
    assert found[0] == found[1] and "trained" in read_run(tmp_path / "run").adopted


def test_a_plan_names_a_normalization_that_the_node_knows() -> None:
    seen = read_plan(plan_path("sij-region").read_text(encoding="utf-8")).input
    cutter = region_cutter(seen)
    assert (cutter.name, cutter.shape, cutter.spacing_mm) == ("sij_mri.region_standardized", (208, 208, 3), 1.0)
    with pytest.raises(ValueError, match="percentiles or standardized, received input"):
        region_cutter(seen.model_copy(update={"normalization": "unit"}))
