"""The choice of series in words: every reason has its words, and what has none is still said."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

import dicom_node
import inference
import reporting.mri_slices.terms
import reporting.sij_mri.terms
import storage
from config.codes import Code, GapCode, SourceCode
from inference.result import Limitation
from inference.series import Candidate, Evidence, Selection
from inference.series.exclusions import MAPS
from inference.series.words import Meaning
from inference.sij_mri import LimitationCode, Role
from inference.types import Reason
from reporting import outputs
from reporting.objects import identity
from reporting.presentation import RoleTerm, Terms, word_limitation, word_reason
from reporting.presentation.reasons import message_key
from reporting.series_words import refusals, word_candidate, word_selection
from reporting.sij_mri.terms import LANGUAGES, TERMS, find_terms
from reporting.words import LONGEST
from tests.catalogues import messages

WINGS = {"sij_mri": reporting.sij_mri.terms, "mri_slices": reporting.mri_slices.terms}
PATHS = [path for room in (inference, storage, dicom_node) for path in sorted(Path(room.__path__[0]).rglob("*.py"))]


def _text(paths: list[Path]) -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


def _sources(wing: str) -> str:
    """What an application runs through: all that no other wing owns."""
    return _text([path for path in PATHS if not set(path.parts) & (set(WINGS) - {wing})])


SOURCES = _sources("sij_mri")
OF_SOURCES = "\n".join(Path(one.__file__).read_text(encoding="utf-8") for one in (identity, outputs))
"""Where reporting itself says what its sources let a reader expect."""
PLAIN = Terms(roles={"view": RoleTerm("sagittal", "sag")}, anatomy={})
FOUND = Candidate("1.2", 3, "t1", "view", 80.0, True, True, (Evidence("plane", 80.0, Reason("asked-for")),))


@pytest.mark.parametrize("wing", WINGS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_that_inference_gives_has_words(language: str, wing: str) -> None:
    given = set(re.findall(r'Reason(?:\.of)?\(\s*"([^"]+)"', _sources(wing))) | set(MAPS.values())
    given |= {*map(str, Meaning), *GapCode, *SourceCode, *(LimitationCode if wing == "sij_mri" else ())}
    assert len(given) > 80
    known = WINGS[wing].find_terms(language).language
    assert [one for one in given if not known.knows(message_key(one))] == []


def test_every_word_has_a_reason_that_inference_gives() -> None:
    codes = {message_key(code) for code in (*GapCode, *SourceCode, *LimitationCode)}
    given = {message_key(one) for one in re.findall(r'"([^"\n]+)"', SOURCES)}
    assert [key for key in messages("en") if key.startswith("reason-") and key not in codes | given] == ["reason-of"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_parameter_is_named_that_inference_does_not_give(language: str) -> None:
    for key, message in messages(language).items():
        for name in message.parameters if key.startswith("reason-") and key != "reason-of" else ():
            assert name == "Role" or re.search(rf'\b{name}=|"{name}":', SOURCES + OF_SOURCES), key


def test_a_reason_within_a_reason_is_worded_where_it_stands() -> None:
    times = (Reason.of("repetition-time", ms=500.0), Reason.of("echo-time", ms=9.25))
    contrast = Reason.of("t1-spin-echo", times=times)
    assert word_reason(TERMS, contrast) == "T1-weighted spin echo (TR 500 ms, TE 9.25 ms)"
    assert word_reason(TERMS, Reason.of("in-opposed-phase", contrast=contrast)).endswith("9.25 ms), opposed phase")
    warning = Reason.of("unequal-spacing", unequal_mm=0.5, spacing_mm=4.0)
    limitation = Limitation.of(LimitationCode.SERIES_IRREGULAR, role=Role.T1W, warning=warning)
    assert word_limitation(TERMS, limitation) == (
        "T1-weighted series: The slices are not equally spaced: up to 0.50 mm from 4.00 mm."
    )


@pytest.mark.parametrize("code", Code)
def test_an_error_within_a_reason_is_the_sentence_of_its_code(code: Code) -> None:
    unread = Limitation.of(LimitationCode.SERIES_UNREADABLE, role=Role.FLUID, reason=Reason(code))
    assert word_limitation(TERMS, unread).endswith(f"was not read. {code.sentence}")
    assert word_reason(PLAIN, Reason(code)) == word_limitation(PLAIN, Reason(code)) == code.sentence
    assert word_reason(replace(PLAIN, reasons={code: "in other words"}), Reason(code)) == "in other words"


def test_a_key_without_words_is_said_with_its_parameters_and_terms_come_first() -> None:
    unknown = Reason.of("too_dark", level=12.0)
    assert word_reason(PLAIN, unknown) == "too dark (level 12.0)"
    assert word_limitation(PLAIN, unknown) == "Too dark (level 12.0)."
    assert word_limitation(PLAIN, Reason("NO_AXIAL")) == "No axial."
    known = replace(PLAIN, reasons={"too_dark": "dark ({level:.0f})", "no-pixels": "nothing in it"})
    assert word_reason(known, unknown) == word_limitation(known, unknown) == "dark (12)"
    assert word_reason(PLAIN, Reason("no-pixels")) == "the objects hold no pixels"
    assert word_reason(known, Reason("no-pixels")) == "nothing in it"


def test_an_application_without_words_of_its_own_still_says_what_it_chose() -> None:
    chosen = Selection((FOUND,), {"view": FOUND}, ("view",))
    assert word_candidate(PLAIN, FOUND, chosen) == "Chosen. Asked for."
    assert word_selection(PLAIN, chosen) == 'View: series 3 "t1", score 80 of 100.'
    second = replace(FOUND, series_number=4, chosen=False)
    assert word_candidate(PLAIN, second, chosen) == 'Suitable, but series 3 "t1" is better. Asked for.'
    refused = replace(second, eligible=False, refusals=(Reason("another-plane"),))
    assert word_candidate(PLAIN, refused, chosen) == "Not used: another plane."
    assert word_selection(PLAIN, Selection((refused,), {}, ("view",))) == (
        'No series shows what is read as needed. Series 4 "t1": another plane.'
    )


def test_a_role_that_was_looked_for_in_vain_is_said() -> None:
    roles = {"view": RoleTerm("sagittal", "sag"), "axial": RoleTerm("axial", "ax", without="nothing can be graded")}
    terms = replace(PLAIN, roles=roles)
    both = Selection((FOUND,), {"view": FOUND}, ("view", "axial"))
    assert word_selection(terms, both).endswith("No axial series was found, so nothing can be graded.")
    assert "axial" not in word_selection(terms, Selection((FOUND,), {"view": FOUND}, ("view",)))


@pytest.mark.parametrize("language", LANGUAGES)
def test_names_of_others_come_back_letter_for_letter_and_are_cut_short_where_a_line_is_full(language: str) -> None:
    terms = find_terms(language)
    times = (Reason.of("repetition-time", ms=4000.0), Reason.of("echo-time", ms=60.5))
    reason = Reason.of("not-t1", contrast=Reason.of("inversion-recovery", times=times))
    names = ["КПС t1 仙腸関節", "x" * 64, "", "stir_tra"]
    series = tuple(
        replace(FOUND, series_instance_uid=f"1.{number}", series_number=number, description=name, role=Role.T1W)
        for number, name in enumerate(names * 10, 1)
    )
    refused = tuple(replace(one, chosen=False, eligible=False, refusals=(reason,)) for one in series)
    lines = refusals(terms, Selection(refused, {}, tuple(Role)))
    assert max(map(len, lines)) <= LONGEST and len(lines) < len(series)
    for number in range(1, len(series) + 1):
        assert any(re.search(rf"erie[s]? {number}\b", line) for line in lines), number
    short = refusals(terms, Selection(refused[:1], {}, tuple(Role)))
    assert "КПС t1 仙腸関節" in short[0]
    assert "КПС t1 仙腸関節" in word_selection(terms, Selection(refused[:1], {}, tuple(Role)))
