"""The JSON of a result is what docs/result-json.md says."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from inference.result import Analysis
from tests.factories.foreign import make_lumbar
from tests.result_json_page import PAGE, example, page

BY_NAME = {"series", "pictures", "matches", "layers", "legend", "timings_s", "parameters"}
"""Keys whose own keys are names, of roles, layers, steps."""


def keys(value: Any, *, named: bool = False) -> Iterator[str]:
    """Every key of JSON, but those that are names."""
    if isinstance(value, dict):
        for key, item in value.items():
            if not named:
                yield key
            yield from keys(item, named=key in BY_NAME and not named)
    if isinstance(value, list):
        for item in value:
            yield from keys(item)


def test_the_page_holds_what_is_really_written() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m tests.result_json_page"


def test_every_key_is_described() -> None:
    text = page().partition("\n```json\n")[0]
    described = set(re.findall(r"`(\w+)`", text))
    written = set(keys(example()))
    assert "not_assessable" in written
    assert written <= described, written - described


def test_what_is_not_assessable_has_no_value_and_a_reason() -> None:
    said = {(one["key"], one["site"]["level"]): one for one in example()["said"]}
    dark, graded = said["narrowing", "L5"], said["narrowing", "L4"]
    assert dark["value"] is None and dark["severity"] is None and dark["probabilities"] == []
    assert dark["not_assessable"] == {
        "code": "TOO_DARK",
        "parameters": {"role": "sag", "level": 12.0},
        "sentence": "The sagittal T2 series is too dark (12).",
    }
    assert dark["words"].startswith("not assessable: ")
    assert graded["not_assessable"] is None and graded["value"] == "moderate" and graded["severity"] == 0.5
    assert [one["p"] for one in graded["probabilities"]] == [0.2, 0.5, 0.3]
    assert graded["at"][0]["shape"] == "box" and graded["at"][0]["name"] == "slice 2 of 3 (image 2)"
    angle = said["angle", ""]
    assert angle["value"] is None and angle["unit"] == "deg" and angle["not_assessable"]["code"] == "NO_AXIAL"


def test_numbers_are_plain_json() -> None:
    text = json.dumps(example(), allow_nan=False)
    assert json.loads(text) == example()
    assert example()["profiles"][0]["values"] == [None, 0.3, 0.1], "what was not judged is null"


def test_a_key_without_a_term_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A result never says what nobody can name."""
    lumbar = make_lumbar()
    unknown = replace(lumbar.evaluations[0], key="unknown")

    def changed() -> Analysis:
        return replace(lumbar, evaluations=(unknown,), profiles=(), heatmaps=())

    monkeypatch.setattr("tests.result_json_page.make_lumbar", changed)
    with pytest.raises(KeyError, match="unknown"):
        example()
