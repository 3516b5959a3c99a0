"""From trained networks to a bundle that the node takes."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inference.serving.registry import load_bundle
from inference.sij_mri import SacroiliacMri
from inference.sij_mri.edema.features import FEATURES
from inference.sij_mri.edema.network import SHARE, EdemaCutter
from inference.sij_mri.region_cutter import RegionCutter, StandardizedRegionCutter
from inference.sij_mri.stage.aggregation import Aggregation
from inference.sij_mri.stage.reader import stage_spec
from tests.factories.volumes import subject
from training.data import Scan, open_cohort, write_volumes
from training.loop.fit import Schedule, fit
from training.loop.losses import dice_and_cross_entropy
from training.models.attention_unet import attention_unet
from training.models.edema_unet import edema_unet
from training.models.edema_voxels import edema_voxels
from training.models.stage_cnn import deployed, stage_cnn
from training.sij_mri.bundle.assemble import assemble
from training.sij_mri.edema.network import scan_loss
from training.sij_mri.region.trained import trained_regions

RULE = Aggregation(3, {"as": (1.5, -0.2), "moderate": (0.9, 0.1), "advanced": (2.0, 0.0)}, 0.4)
FIGURES = {"dice": 0.4, "dice_95": [0.3, 0.5], "readers_dice": 0.6, "scans": 3}


def train_region(folder: Path) -> None:
    """One step of the region network."""
    shape = RegionCutter().shape

    def batches(first: int) -> Iterator[tuple[Any, Any]]:
        while True:
            yield np.zeros((1, *shape), np.float32), np.zeros((1, *shape[:2], 1), np.float32)

    fit(
        lambda: attention_unet(shape[0], shape[2], widths=(8, 8)),
        batches,
        loss=dice_and_cross_entropy,
        schedule=Schedule(1),
        folder=folder,
    )


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    train_region(folder / "region" / "all-0")
    deployed(stage_cnn(96)).save(folder / "stage.keras")
    (folder / "stage.json").write_text(json.dumps(replace(stage_spec(RULE), files=("stage.keras",)).to_json()))
    count = len(FEATURES)
    member = [np.ones(shape, np.float32) for shape in ((count, 8), (8,), (8,), ())]
    edema_voxels(np.zeros(count), np.ones(count), [member, member]).save(folder / "edema.keras")
    (folder / "edema.json").write_text(json.dumps({"taught by": "3 scans (some hospital)"}))
    (folder / "edema-figures.json").write_text(json.dumps({"In the manual region": FIGURES}))
    return folder


def test_what_was_trained_becomes_a_bundle_that_the_node_takes(runs: Path, tmp_path: Path) -> None:
    manifest = assemble(runs, tmp_path / "mine", version="2.0.0")

    loaded = load_bundle("mine", SacroiliacMri(), roots=[tmp_path])
    assert loaded.identity == manifest.identity
    assert set(loaded.models) == {"region", "region_fluid", "stage", "edema"}
    assert loaded.models["stage"].spec.parameters["aggregation"] == RULE.parameters()
    assert manifest.models["region"].files == manifest.models["region_fluid"].files == ("region.keras",)
    text = (tmp_path / "mine" / "CARD.md").read_text(encoding="utf-8")
    assert "taught by 3 scans (some hospital)." in text
    assert "| In the manual region | 3 | 0.400 (95 % CI 0.300 to 0.500) | 0.600 |" in text
    assert "not recorded: no cohort was named" in text and "Hepburn" not in text


def test_the_card_says_what_data_it_was_made_of_and_nothing_of_others(runs: Path, tmp_path: Path) -> None:
    scan = subject("a", np.ones((2, 16, 16), np.float32), np.ones((2, 16, 16), np.bool_))
    write_volumes(tmp_path / "own", [Scan(scan, "ward 7")], name="own", source="a hospital", terms="by contract 12")

    manifest = assemble(runs, tmp_path / "mine", version="2.0.0", cohorts=[open_cohort(tmp_path / "own")])

    text = (tmp_path / "mine" / "CARD.md").read_text(encoding="utf-8")
    assert "Real: a hospital (1 patient; terms: by contract 12;" in text and "1 patient of 1 source carry" in text
    assert "Hepburn" not in text and "Ten patients" not in text
    assert manifest.provenance["cohorts"][0]["sha256"] == open_cohort(tmp_path / "own").digest


def put_network(folder: Path, **changed: Any) -> None:
    """A trained network of one contrast alone, and what its training left."""
    cutter = StandardizedRegionCutter(spacing_mm=4.0, size_px=32)
    facts = {"cutter": cutter.name, "parameters": asdict(cutter), "mirrored": False, "step": 7, "steps": 7}
    facts |= {"learned": ["one", "two"], "held_back": [], **changed}
    folder.mkdir(parents=True)
    attention_unet(32, 3, widths=(8, 8)).save(folder / "network.keras")
    (folder / "network.json").write_text(json.dumps(facts))


def copied(runs: Path, out: Path) -> Path:
    """All but the region networks."""
    out.mkdir()
    for path in runs.iterdir():
        if path.is_file():
            shutil.copy(path, out)
    return out


def test_each_contrast_may_have_networks_of_its_own_and_only_finished_ones_that_saw_all_ship(
    runs: Path, tmp_path: Path
) -> None:
    mine = copied(runs, tmp_path / "runs")
    put_network(mine / "region" / "all")
    put_network(mine / "region" / "unfinished", step=6)
    put_network(mine / "region" / "fold-0", learned=["two"], held_back=["one"])
    with pytest.raises(FileNotFoundError, match="region_fluid"):
        assemble(mine, tmp_path / "mine", version="2.0.0")
    put_network(mine / "region_fluid" / "all", learned=["two"])
    manifest = assemble(mine, tmp_path / "mine", version="2.0.0")

    assert manifest.models["region"].files == ("region.keras",)
    assert manifest.models["region_fluid"].files == ("region_fluid.keras",)
    assert manifest.models["region"].input.cutter == "sij_mri.region_standardized"
    assert set(load_bundle("mine", SacroiliacMri(), roots=[tmp_path]).models) == {
        "region", "region_fluid", "stage", "edema"
    }  # fmt: skip
    text = (tmp_path / "mine" / "CARD.md").read_text(encoding="utf-8")
    assert "Region network region/all: a U-Net on 3 neighboring slices (32 x 32 at 4 mm)" in text
    assert "7 batches of 2 subjects." in text and "fold-0" not in text


@pytest.mark.parametrize(
    ("changed", "said"),
    [({"held_back": ["one"]}, "held back, received one"), ({"cutter": "x"}, "network.json"), ({"steps": None}, "json")],
    ids=["leak", "unknown cutter", "no end"],
)
def test_a_network_of_which_too_little_is_known_is_refused(tmp_path: Path, changed: dict[str, Any], said: str) -> None:
    put_network(tmp_path / "region" / "all", **changed)
    with pytest.raises(ValueError, match=said):
        trained_regions(tmp_path, "region")


def test_an_edema_network_goes_in_where_it_was_trained_to_its_end(runs: Path, tmp_path: Path) -> None:
    folder, cutter = runs / "edema-network" / "all", EdemaCutter()

    def batches(first: int) -> Iterator[tuple[Any, Any]]:
        while True:
            yield np.zeros((3, 16, 16, cutter.shape[2]), np.float32), (
                np.zeros((3, 16, 16, 2), np.float32), np.zeros((3, 8, 8, 2), np.float32)
            )  # fmt: skip

    fit(
        lambda: edema_unet(None, cutter.shape[2], widths=(4, 4), guided=True),
        batches,
        loss=[scan_loss(3), scan_loss(3)],
        schedule=Schedule(1),
        folder=folder,
    )
    try:
        assemble(runs, tmp_path / "mine", version="2.0.0")
        loaded = load_bundle("mine", SacroiliacMri(), roots=[tmp_path])
        assert loaded.models["edema_network"].spec.parameters["share"] == SHARE
        state = json.loads((folder / "state.json").read_text(encoding="utf-8"))
        state["schedule"]["steps"] = 2
        (folder / "state.json").write_text(json.dumps(state))
        assert "edema_network" not in assemble(runs, tmp_path / "mine", version="2.0.0").models
    finally:
        shutil.rmtree(folder)


@pytest.mark.parametrize("name", ["edema.keras", "stage.json", "region/all-0/state.json"])
def test_what_was_not_trained_yet_is_named(runs: Path, tmp_path: Path, name: str) -> None:
    (runs / name).rename(tmp_path / "away")
    try:
        with pytest.raises(FileNotFoundError, match=name.split("/")[0].split(".")[0]):
            assemble(runs, tmp_path / "mine", version="2.0.0")
        assert not (tmp_path / "mine").exists()
    finally:
        (tmp_path / "away").rename(runs / name)
