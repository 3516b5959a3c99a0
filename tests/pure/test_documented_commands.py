"""Every command that the documentation shows can be typed as it stands, and its options exist."""

import importlib.util
import re
from pathlib import Path

import pytest

from dicom_node import cli
from tests.documents import ROOT, blocks, commands, pages, section, spans
from training.__main__ import build_parser

PARSERS = {".venv/bin/axspa-node": cli.build_parser, ".venv/bin/axspa-train": build_parser}
MADE_BY_COMMAND = ROOT / "docs" / "evaluation"  # these name the step that made them, not something to type
OF_THE_SYSTEM = {"cp", "git", "cd", "docker", "apt-get"}
TARGETS = re.findall(r"^([a-z][a-z-]*)%?:", (ROOT / "Makefile").read_text(), re.MULTILINE)


def page_name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def check(words: list[str]) -> None:
    """Fail unless a newcomer who types these words in the checkout after ``make install`` gets an answer."""
    program, rest = words[0], words[1:]
    if program == "make":
        assert any(rest[0] == target or (target.endswith("-") and rest[0].startswith(target)) for target in TARGETS)
    elif program in PARSERS:
        PARSERS[program]().parse_args([re.sub(r"^\$\w+$", "0", word) for word in rest])
    elif program == ".venv/bin/python" and rest[0].endswith(".py"):
        shown = f'title="{Path(rest[0]).name}"'
        assert any(shown in page.read_text() for page in pages()), f"no page shows {rest[0]}"
    elif program == ".venv/bin/python":
        assert rest[0] == "-m" and importlib.util.find_spec(rest[1]), f"there is no module {rest[1]}"
    elif program.startswith("scripts/"):
        assert (ROOT / program).is_file(), f"there is no {program}"
    else:
        assert program in OF_THE_SYSTEM, f"{program} cannot be typed after make install"


@pytest.mark.parametrize("page", pages(), ids=page_name)
def test_every_command_of_a_page_can_be_typed(page: Path) -> None:
    for line in (line for block in blocks(page.read_text()) for line in block):
        for words in commands(line):
            check(words)


@pytest.mark.parametrize("page", [page for page in pages() if not page.is_relative_to(MADE_BY_COMMAND)], ids=page_name)
def test_a_command_with_options_in_running_text_can_be_typed_too(page: Path) -> None:
    for span in spans(page.read_text()):
        if " --" in span and "axspa-" in span:
            check(span.split())


@pytest.mark.parametrize(
    "line",
    [
        "axspa-node doctor",
        "axspa-train split runs/dataset",
        ".venv/bin/axspa-node doctor --no-such-option",
        ".venv/bin/axspa-train trian region",
        "for fold in 1 2; do axspa-train split $fold; done",
        "make no-such-target",
        ".venv/bin/python -m tests.no_such_module",
        ".venv/bin/python no_such_file.py",
        "scripts/no-such-script",
        "pip install axspa-node",
    ],
)
def test_a_command_that_cannot_be_typed_is_found(line: str) -> None:
    with pytest.raises((AssertionError, SystemExit)):
        for words in commands(line):
            check(words)


def test_readme_and_quickstart_show_the_same_way_to_a_node_that_stays() -> None:
    (readme,) = blocks(section((ROOT / "README.md").read_text(), "Run it"))[:1]
    (quickstart,) = blocks(section((ROOT / "docs" / "quickstart.md").read_text(), "A node that stays"))
    assert readme == quickstart
