"""The catalogues of words: every language says the same, all of it is used, and no sentence stands in the code."""

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

import reporting
from config.codes import Code, Fault
from config.errors import BundleError, SettingsError
from inference.result import NotAssessable
from inference.sij_mri import LimitationCode
from inference.types import Reason
from reporting import presentation as room
from reporting.kinds import Kind
from reporting.language import Language, LanguageUnknown, find_language, languages_in
from reporting.pictures import is_legible, legible
from reporting.plain import PlainPresentation
from reporting.presentation import find_presentation, word_limitation
from reporting.presentation.reasons import message_key
from reporting.sij_mri.terms import CATALOGUES, LANGUAGES, TERMS, find_terms
from reporting.words import LONGEST, why_not
from tests.catalogues import FOLDERS, entries, messages
from tests.factories.foreign import ForeignPresentation

REPORTING = Path(reporting.__path__[0])
WING = REPORTING / "sij_mri"
CODE = {
    path: path.read_text(encoding="utf-8")
    for path in sorted(REPORTING.rglob("*.py"))
    if "mri_slices" not in path.parts  # a wing with catalogues of its own: test_mri_slices.py
}
OTHERS = [code for code in LANGUAGES if code != "en"]
ERRORS = {
    message_key(code)
    for code in Code
    if code.fault is Fault.STUDY or code in (Code.FILE_UNREADABLE, Code.SOURCE_UNREADABLE)
}
"""What only other languages have: English stands in the table of codes."""

FAMILIES = ("reason-", "short-", "series-", "description-")
"""Keys that the code puts together: those of reasons are held against what inference gives, in test_series_words.py."""

SPEAKING = (WING, REPORTING / "pictures", REPORTING / "objects")
"""Rooms whose modules make results; codes and their meanings are English."""
NAMES = {
    ("stamp.py", "axspa-node (research software)"),
    *(("identity.py", one) for one in ("Accession Number", "Patient ID", "Study Date", "Study ID")),
    ("identity.py", "Patient's Birth Date"),
}
"""Of the software, and of attributes, as the standard names them."""


def folded(names: frozenset[str]) -> set[str]:
    """Parameters, a capital one being the same word as the small one."""
    return {name.lower() for name in names}


def test_english_and_german_are_there_for_all() -> None:
    assert {"en", "de"} <= set(LANGUAGES) and all(set(LANGUAGES) <= set(languages_in(folder)) for folder in FOLDERS)


@pytest.mark.parametrize("code", LANGUAGES)
def test_no_message_stands_twice(code: str) -> None:
    found = Counter(key for folder in FOLDERS for key, _ in entries(folder / f"{code}.ftl"))
    assert {key for key, times in found.items() if times > 1} == {"read-by-a-radiologist"}


@pytest.mark.parametrize("code", OTHERS)
def test_a_language_has_the_messages_of_english_with_the_same_parameters(code: str) -> None:
    english, other = messages("en"), messages(code)
    assert set(english) - set(other) == set() and set(other) - set(english) == ERRORS
    for key, one in english.items():
        assert folded(one.parameters) == folded(other[key].parameters), key


def test_every_message_is_used_and_none_is_missing() -> None:
    said = {one for text in CODE.values() for one in re.findall(r"""["']([a-zA-Z0-9_-]+)["']""", text)}
    built = {f"stage-{stage}" for stage in ("normal", "early", "moderate", "advanced")}
    assert [key for key in messages("en") if key not in said | built and not key.startswith(FAMILIES)] == []
    asked = {one for text in CODE.values() for one in re.findall(r"""(?:say|lines)\(\s*["']([a-z][^"'{]*)["']""", text)}
    assert len(asked) > 150 and asked - set(messages("en")) == set()
    assert {key for key in messages("en") if key.startswith("short-")} <= {f"short-{one}" for one in LimitationCode}


def speaks(path: Path) -> bool:
    return path.name != "codes.py" and any(path.is_relative_to(room) for room in SPEAKING)


def prose(text: str) -> list[str]:
    """Strings of several words that are neither of documentation nor of an error nor of the gate."""
    tree = ast.parse(text)
    told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}  # docstrings
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) or getattr(getattr(node, "func", None), "id", "") == "GateFinding":
            told |= {id(part) for part in ast.walk(node)}
    constants = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in told)
    said = [one.value for one in constants if isinstance(one.value, str)]
    return [one for one in said if re.search(r"[a-z]{2} [a-zA-Z]{2}", one)]


def test_no_sentence_stands_in_the_code_that_makes_results() -> None:
    found = {(path.name, one) for path, text in CODE.items() if speaks(path) for one in prose(text)}
    assert {one for one in found if "lies to the right" not in one[1]} == NAMES
    assert prose('x = "Not for diagnosis"') == ["Not for diagnosis"]


@pytest.mark.parametrize("code", LANGUAGES)
def test_series_descriptions_are_legal_and_differ_where_viewers_cut_them(code: str) -> None:
    """PS3.5 section 6.2: a Long String has at most 64 characters and no backslash; viewers show some 22."""
    spoken = find_presentation("sij_mri", code)
    kinds = [kind.value.name for kind in Kind if kind not in (Kind.OUTLINES, Kind.SEGMENTATION)]
    said = [spoken.terms.say(f"description-{name}") for name in kinds]
    assert {key for key in messages(code) if key.startswith("description-")} == {f"description-{one}" for one in kinds}
    said += [one for group in spoken.groups for one in (group.description, group.report_description) if one]
    assert len({one[:22] for one in said}) == len(said)
    assert max(len(f"{one}, {spoken.title}") for one in said) <= 64 and "\\" not in "".join(said)


@pytest.mark.parametrize("code", LANGUAGES)
def test_pictures_have_every_letter_of_a_catalogue(code: str) -> None:
    text = "".join((folder / f"{code}.ftl").read_text(encoding="utf-8") for folder in FOLDERS)
    assert {one for one in text if not is_legible(one)} <= {"\n"}


def test_a_letter_that_pictures_lack_is_a_question_mark() -> None:
    assert legible("Größe 5\u00a0mm²") == "Größe 5 mm²" and is_legible("Größe 5\u00a0mm²")
    assert legible("КПС t1 仙") == "??? t1 ?" and not is_legible("КПС")


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_language_says_its_name_and_its_country(code: str) -> None:
    known = {"en": ("English", ("US", "United States")), "de": ("German", ("DE", "Germany"))}
    language = find_language(code)
    assert language.name and re.fullmatch("[A-Z]{2}", language.country[0]) and language.country[1]
    assert (language.name, language.country) == known.get(code, (language.name, language.country))


def test_the_shortest_number_keeps_its_digits() -> None:
    german = find_language("de")
    assert [german.shortest(one) for one in (0.0, 4.25, 120.0, 0.05)] == ["0", "4,25", "120", "0,05"]
    assert find_language().shortest(4.25) == "4.25"


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_fact_without_parameters_is_no_longer_than_a_line(code: str) -> None:
    beside = ("rule", "learned-long", "learned-headline-absent", "asas-note", "role-")
    language = find_terms(code).language
    for key, one in messages(code).items():
        if not one.parameters and not key.startswith(beside):
            assert max(map(len, language.lines(key))) <= LONGEST, key


def test_numbers_follow_the_language() -> None:
    german = find_language("de")
    assert german.number(4.25, 1) == "4,2" and german.number(12345.0) == "12345"
    assert find_language().number(0.5, 2) == "0.50"


def test_a_catalogue_that_is_wrong_is_refused_and_one_that_is_right_speaks() -> None:
    read = "read-by-a-radiologist = yes\n"
    assert Language("en", [read + "a = A { $b }\n    .c = C\n"]).lines("a", b="x") == ("A x", "C")
    assert Language("en", [read]).read and not Language("en", [read, read.replace("yes", "no")]).read
    for text, why in (
        (read + "no message", "no Fluent"),
        ("a = A\n", "yes or no"),
        (read.replace("yes", "maybe"), "may"),
    ):
        with pytest.raises(ValueError, match=why):
            Language("en", [text])
    for key in ("a", "b"):
        with pytest.raises(ValueError, match=f"'{key}'"):
            Language("en", [read + "a = A { $b }\n"]).say(key)


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_presentation_speaks_the_language_that_it_is_asked_for(code: str) -> None:
    spoken = find_presentation("sij_mri", code)
    assert spoken.language == spoken.terms.language.code == code
    assert spoken.terms.segments["region"].labels[None] == find_terms(code).say("segment-region")


def test_an_unknown_language_is_refused_by_the_names_of_those_that_there_are() -> None:
    with pytest.raises(LanguageUnknown, match=r"one of de, en\. Received 'xx'"):
        find_presentation("sij_mri", "xx")
    assert issubclass(LanguageUnknown, SettingsError)
    with pytest.raises(BundleError):
        find_presentation("no such application", "de")


class _Point:
    name = "foreign"

    @staticmethod
    def load() -> type[PlainPresentation]:
        return ForeignPresentation


class _Wordy(ForeignPresentation):
    languages = ("en",)

    def __init__(self, language: str) -> None:
        self.asked = language


def test_a_presentation_that_knows_no_languages_speaks_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room.protocol, "entry_points", lambda group: [_Point])
    try:
        for code in ("en", "de"):
            find_presentation.cache_clear()
            spoken = find_presentation("foreign", code)
            assert spoken.language == "en" and spoken.terms.say("not-analysed") == "Not analysed"
        with pytest.raises(LanguageUnknown):
            find_presentation("foreign", "xx")
        monkeypatch.setattr(_Point, "load", lambda: _Wordy)
        find_presentation.cache_clear()
        assert find_presentation("foreign", "en").asked == "en"  # type: ignore[attr-defined]
        with pytest.raises(LanguageUnknown, match=r"foreign has no words in this language; .* one of en\."):
            find_presentation("foreign", "de")
    finally:
        find_presentation.cache_clear()


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("reason", sorted(ERRORS))
def test_an_error_that_keeps_a_series_from_being_read_is_told_in_each_language(code: str, reason: str) -> None:
    terms, key = find_terms(code), Code(reason.removeprefix("reason-"))
    unread = Reason.of(LimitationCode.SERIES_UNREADABLE, role="T1W", reason=Reason(key))
    assert (key.sentence in word_limitation(terms, unread)) == (code == "en")
    assert why_not(terms, NotAssessable(unread)).startswith(terms.say("not-assessable"))


def test_english_is_the_language_where_none_is_named() -> None:
    assert TERMS.language.code == "en" and CATALOGUES.is_dir()
