"""A tiny training: it learns, it can be cut off and continued, and what is drawn depends on the seed alone."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from inference.sij_mri.region_cutter import RegionCutter
from inference.types import FloatArray
from tests.factories.orientations import WAYS, Way, array_stored, volume_stored
from tests.factories.volumes import subject
from training.data.dataset import Dataset, Subject, read_index, write_index, write_subject
from training.loop.augment import AugmentSettings
from training.loop.fit import Schedule, averaged_model, fit
from training.loop.losses import dice_and_cross_entropy
from training.sij_mri.region.samples import RegionSampler, region_source
from training.sij_mri.region.train import RegionTraining, judged, train_region

GRID = RegionCutter(spacing_mm=3.0, size_px=32, channels=3)


def disc_subject(name: str, *, radius: float = 14.0) -> Subject:
    """A bright disc on a gray ground: the region is the disc."""
    rows, columns = np.mgrid[:64, :64]
    disc = (rows - 30) ** 2 + (columns - 34) ** 2 < radius**2
    image = np.where(disc, 900.0, 300.0) + np.random.default_rng(3).normal(0, 20, (6, 64, 64))
    return subject(name, image, np.repeat(disc[None], 6, axis=0), spacing_mm=1.5)


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    entries = tuple(write_subject(tmp_path / "set", disc_subject(name)) for name in ("one", "two"))
    write_index(Dataset(tmp_path / "set", "made for a test", entries))
    return read_index(tmp_path / "set")


def test_a_few_steps_learn_the_disc(dataset: Dataset, tmp_path: Path) -> None:
    training = RegionTraining(
        schedule=Schedule(60, peak_rate=3e-2, warmup_steps=5, average_every=1, average_decay=0.8),
        grid=GRID,
        widths=(8, 16),
        batch_size=4,
        mixed_precision=False,
    )
    model = train_region(dataset, training, learn=["one"], judge=["two"], folder=tmp_path / "run")

    assert judged(model, [dataset.load("two")], GRID)["dice"] > 0.85
    assert judged(averaged_model(tmp_path / "run"), [dataset.load("two")], GRID)["two"] > 0.85


def test_a_training_that_was_cut_off_goes_on_where_it_stopped(tmp_path: Path) -> None:
    def build() -> keras.Model:
        inputs = keras.Input((16, 16, 1))
        hidden = keras.layers.Conv2D(4, 3, padding="same", activation="relu")(inputs)
        kept = keras.layers.BatchNormalization()(hidden)  # has weights that are not trained, but kept
        return keras.Model(inputs, keras.layers.Conv2D(1, 3, padding="same", activation="sigmoid")(kept))

    def batches(first: int) -> Iterator[tuple[FloatArray, FloatArray]]:
        while True:
            rng = np.random.default_rng(first)
            x = rng.random((2, 16, 16, 1)).astype(np.float32)
            yield x, (x > 0.5).astype(np.float32)
            first += 1

    schedule = Schedule(12, warmup_steps=2, save_every=6)
    whole = fit(build, batches, loss=dice_and_cross_entropy, schedule=schedule, folder=tmp_path / "whole", seed=1)

    class Cut(Exception):
        pass

    def broken(first: int) -> Iterator[tuple[FloatArray, FloatArray]]:
        for number, batch in enumerate(batches(first), first):
            if number == 8:
                raise Cut
            yield batch

    with pytest.raises(Cut):
        fit(build, broken, loss=dice_and_cross_entropy, schedule=schedule, folder=tmp_path / "cut", seed=1)
    resumed = fit(build, batches, loss=dice_and_cross_entropy, schedule=schedule, folder=tmp_path / "cut", seed=1)

    for one, other in zip(whole.get_weights(), resumed.get_weights(), strict=True):
        assert one == pytest.approx(other, abs=1e-4)


def test_a_batch_depends_on_seed_and_number_only(dataset: Dataset) -> None:
    source = region_source(dataset.load("one"), "t1w", GRID)
    sampler = RegionSampler((source,), GRID, batch_size=3, seed=5)

    first, again, other = sampler.batch(7), sampler.batch(7), sampler.batch(8)

    assert np.array_equal(first[0], again[0]) and np.array_equal(first[1], again[1])
    assert not np.array_equal(first[0], other[0])
    assert first[0].shape == (3, 32, 32, 3) and first[1].shape == (3, 32, 32, 1)
    assert first[1].min() >= 0 and first[1].max() <= 1


def test_image_and_mask_are_moved_together(dataset: Dataset) -> None:
    source = region_source(dataset.load("one"), "t1w", GRID)
    still = AugmentSettings(
        gamma_sd=0, bias_sd=0, contrast_sd=0, noise_max=0, curve_probability=0, invert_probability=0,
        blur_probability=0, coarse_probability=0,
    )  # fmt: skip
    images, masks = RegionSampler((source,), GRID, settings=still, batch_size=16, seed=2).batch(0)

    bright = images[..., 1] > 0.6
    assert (bright == (masks[..., 0] > 0.5)).mean() > 0.97
    assert masks.sum(axis=(1, 2)).std() > 5


@pytest.mark.parametrize("way", WAYS, ids=lambda way: "-".join(way) or "as usual")
def test_a_subject_is_read_in_the_orientation_that_the_node_reads(way: Way, tmp_path: Path) -> None:
    usual = disc_subject("one")
    stored = volume_stored(usual.volume("t1w"), way)
    entry = write_subject(
        tmp_path,
        replace(
            usual,
            images={"t1w": stored.voxels},
            labels={"region": array_stored(usual.labels["region"], way)},
            positions_mm=stored.positions_mm,
            directions=np.array([stored.row_direction, stored.column_direction]),
        ),
    )
    read = Dataset(tmp_path, "made for a test", (entry,)).load("one")
    np.testing.assert_array_equal(read.images["t1w"], usual.images["t1w"])
    np.testing.assert_array_equal(read.labels["region"], usual.labels["region"])
    assert read.positions_mm == pytest.approx(usual.positions_mm)
    assert read.directions == pytest.approx(usual.directions)


def test_a_changed_subject_is_noticed(dataset: Dataset) -> None:
    path = dataset.folder / "one.npz"
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(ValueError, match=r"one\.npz"):
        dataset.load("one")
