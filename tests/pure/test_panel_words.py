"""Values as the panel writes them."""

from datetime import UTC, datetime, timedelta

import pytest

from panel import words
from panel.security import safe_next

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("Doe^Jane^Q^Dr.", "Doe, Dr. Jane Q"),
        ("Doe^Jane^^^MD", "Doe, Jane MD"),
        ("Doe", "Doe"),
        ("^Jane", "Jane"),
        ("", "no name"),
        (None, "no name"),
        ("^^^^", "no name"),
        ("Yamada^Tarou=山田^太郎=やまだ^たろう", "山田 太郎 (Yamada, Tarou)"),
        ("Hong^Gildong=洪^吉洞=홍^길동", "洪 吉洞 (Hong, Gildong)"),
        ("=山田^太郎", "山田 太郎"),
        ("==やまだ^たろう", "やまだ たろう"),
        ("Люкceмбypг", "Люкceмбypг"),
        ("A^B=C=D=E", "C (A, B)"),
    ],
)
def test_names_are_written_as_people_write_them(value: str | None, shown: str) -> None:
    assert words.person_name(value) == shown


def test_the_reading_of_a_name_is_kept_for_the_tooltip() -> None:
    assert words.person_name_title("Yamada^Tarou=山田^太郎=やまだ^たろう") == "やまだ たろう"


@pytest.mark.parametrize(
    ("passed", "shown"),
    [
        (timedelta(seconds=1), "just now"),
        (timedelta(seconds=40), "40 s ago"),
        (timedelta(seconds=61), "1 min ago"),
        (timedelta(minutes=59, seconds=59), "59 min ago"),
        (timedelta(hours=30), "30 h ago"),
        (timedelta(days=3), "3 days ago"),
        (timedelta(seconds=-90), "in 1 min"),
    ],
)
def test_how_long_ago(passed: timedelta, shown: str) -> None:
    assert words.ago(NOW - passed, now=NOW) == shown


def test_never() -> None:
    assert words.ago(None) == "never"


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0.31, "310 ms"), (5.42, "5.4 s"), (61, "1 min 1 s"), (3600, "1 h"), (90061, "1 d 1 h")]
)
def test_durations(seconds: float, shown: str) -> None:
    assert words.duration(seconds) == shown


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        (0x0000, "stored"),
        (0xA702, "out of resources"),
        (0xA900, "does not match its SOP class"),
        (0xC123, "cannot understand"),
        (0xB123, "with a warning"),
        (0x0122, "does not store this SOP class"),
        (None, "no answer"),
    ],
)
def test_status_codes_in_words(status: int | None, shown: str) -> None:
    assert shown in words.dimse_words(status)


def test_certainty_is_never_claimed() -> None:
    assert [words.probability(p) for p in (0.99996, 1.0, 0.951)] == ["over 0.95"] * 3
    assert [words.probability(p) for p in (0.0, 0.0001, 0.049)] == ["under 0.05"] * 3
    assert [words.probability(p) for p in (0.05, 0.625, 0.95)] == ["0.05", "0.62", "0.95"]
    assert words.probability(None) == "–"


def test_dates_and_sizes() -> None:
    assert words.dicom_date("20260131") == "2026-01-31"
    assert words.dicom_date("1.2.2026") == "1.2.2026"
    assert words.dicom_date("") == "–"
    assert words.size(217_000) == "217 kB"
    assert words.size(12) == "12 bytes"


def test_times_carry_their_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        assert words.time_title(NOW) == "Saturday 21 November 2026, 13:00:00 CET (UTC+01:00)"
        assert words.iso(NOW) == "2026-11-21T13:00:00+01:00"
        assert words.time_short(NOW, now=NOW) == "13:00:00"
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize("path", ["/studies/5", "/studies?f=aB-1_", "/studies/5?result=7&note=resend"])
def test_a_path_of_ours_is_followed_after_login(path: str) -> None:
    assert safe_next(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "/%09/evil.example\n",
        "javascript:alert(1)",
        "evil.example",
        "",
        "/login?next=/login",
        "/studies\r\nSet-Cookie: a=b",
        "/@evil.example",
    ],
)
def test_no_other_place_is_followed_after_login(path: str) -> None:
    assert safe_next(path) == "/"
