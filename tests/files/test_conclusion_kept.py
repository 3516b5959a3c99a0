"""Answers of an evaluation that was cut off are kept, and only for what gave them."""

from pathlib import Path

import pytest

from inference.sij_mri import Stage
from training.sij_mri.conclusion.evaluate import Judged
from training.sij_mri.conclusion.kept import KeptAnswers

ONE = Judged("real", "a", Stage.EARLY, True, "present", "present", "present", "Early", "absent", "Normal")


def test_answers_come_back_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "new" / "answers.jsonl"
    kept = KeptAnswers(path, made_by="one")
    assert kept.of("a") is None
    kept.keep("a", [ONE, ONE])
    assert KeptAnswers(path, made_by="one").of("a") == kept.of("a") == [ONE, ONE]


def test_a_line_that_was_cut_off_is_asked_again(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    kept = KeptAnswers(path, made_by="one")
    kept.keep("a", [ONE])
    kept.keep("b", [ONE])
    path.write_text(path.read_text()[:-30])
    again = KeptAnswers(path, made_by="one")
    assert (again.of("a"), again.of("b")) == ([ONE], None)
    again.keep("b", [ONE])
    assert KeptAnswers(path, made_by="one").of("b") == [ONE]


def test_answers_of_another_bundle_are_refused(tmp_path: Path) -> None:
    KeptAnswers(tmp_path / "answers.jsonl", made_by="one")
    KeptAnswers(tmp_path / "answers.jsonl", made_by="one")
    with pytest.raises(ValueError, match="given by one, not by two"):
        KeptAnswers(tmp_path / "answers.jsonl", made_by="two")
