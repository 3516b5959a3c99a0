"""From slices of volumes to the curated layout: what is kept, labeled, copied and split."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.factories.volumes import subject
from training.data import Dataset, open_cohort, write_index, write_splits, write_subject
from training.data.curate import curate, squared
from training.data.leaks import refuse_leak
from training.data.pictures import Picture
from training.data.quality import good_pictures, read_gray
from training.data.splitting import split_cohort


@pytest.fixture(scope="module")
def volumes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four scans of four slices, the first slice of each blank."""
    folder = tmp_path_factory.mktemp("volumes")
    entries = []
    for number, name in enumerate("abcd"):
        voxels = np.random.default_rng(number).normal(100 + 20 * number, 20, (4, 40, 32)).astype(np.float32)
        voxels[0] = voxels.min()
        mask = np.zeros(voxels.shape, np.bool_)
        mask[:, 10:30, 8:24] = True
        entries.append(write_subject(folder, subject(name, voxels, mask)))
    write_index(Dataset(folder, "made for a test", tuple(entries)))
    return folder


@pytest.fixture(scope="module")
def curated(volumes: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    out = tmp_path_factory.mktemp("curated") / "set"
    dropped = curate(open_cohort(volumes), out, copies=2)
    assert [one.reason.split(":")[0] for one in dropped] == ["blank"] * 4
    yield out


def test_slices_become_pictures_with_patient_mask_and_label(curated: Path) -> None:
    cohort = open_cohort(curated)
    assert len(cohort.items) == 36
    first = cohort.items[0]
    assert (first.patient, first.labels["scan"], first.labels["slice"]) == ("a", "a", 1)
    assert cohort.mask(first.name, "region").mean() == pytest.approx(20 * 16 / 40 / 40, abs=0.01)
    assert {item.labels["AS_status"] for item in cohort.items} == {0, 1}
    info = (curated / "dataset_info.txt").read_text()
    assert "left out: a t1w slice 1: blank" in info and "no diagnosis" in info and "made for a test" in info


def test_copies_stay_with_their_patient_and_keep_mask_and_label(curated: Path) -> None:
    cohort = open_cohort(curated)
    original, copy = cohort.items[0], cohort.items[12]
    assert copy.labels["copy_of"] == original.name
    assert (copy.patient, copy.labels["AS_status"]) == (original.patient, original.labels["AS_status"])
    assert not np.array_equal(cohort.image(copy.name), cohort.image(original.name))
    assert cohort.mask(copy.name, "region").sum() == pytest.approx(cohort.mask(original.name, "region").sum(), rel=0.05)


def test_nobody_is_judged_on_a_copy_and_copies_follow_their_patient(curated: Path) -> None:
    cohort = open_cohort(curated)
    made = split_cohort(cohort, name="by-patient", folds=4)
    assert len(made.folds) == 4
    for fold in made.folds:
        assert cohort.patients(fold.learn).isdisjoint(cohort.patients(fold.held_back))
        assert (len(fold.learn), len(fold.held_back)) == (27, 3)
    published = split_cohort(cohort, name="published-by-image", folds=1)
    (fold,) = published.folds
    assert len(fold.held_back) == 3 and len(fold.learn) == 27
    write_splits(curated, published.folds, name="published-by-image")
    assert open_cohort(curated).splits["published-by-image"] == published.folds


def test_a_picture_is_padded_not_stretched() -> None:
    values = np.full((100, 50), 200, np.uint8)
    made = squared(values)
    assert made.shape == (256, 256)
    assert (made[:, :60] == 0).all() and (made[:, 70:186] == 200).all()


def test_blank_and_double_pictures_are_dropped_with_their_reason() -> None:
    random = np.random.default_rng(3)
    one = random.integers(0, 255, (256, 256), np.uint8)
    brighter = np.clip(one.astype(int) + 1, 0, 255).astype(np.uint8)
    other = random.integers(0, 255, (256, 256), np.uint8)
    given = [
        Picture(one, origin="first"),
        Picture(brighter, origin="again"),
        Picture(np.full((256, 256), 7, np.uint8), origin="empty"),
        Picture(other, origin="last"),
    ]
    kept, dropped = good_pictures(given)
    assert [picture.origin for picture in kept] == ["first", "last"]
    assert [one.what for one in dropped] == ["again", "empty"]
    assert dropped[0].reason.startswith("duplicate of first") and dropped[1].reason.startswith("blank")


def test_a_corrupt_picture_is_refused(tmp_path: Path) -> None:
    import cv2

    path = tmp_path / "a.png"
    cv2.imwrite(str(path), np.random.default_rng(0).integers(0, 255, (64, 64), np.uint8))
    assert read_gray(path).shape == (64, 64)
    path.write_bytes(path.read_bytes()[:900])
    with pytest.raises(ValueError, match=r"corrupt: a\.png"):
        read_gray(path)
    np.save(tmp_path / "b.npy", np.full((8, 8), np.nan))
    with pytest.raises(ValueError, match="no numbers"):
        read_gray(tmp_path / "b.npy")


def test_a_leak_is_refused_by_patients() -> None:
    refuse_leak(["a"], {"x": "b", "y": "c"})
    with pytest.raises(ValueError, match="has learned from 1 of the 2 patients"):
        refuse_leak(["a", "b"], {"x": "b", "y": "c"}, what="run-1")
    with pytest.raises(ValueError, match="unknown, so a leak cannot be ruled out"):
        refuse_leak(["a"], {"x": ""})
