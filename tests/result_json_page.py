"""Writes the example in docs/result-json.md: ``python -m tests.result_json_page``."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from reporting.objects import ResultContext
from reporting.pictures import make_pictures, prepare
from reporting.result_json import summarize
from tests.factories.foreign import ForeignPresentation, make_lumbar

PAGE = Path(__file__).resolve().parent.parent / "docs" / "result-json.md"
LINE = 90
_EXAMPLE = re.compile(r"(?<=\n```json\n).*(?=```\n\Z)", re.DOTALL)
_FLAT = re.compile(r"\[\s+((?:[^\[\]{}]+?,\s+)*[^\[\]{}]+?)\s+\]")


def example() -> dict[str, Any]:
    """The JSON of a made-up result."""
    lumbar, presentation = make_lumbar(), ForeignPresentation()
    started = datetime(2026, 3, 4, 11, 30, 15, tzinfo=UTC)
    context = cast(ResultContext, SimpleNamespace(revision=1, started=started, software_version="0.2.0"))
    _, index = make_pictures(lumbar, presentation, prepare(lumbar))
    return summarize(lumbar, presentation, presentation.report(lumbar), context, (), pictures=index)


def page() -> str:
    """The whole page, with the example as it would be written now."""
    text = json.dumps(example(), indent=1, ensure_ascii=False)
    text = _FLAT.sub(_on_one_line, text)
    return _EXAMPLE.sub(lambda _: text + "\n", PAGE.read_text(encoding="utf-8"))


def _on_one_line(found: re.Match[str]) -> str:
    """A list of plain values on one line, if it is short."""
    flat = "[" + re.sub(r",\n\s+", ", ", found.group(1)) + "]"
    return flat if len(flat) < LINE else found.group(0)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
