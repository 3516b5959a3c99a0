"""The record of a real study that a machine keeps: each version of the application has one of its own."""

import json
from pathlib import Path

import numpy as np

from tests.golden.kept import hold, version


def record(folder: Path, *, of: str = "1.0.0", edema_ml: float = 3.0, marked: int = 8) -> Path:
    content = {"objects": {}, "summary": {"application.version": of, "edema_ml": edema_ml}, "way": []}
    folder.mkdir(parents=True)
    (folder / "record.json").write_text(json.dumps(content))
    np.savez_compressed(folder / "arrays.npz", **{"02_seg": np.packbits(np.arange(64) < marked)})
    return folder


def test_the_first_record_is_kept_and_the_same_again_is_no_difference(tmp_path: Path) -> None:
    kept = tmp_path / "kept" / "1013"
    assert hold(kept, record(tmp_path / "one")).differences == []
    held = hold(kept, record(tmp_path / "two"))
    assert held.differences == []
    assert "held against the record of version 1.0.0" in held.words


def test_within_a_version_every_difference_counts(tmp_path: Path) -> None:
    kept = record(tmp_path / "1013")
    held = hold(kept, record(tmp_path / "fresh", edema_ml=4.0, marked=9))
    assert len(held.differences) == 2
    assert json.loads((kept / "record.json").read_text())["summary"]["edema_ml"] == 3.0


def test_another_version_is_told_and_recorded_anew_and_the_older_stays_beside_it(tmp_path: Path) -> None:
    kept = record(tmp_path / "1013")
    held = hold(kept, record(tmp_path / "fresh", of="1.1.0", edema_ml=4.0))
    assert held.differences == []
    assert "version 1.0.0 became 1.1.0: 2 differences" in held.words
    assert version(kept) == "1.1.0"
    assert version(tmp_path / "1013-1.0.0") == "1.0.0"
    assert hold(kept, tmp_path / "fresh").words == "held against the record of version 1.1.0"


def test_by_request_a_version_is_recorded_anew_each_time_beside_the_others(tmp_path: Path) -> None:
    kept = record(tmp_path / "1013")
    for edema_ml in (4.0, 5.0):
        assert hold(kept, record(tmp_path / f"{edema_ml}", edema_ml=edema_ml), anew=True).differences == []
    assert sorted(path.name for path in tmp_path.glob("1013*")) == ["1013", "1013-1.0.0", "1013-1.0.0-2"]
