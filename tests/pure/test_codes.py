"""One table of codes: no code as a bare string, none made up, none parsed, none dead."""

import ast
import json
import pickle
from collections.abc import Iterator

import pytest

from config import errors
from config.codes import AnyCode, Code, Fault, Tone
from panel.badges import event_tone
from storage.codes import EventCode
from tests.codes_page import PAGE, ROOT, TABLES, page

PARTS = ("config", "storage", "inference", "reporting", "panel", "training", "dicom_node")
MODULES = {
    path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
    for part in PARTS
    for path in sorted((ROOT / part).rglob("*.py"))
}
VALUES = {str(code) for table in TABLES.values() for code in table}
OF_DICOM = {("reporting", "COMPLETE")}  # a value of Completion Flag (PS3.3 C.17.2)


def subclasses(root: type) -> set[type]:
    below = set(root.__subclasses__())
    return below.union(*(subclasses(one) for one in below))


ERRORS = {error.__name__ for error in {errors.AxspaError, *subclasses(errors.AxspaError)}}


def bare_codes(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in VALUES:
            yield node.lineno, node.value


def raised_with_something_else(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Calls of an error whose code is not written as ``Code.NAME``."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or ast.unparse(node.func).rpartition(".")[2] not in ERRORS:
            continue
        code = node.args[0] if node.args else None
        if not (
            isinstance(code, ast.Attribute) and ast.unparse(code.value) == "Code" and code.attr in Code.__members__
        ):
            yield node.lineno, ast.unparse(node)


def parsed_codes(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """What looks into a code instead of comparing it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in {"startswith", "endswith", "partition", "split"}:
            of = ast.unparse(node.value)
            if of.rpartition(".")[2] in {"code", "reason_code", "last_code"}:
                yield node.lineno, ast.unparse(node)
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.In):
            of = ast.unparse(node.comparators[0])
            if of.rpartition(".")[2] in {"code", "reason_code", "last_code"}:
                yield node.lineno, ast.unparse(node)


def named_codes(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Table and name of every code that is named."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield ast.unparse(node.value), node.attr


def test_no_code_is_a_bare_string() -> None:
    found = [
        (module, line, code)
        for module, tree in MODULES.items()
        for line, code in bare_codes(tree)
        if (module.partition("/")[0], code) not in OF_DICOM
    ]
    assert found == []


def test_every_error_is_raised_with_a_code() -> None:
    found = [(module, *what) for module, tree in MODULES.items() for what in raised_with_something_else(tree)]
    assert found == []


def test_no_code_is_parsed() -> None:
    found = [(module, *what) for module, tree in MODULES.items() for what in parsed_codes(tree)]
    assert found == []


@pytest.mark.parametrize(
    ("search", "bad", "good"),
    [
        (bare_codes, 'x = "DISK_FULL"', "x = Code.DISK_FULL"),
        (raised_with_something_else, "raise Final(code, text)", "raise Final(Code.DISK_FULL, text)"),
        (raised_with_something_else, 'raise errors.Final("X", text)', "raise errors.Final(Code.DISK_LOW, text)"),
        (raised_with_something_else, "raise Final(Code.NO_SUCH, text)", "raise ValueError(text)"),
        (parsed_codes, 'error.code.startswith("DISK")', 'error.sentence.startswith("The")'),
        (parsed_codes, '"FAIL" in code', "code in NO_DATABASE"),
    ],
)
def test_the_searches_find_what_they_look_for(search: object, bad: str, good: str) -> None:
    assert callable(search)
    assert len(list(search(ast.parse(bad)))) == 1
    assert list(search(ast.parse(good))) == []


def test_no_code_is_dead() -> None:
    named = {one for tree in MODULES.values() for one in named_codes(tree)}
    dead = [
        f"{table.__name__}.{code.name}"
        for table in TABLES.values()
        for code in table
        if (table.__name__, code.name) not in named
    ]
    assert dead == []


def test_every_table_of_codes_is_on_the_page_and_the_page_is_up_to_date() -> None:
    written = {
        node.name
        for tree in MODULES.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and any(ast.unparse(base) == "AnyCode" for base in node.bases)
    }
    assert written == {table.__name__ for table in TABLES.values()}
    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m tests.codes_page"


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.__name__)
def test_every_row_is_complete_and_its_code_is_its_name(table: type[AnyCode]) -> None:
    for code in table:
        assert code == code.name == f"{code}" == json.loads(json.dumps(code))
        assert len(code) <= 64  # the columns of the database
        assert code.sentence.isascii() and code.sentence.endswith(".") and "|" not in code.sentence
        assert isinstance(code.tone, Tone)
    sentences = [code.sentence for code in table]
    assert len(set(sentences)) == len(sentences)


def test_an_error_always_has_somebody_to_look_at() -> None:
    assert {code.fault for code in Code} == set(Fault)


def test_what_a_sender_is_answered() -> None:
    answers = {code.name: code.dicom_status for code in Code if code.dicom_status is not None}
    room = ("DISK_LOW", "DISK_FULL", "DISK_UNAVAILABLE")
    database = ("DATABASE_FULL", "DATABASE_LOCKED", "DATABASE_BUSY", "DATABASE_UNAVAILABLE", "DATABASE_DAMAGED")
    assert answers == {
        **dict.fromkeys((*room, *database), 0xA700),
        **dict.fromkeys(("DATA_SET_UNREADABLE", "UID_MISSING", "UID_INVALID"), 0xC000),
        "UIDS_DIFFER": 0xA900,
        "DUPLICATE_DIFFERS": 0x0111,
        "UNEXPECTED": 0x0110,
    }


@pytest.mark.parametrize("kind", sorted(subclasses(errors.AxspaError), key=lambda kind: kind.__name__))
def test_an_error_crosses_processes(kind: type[errors.AxspaError]) -> None:
    error = kind(Code.DISK_FULL, "The disk has no room.")
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is kind and copy.code is Code.DISK_FULL and copy.sentence == error.sentence
    assert str(copy) == "DISK_FULL: The disk has no room."


def test_the_timeline_shows_what_went_wrong() -> None:
    lost = (Code.WORKER_LOST, Code.WORKER_DIED, Code.ANALYSIS_BROKE, Code.DISK_FULL, EventCode.HELD)
    assert {event_tone(str(code)) for code in lost} == {"bad"}
    assert event_tone("LATE_IMAGES") == event_tone("DELIVERY_WAITING") == "warn"
    assert event_tone("RESULT_SAVED") == event_tone("DELIVERY_DELIVERED") == "ok"
    assert event_tone("STUDY_OPENED") == event_tone("A_CODE_OF_AN_OLD_VERSION") == ""
