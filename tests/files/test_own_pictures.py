"""Import of pictures and NIfTI files of one's own, and what is refused with a sentence."""

import csv
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from training.__main__ import main
from training.data import open_cohort
from training.data.pictures import COLUMNS


@pytest.fixture(autouse=True)
def secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AXSPA_TRAIN_SECRET", str(tmp_path / "secret" / "of" / "site"))


def picture(path: Path, seed: int, shape: tuple[int, int] = (64, 64)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.random.default_rng(seed).integers(0, 255, shape, np.uint8))


def rows(path: Path, columns: tuple[str, ...], content: list[tuple[Any, ...]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([columns, *content])


def test_the_four_published_sources(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = tmp_path / "set" / "data"
    picture(data / "processed_spider_jpgs" / "1_t2.jpg", 1)
    picture(data / "processed_spider_jpgs" / "1_t1.jpg", 2)
    picture(data / "processed_tseg_jpgs" / "s7.jpg", 3)
    (data / "processed_lsd").mkdir()
    np.save(data / "processed_lsd" / "a.npy", np.random.default_rng(4).normal(500, 200, (3, 50, 40)))
    (data / "processed_tseg").mkdir()
    np.save(data / "processed_tseg" / "s7.npy", np.zeros((8, 8)))
    (data / "processed_spider_jpgs" / "2_t2.jpg").write_bytes(b"no picture")
    columns = ("filename", "source", "x", "y", "level", "relative_x", "relative_y")
    rows(tmp_path / "set" / "coords_pretrain.csv", columns, [("1_t2.jpg", "spider", 30, 40, "L5/S1", 0.5, 0.6)])
    more = ("series_id", "study_id", "instance_number", "x", "y", "level", "side", "condition")
    rows(
        tmp_path / "set" / "coords_rsna_improved.csv",
        (*more, "relative_x", "relative_y"),
        [(1, 2, 3, 10, 10, "L4/L5", "L", "Spinal Canal Stenosis", 0.1, 0.2)],
    )

    assert main(["import", str(tmp_path / "set"), "--out", str(tmp_path / "out")]) == 0

    cohort = open_cohort(tmp_path / "out")
    assert {(item.patient, item.contrasts, item.center) for item in cohort.items} == {
        ("spider-1", ("t2w",), "spider"),
        ("spider-1", ("t1w",), "spider"),
        ("tseg-s7", ("ct",), "tseg"),
        ("lsd-a", ("t2w",), "lsd"),
    }
    assert {item.labels.get("L5/S1 x") for item in cohort.items} == {0.5, None}
    said = capsys.readouterr().out
    assert "spider/2_t2.jpg: corrupt" in said and "tseg/s7.npy: duplicate of s7.jpg" in said


def curated(folder: Path, *, shape: tuple[int, int] = (256, 256), columns: tuple[str, ...] = COLUMNS) -> Path:
    content = []
    for number in range(4):
        picture(folder / "images" / f"img_{number:04d}.png", number, shape)
        mask = np.zeros((256, 256), np.uint8)
        if number:
            mask[102:205, 77:179] = 255
        else:
            mask[10:60, 10:60] = 255
        (folder / "masks").mkdir(exist_ok=True)
        cv2.imwrite(str(folder / "masks" / f"mask_{number:04d}.png"), mask)
        paths = (f"images/img_{number:04d}.png", f"masks/mask_{number:04d}.png")
        content.append((f"img_{number:04d}", *paths, number % 2, number, "", 0, 0, 1, 1)[: len(columns)])
    rows(folder / "annotations" / "dataset.csv", columns, content)
    return folder


def test_the_curated_layout_of_others(tmp_path: Path) -> None:
    folder = curated(tmp_path / "set")
    patients = [(f"img_{number:04d}", f"Mr {number // 2}", 3.5 if number else "") for number in range(4)]
    rows(folder / "patients.csv", ("image", "patient", "crp"), patients)
    mapping = tmp_path / "m.toml"
    mapping.write_text('[patients]\ntable = "patients.csv"\nscan = "image"\nlabels = ["crp"]\n')

    assert main(["import", str(folder), "--out", str(tmp_path / "out"), "--mapping", str(mapping)]) == 0

    cohort = open_cohort(tmp_path / "out")
    assert [item.masks for item in cohort.items] == [("region", "drawn_box"), *[("drawn_box",)] * 3]
    assert [item.labels["crp"] for item in cohort.items] == [None, 3.5, 3.5, 3.5]
    assert [item.labels["stage_name"] for item in cohort.items] == ["Normal", "Early", "Moderate", "Advanced"]
    assert len({item.patient for item in cohort.items}) == 2 and "Mr" not in (tmp_path / "out/cohort.json").read_text()
    assert main(["split", str(tmp_path / "out"), "--folds", "2"]) == 0
    assert main(["split", str(tmp_path / "out"), "--name", "published-by-image"]) == 2


def test_patients_that_nobody_told_are_not_split(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", str(curated(tmp_path / "set")), "--out", str(tmp_path / "out")]) == 0
    assert main(["split", str(tmp_path / "out"), "--folds", "2"]) == 2
    assert "the patients of 4 of 4 items are unknown" in capsys.readouterr().err


TABLE = """
center = "ward"
source = "a hospital"
[pictures]
table = "labels.csv"
image = "file"
patient = "who"
mask = "mask"
as_status = "as"
labels = ["age", "reader_1", "reader_2"]
"""
TABLE_COLUMNS = ("file", "who", "mask", "as", "age", "reader_1", "reader_2")


def folder_with_table(folder: Path, content: list[tuple[Any, ...]] | None = None) -> Path:
    picture(folder / "a.png", 1, (40, 60))
    picture(folder / "b.png", 2, (60, 40))
    cv2.imwrite(str(folder / "m.png"), np.full((40, 60), 255, np.uint8))
    rows(
        folder / "labels.csv",
        TABLE_COLUMNS,
        content or [("a.png", "x", "m.png", 1, 40, 2, 3), ("b.png", "y", "", 0, "", 0, "unclear")],
    )
    (folder / "m.toml").write_text(TABLE)
    return folder


def imported(folder: Path, out: Path) -> int:
    return main(["import", str(folder), "--out", str(out), "--mapping", str(folder / "m.toml")])


def test_a_folder_of_pictures_with_a_table(tmp_path: Path) -> None:
    assert imported(folder_with_table(tmp_path / "set"), tmp_path / "out") == 0
    first, second = open_cohort(tmp_path / "out").items
    assert (first.labels["AS_status"], first.labels["age"], first.labels["reader_2"]) == (1, 40, 3)
    assert (second.labels["age"], second.labels["reader_2"]) == (None, "unclear")
    assert (first.masks, second.masks) == (("region", "drawn_box"), ("drawn_box",))
    assert main(["datasheet", str(tmp_path / "out")]) == 0
    assert "| not known | 1 |" in (tmp_path / "out" / "datasheet.md").read_text()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ([("a.png", "x", "", 1, "nan", 0, 0)], "age in line 2 of labels.csv is 'nan', which is no value"),
        ([("a.png", "", "", 1, 1, 0, 0)], "line 2 of labels.csv names no patient"),
        ([("a.png", "x", "", 2, 1, 0, 0)], "must be a whole number from 0 to 1"),
        ([("b.png", "x", "m.png", 1, 1, 0, 0)], "mask in line 2 of labels.csv does not fit its picture"),
        ([("a.png", "x", "")], "another number of cells"),
        ([("../a.png", "x", "", 1, 1, 0, 0)], "no picture is left"),
    ],
)
def test_a_table_that_cannot_be_followed_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: list[tuple[Any, ...]], words: str
) -> None:
    assert imported(folder_with_table(tmp_path / "set", content), tmp_path / "out") == 2
    assert words in capsys.readouterr().err
    assert {path.name for path in tmp_path.iterdir()} <= {"set", "secret"}


def test_columns_size_and_depth_of_the_layout_are_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lacking = curated(tmp_path / "a", columns=COLUMNS[:5])
    small = curated(tmp_path / "b", shape=(100, 256))
    for folder, words in ((lacking, "lacks the column stage_name, bbox_x1"), (small, "received 100 x 256 of 8 bits")):
        assert main(["import", str(folder), "--out", str(tmp_path / "out")]) == 2
        assert words in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[pictures]\ntable = 1", "pictures.table"),
        ("colour = 'x'", "colour: Extra inputs"),
        ("[nifti]\ncontrasts = {t1w = 'a.nii'}", "must hold {scan} once"),
        ("x =", "is no TOML file"),
    ],
)
def test_a_mapping_that_says_something_unknown_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, words: str
) -> None:
    (tmp_path / "m.toml").write_text(text)
    assert main(["import", str(tmp_path), "--out", str(tmp_path / "o"), "--mapping", str(tmp_path / "m.toml")]) == 2
    assert words in capsys.readouterr().err


def test_nifti_files_by_a_mapping_with_any_number_of_readers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nibabel = pytest.importorskip("nibabel")
    folder = tmp_path / "set"
    for name in ("p1", "p2"):
        (folder / name).mkdir(parents=True)
        values = np.random.default_rng(len(name)).normal(100, 10, (12, 10, 4)).astype(np.float32)
        for kind in ("t1", "stir", "edema_A", "edema_B", "edema_C"):
            nibabel.save(nibabel.Nifti1Image(values, np.diag([1, 1, 3, 1])), folder / name / f"{kind}.nii.gz")
    rows(folder / "who.csv", ("scan", "patient", "HLA-B27"), [("p1", "Ann", 1), ("p2", "Ann", "")])
    (folder / "m.toml").write_text(
        'terms = "ours"\n[nifti]\ncontrasts = {t1w = "{scan}/t1.nii.gz", stir = "{scan}/stir.nii.gz"}\n'
        'masks = {inflammation = "{scan}/edema_{reader}.nii.gz"}\n[patients]\ntable = "who.csv"\nlabels = ["HLA-B27"]\n'
    )
    assert imported(folder, tmp_path / "out") == 0
    cohort = open_cohort(tmp_path / "out")
    assert [item.masks for item in cohort.items] == [("inflammation_A", "inflammation_B", "inflammation_C")] * 2
    assert [item.labels["HLA-B27"] for item in cohort.items] == [1, None]
    assert len({item.patient for item in cohort.items}) == 1 and cohort.terms == "ours"
    assert cohort.image(cohort.items[0].name, "stir").shape == (4, 10, 12)

    nibabel.save(nibabel.Nifti1Image(np.zeros((3, 3, 3), np.float32), np.eye(4)), folder / "p1" / "edema_A.nii.gz")
    assert imported(folder, tmp_path / "out") == 2
    assert "does not fit its scan" in capsys.readouterr().err
    assert open_cohort(tmp_path / "out").digest == cohort.digest


def test_the_same_secret_gives_the_same_pseudonym_and_another_one_another(tmp_path: Path) -> None:
    from training.data import site_pseudonyms

    one, again, other = (site_pseudonyms(tmp_path / name) for name in ("a", "a", "b"))
    assert one.of("x") == again.of("x") != other.of("x")
    assert len(one.of("x")) == 12 and one.of("") == ""
    (tmp_path / "c").write_text("short")
    with pytest.raises(ValueError, match="at least 16 bytes"):
        site_pseudonyms(tmp_path / "c")
