"""The page of the proof: sections are found, put in and replaced by the name of their part."""

import dataclasses

from tests.proof import page
from tests.proof.page import GREEN, RED, Line, Section
from tests.proof.parts import PARTS, ROOT, demo_words, speed_words

ORDER = ("first", "second-1", "third")
INTRODUCTION = "# Proof\n\nWords of an introduction.\n"


def section(name: str, *, verdict: str = GREEN, commit: str = "a" * 40) -> Section:
    lines = (Line("one", verdict, "3 s", "4 passed | 1 skipped"),)
    return Section(name, f"What {name} shows.", verdict, commit, "2026-11-24", "A processor, 2 cores", "3 s", lines)


def test_what_was_written_is_read() -> None:
    text = page.with_section(INTRODUCTION, section("first", verdict=RED, commit="b" * 40), order=ORDER)
    assert page.sections(text) == {"first": page.Found(RED, "b" * 40, "2026-11-24")}


def test_sections_stand_in_the_order_of_the_parts_whichever_is_written_first() -> None:
    text = INTRODUCTION
    for name in ("third", "first", "second-1"):
        text = page.with_section(text, section(name), order=ORDER)
    assert list(page.sections(text)) == list(ORDER)
    assert text.startswith(INTRODUCTION)


def test_a_section_is_replaced_and_every_other_byte_stays() -> None:
    text = INTRODUCTION
    for name in ORDER:
        text = page.with_section(text, section(name), order=ORDER)
    again = section("second-1", verdict=RED)
    changed = page.with_section(text, again, order=ORDER)
    assert changed == text.replace(section("second-1").text, again.text)
    assert changed != text
    assert page.with_section(changed, section("second-1"), order=ORDER) == text


def test_words_with_a_bar_do_not_break_the_table() -> None:
    (row,) = [line for line in section("first").text.splitlines() if line.startswith("| one")]
    assert row.replace("\\|", "").count("|") == 5


def test_a_section_that_somebody_cut_is_no_section() -> None:
    whole = section("first").text
    assert page.sections(whole.replace("<!-- end of first -->\n", "")) == {}
    without = page.sections("".join(line for line in whole.splitlines(keepends=True) if "| commit |" not in line))
    assert without["first"] == dataclasses.replace(page.sections(whole)["first"], commit="")


def test_every_section_of_the_page_is_of_a_part() -> None:
    assert set(page.sections((ROOT / "docs" / "proof.md").read_text())) <= set(PARTS)


def test_how_to_names_every_part() -> None:
    rows = (ROOT / "docs" / "how-to" / "run-the-proof.md").read_text().splitlines()
    named = [row.split("|")[1].strip() for row in rows if row.startswith("| ") and "| shows |" not in row]
    assert named == list(PARTS)


def test_the_head_of_the_page_names_every_part() -> None:
    head = (ROOT / "docs" / "proof.md").read_text().split("<!-- proof")[0]
    named = head.split("every part is green: ")[1].split(".")[0].replace("\n", " ").split(", ")
    assert named == list(PARTS)


def test_the_words_of_the_demo_count_what_came_back() -> None:
    log = (
        "Sending the synthetic study to AXSPA on port 11112 ...\n  76 of 76 images stored\n"
        "What came back into the study, by C-STORE:\n"
        "  901 AI summary                       1 object        40 KiB\n"
        "  907 AI heatmaps                      6 objects      400 KiB\n"
        "Research software, not a medical device. The study is synthetic.\n"
    )
    assert demo_words(log) == "76 of 76 images stored; 2 series came back"
    assert demo_words("make: *** No rule\n") == "no image stored; 0 series came back"


def test_the_words_of_the_benchmark_are_its_figures() -> None:
    log = (
        'W: a warning of a driver\n{"first_study_s": 11.4, "warm_median_s": 4.3, "warm_worst_s": 4.7,'
        ' "receive_images_per_s": 145, "storescp_images_per_s": 934, "peak_memory_mb": {"worker": 1072, "panel": 75}}\n'
    )
    assert speed_words(log).startswith("from the last image to the last result: first study 11.4 s, warm median 4.3 s")
    assert speed_words(log).endswith("peak memory: panel 75 MiB, worker 1072 MiB")
