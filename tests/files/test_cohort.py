"""Cohorts: volumes and pictures behind one interface, and what they refuse."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.factories.volumes import subject
from training.data import Dataset, Fold, open_cohort, write_index, write_splits, write_subject
from training.data.pictures import Picture, write_pictures


def gray(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 255, (256, 256), np.uint8)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    mask = np.zeros((256, 256), np.bool_)
    mask[10:20, 30:60] = True
    made = [
        Picture(gray(0), mask=mask, patient="a", center="x", contrast="t1w", as_status=1, stage=2, labels={"crp": 3.5}),
        Picture(gray(1), patient="b"),
        Picture(gray(2), patient="b", as_status=0, stage=0, boxed=False),
    ]
    write_pictures(tmp_path / "set", made, name="own", source="a hospital", terms="research only")
    return tmp_path / "set"


def test_pictures_come_back_as_they_were_given(pictures: Path) -> None:
    cohort = open_cohort(pictures)

    assert (cohort.kind, cohort.name, cohort.source, cohort.terms) == ("pictures", "own", "a hospital", "research only")
    first, second, third = cohort.items
    assert (first.name, first.patient, first.center, first.contrasts) == ("img_0000", "a", "x", ("t1w",))
    assert first.labels["AS_status"] == 1 and first.labels["stage_name"] == "Moderate" and first.labels["crp"] == 3.5
    assert [first.labels[f"bbox_{side}"] for side in ("x1", "y1", "x2", "y2")] == [30, 10, 60, 20]
    assert second.labels["AS_status"] is None
    assert (first.masks, second.masks, third.masks) == (("region", "drawn_box"), ("drawn_box",), ())
    assert np.array_equal(cohort.image("img_0000"), gray(0)) and cohort.image("img_0000").dtype == np.float32
    assert cohort.mask("img_0000", "region").sum() == 300
    assert cohort.mask("img_0001", "drawn_box").sum() == 103 * 102


def test_the_table_has_exactly_the_published_columns(pictures: Path) -> None:
    lines = (pictures / "annotations" / "dataset.csv").read_text().splitlines()
    assert lines[0] == "image_id,image_path,mask_path,AS_status,stage,stage_name,bbox_x1,bbox_y1,bbox_x2,bbox_y2"
    assert lines[1] == "img_0000,images/img_0000.png,masks/mask_0000.png,1,2,Moderate,30,10,60,20"
    assert "Images: 3" in (pictures / "dataset_info.txt").read_text()


def test_volumes_open_as_a_cohort(tmp_path: Path) -> None:
    mask = np.zeros((2, 16, 16), np.bool_)
    mask[:, 4:12, 4:12] = True
    entry = write_subject(tmp_path, subject("a", mask * np.float32(100), mask))
    write_index(Dataset(tmp_path, "made for a test", (entry,)))
    (tmp_path / "cohort.json").write_text(json.dumps({"terms": "any use", "items": {"a": {"labels": {"age": 30}}}}))

    cohort = open_cohort(tmp_path)

    assert (cohort.kind, cohort.terms, cohort.items[0].labels) == ("volumes", "any use", {"age": 30})
    assert cohort.image("a").shape == (2, 16, 16) and cohort.mask("a", "region").any()
    assert cohort.subject("a").positions_mm.shape == (2, 3)
    with pytest.raises(ValueError, match="has the masks region, received 'sacrum'"):
        cohort.mask("a", "sacrum")


def test_a_changed_file_is_refused(pictures: Path) -> None:
    cohort = open_cohort(pictures)
    digest = cohort.digest
    (pictures / "images" / "img_0001.png").write_bytes((pictures / "images" / "img_0002.png").read_bytes())
    with pytest.raises(ValueError, match="not the file that was imported"):
        cohort.image("img_0001")
    table = pictures / "annotations" / "dataset.csv"
    table.write_text(table.read_text().replace("Moderate", "Normal"))
    with pytest.raises(ValueError, match="was changed since it was written"):
        open_cohort(pictures)
    assert len(digest) == 64


def test_splits_live_in_the_cohort_and_do_not_change_its_digest(pictures: Path) -> None:
    before = open_cohort(pictures).digest
    write_splits(pictures, [Fold(("img_0000",), ("img_0001", "img_0002"))], name="one")
    write_splits(pictures, [Fold(("img_0001",), ("img_0002",))], name="published-by-image")
    cohort = open_cohort(pictures)
    assert set(cohort.splits) == {"one", "published-by-image"} and cohort.digest == before


def test_a_patient_on_both_sides_is_refused(pictures: Path) -> None:
    write_splits(pictures, [Fold(("img_0001",), ("img_0002",))], name="mine")
    with pytest.raises(ValueError, match="'mine' has 1 patients on both sides"):
        open_cohort(pictures)


def test_what_is_no_cohort_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is no cohort"):
        open_cohort(tmp_path)


def test_nothing_is_left_of_a_writing_that_failed(tmp_path: Path) -> None:
    def broken() -> list[Picture]:
        raise ValueError("broken")
        yield Picture(gray(0))

    with pytest.raises(ValueError, match="broken"):
        write_pictures(tmp_path / "set", broken(), name="own", source="", terms="")
    assert not list(tmp_path.iterdir())
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ValueError, match="name another folder"):
        write_pictures(tmp_path, [Picture(gray(0))], name="own", source="", terms="")
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize(
    ("picture", "words"),
    [
        ({"pixels": np.zeros((10, 256), np.uint8)}, "expected 256 x 256 pixels of uint8"),
        ({"pixels": np.zeros((256, 256), np.uint16)}, "of uint16"),
        ({"pixels": gray(0), "mask": np.zeros((9, 9), np.bool_)}, "the mask does not fit"),
        ({"pixels": gray(0), "stage": 4}, "stage 0 to 3"),
    ],
)
def test_what_the_layout_cannot_hold_is_refused(picture: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Picture(**picture)
