"""States, their groups, their moves, and the one function that says what a study shows."""

import ast
from enum import StrEnum
from pathlib import Path

import pytest

import storage
from config.errors import Final
from storage import states
from storage.showing import Part, RunView, derive
from storage.states import DeliveryState, Origin, Proof, Purpose, Reception, ResultStatus, RunState, StudyState

ROOT = Path(str(storage.__file__)).parents[1]
BUSY, SENDING, SETTLED, PERSON = (
    {"busy", "in_work", "on_its_way", "needs_reason"},
    {"in_work", "on_its_way"},
    {"settled"},
    {"settled", "needs_person", "needs_reason"},
)
GROUPS = {
    StudyState.RECEIVING: {"busy", "on_its_way"},
    StudyState.QUEUED: BUSY,
    StudyState.ANALYSING: BUSY,
    StudyState.DELIVERING: SENDING,
    StudyState.DONE: SETTLED,
    StudyState.NOT_APPLICABLE: SETTLED,
    StudyState.DISCARDED: SETTLED,
    StudyState.HELD: PERSON,
    StudyState.UNDELIVERED: PERSON,
    StudyState.FAILED: PERSON,
}
NAMES = ("busy", "in_work", "on_its_way", "settled", "needs_person", "needs_reason")


def test_each_state_of_a_study_is_in_exactly_the_groups_that_are_meant() -> None:
    assert {state: {name for name in NAMES if getattr(state, name)} for state in StudyState} == GROUPS


def test_each_other_state_is_in_exactly_the_groups_that_are_meant() -> None:
    assert [state for state in RunState if state.active] == [RunState.QUEUED, RunState.RUNNING]
    lost = [DeliveryState.REFUSED, DeliveryState.GIVEN_UP, DeliveryState.STRANDED]
    assert [state for state in DeliveryState if state.lost] == lost
    assert [state for state in DeliveryState if state.unsent] == [DeliveryState.WAITING, DeliveryState.KEPT]
    assert [proof for proof in Proof if proof.open] == [Proof.WANTED, Proof.ASKED]
    assert [proof for proof in Proof if proof.given] == [Proof.COMMITTED, Proof.FOUND]
    assert [state for state in Reception if state.complete] == [Reception.COMPLETE, Reception.HELD, Reception.DISCARDED]
    assert [state for state in Reception if state.may_leave] == [Reception.COMPLETE]
    assert [status for status in ResultStatus if not status.may_leave] == [ResultStatus.HELD]
    assert [origin for origin in Origin if origin.sent] == [Origin.PUSHED]
    assert [purpose for purpose in Purpose if purpose.sent] == [Purpose.PRIMARY]
    assert [(p, o) for p in Purpose for o in Origin if not p.reads(o)] == [(Purpose.TRIAL, Origin.PUSHED)]


def test_a_state_that_says_nothing_of_itself_cannot_be_made() -> None:
    with pytest.raises(AssertionError):

        class New(states._Sent):
            NEW = "new"


@pytest.mark.parametrize(
    ("moves", "members", "start"),
    [
        (states.RECEPTION_MOVES, Reception, Reception.RECEIVING),
        (states.RUN_MOVES, RunState, RunState.QUEUED),
        (states.DELIVERY_MOVES, DeliveryState, DeliveryState.WAITING),
    ],
)
def test_every_state_can_be_reached(
    moves: dict[StrEnum, frozenset[StrEnum]], members: type[StrEnum], start: StrEnum
) -> None:
    assert set(moves) == set(members)
    reached = {start}
    for _ in members:
        reached |= {to for state in reached for to in moves[state]}
    assert reached == set(members)


def test_only_what_is_active_moves_on_and_it_always_can() -> None:
    moving = {state for state in RunState if state.active} | {RunState.HELD}  # a person releases it
    assert {state for state, to in states.RUN_MOVES.items() if to} == moving
    states.check_move(states.RUN_MOVES, now=RunState.QUEUED, to=RunState.RUNNING)
    with pytest.raises(Final, match="STUDY_STATE"):
        states.check_move(states.RUN_MOVES, now=RunState.DONE, to=RunState.RUNNING)


def test_every_state_of_a_study_is_shown_for_something() -> None:
    assert sorted(states.PRECEDENCE) == sorted(StudyState)
    shown = {state.shows for kind in (Reception, RunState, DeliveryState) for state in kind}
    assert shown - {None} == set(StudyState)


def part(run: RunState, *, purpose: Purpose = Purpose.PRIMARY, bundle: str = "a", **deliveries: int) -> Part:
    counts = {DeliveryState(name): count for name, count in deliveries.items()}
    return Part(bundle, purpose, RunView(run, "CODE", f"It is {run}."), "Signs.", counts)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([], StudyState.NOT_APPLICABLE),
        ([part(RunState.QUEUED)], StudyState.QUEUED),
        ([part(RunState.RUNNING), part(RunState.QUEUED)], StudyState.ANALYSING),
        ([part(RunState.FAILED), part(RunState.QUEUED)], StudyState.QUEUED),
        ([part(RunState.DONE)], StudyState.DONE),
        ([part(RunState.DONE, waiting=1, delivered=3)], StudyState.DELIVERING),
        ([part(RunState.DONE, waiting=1, refused=1)], StudyState.DELIVERING),
        ([part(RunState.DONE, delivered=3)], StudyState.DONE),
        ([part(RunState.DONE, delivered=3, given_up=1)], StudyState.UNDELIVERED),
        ([part(RunState.DONE, cancelled=2)], StudyState.DONE),
        ([part(RunState.DONE, delivered=3), part(RunState.FAILED)], StudyState.FAILED),
        ([part(RunState.DONE, waiting=3), part(RunState.HELD)], StudyState.HELD),
        ([part(RunState.HELD), part(RunState.FAILED)], StudyState.FAILED),
        ([part(RunState.NOT_APPLICABLE), part(RunState.DONE)], StudyState.DONE),
        ([part(RunState.NOT_APPLICABLE)], StudyState.NOT_APPLICABLE),
        ([part(RunState.DONE), part(RunState.FAILED, purpose=Purpose.SHADOW)], StudyState.DONE),
        ([part(RunState.DONE), part(RunState.RUNNING, purpose=Purpose.TRIAL)], StudyState.DONE),
        ([part(RunState.FAILED, purpose=Purpose.SHADOW)], StudyState.FAILED),
    ],
)
def test_of_all_that_is_true_of_a_study_the_most_pressing_is_shown(parts: list[Part], expected: StudyState) -> None:
    assert derive(Reception.COMPLETE, parts).state is expected
    assert derive(Reception.RECEIVING, parts).state is StudyState.RECEIVING


def test_two_patients_hold_a_study_unless_something_is_still_to_come() -> None:
    assert derive(Reception.HELD, [part(RunState.DONE)]).state is StudyState.HELD
    assert derive(Reception.HELD, [part(RunState.QUEUED)]).state is StudyState.QUEUED


def test_the_reason_names_the_bundle_where_several_read_the_study() -> None:
    assert derive(Reception.COMPLETE, [part(RunState.FAILED)]).reason == "It is failed."
    both = derive(Reception.COMPLETE, [part(RunState.DONE), part(RunState.FAILED, bundle="b")])
    assert both.reason == "b: It is failed."
    waiting = derive(Reception.COMPLETE, [part(RunState.DONE, waiting=2)])
    assert waiting.reason == "Signs. 2 objects are still to be sent."


def test_the_shown_state_is_written_in_one_place() -> None:
    """Whoever writes it elsewhere makes lists tell what is not so."""
    writers = set()
    for room in ("storage", "dicom_node", "panel"):
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                targets = node.targets if isinstance(node, ast.Assign) else []
                if any(ast.unparse(target) == "study.state" for target in targets):
                    writers.add(str(path.relative_to(ROOT)))
    assert writers == {"storage/showing.py"}


def test_no_module_writes_a_subset_of_states_by_hand() -> None:
    """Two or more members in a literal are a subset that a new state is silently not in; tables of all are none."""
    kinds = {"StudyState": StudyState, "RunState": RunState, "DeliveryState": DeliveryState, "Reception": Reception}
    found = set()
    for room in ("storage", "dicom_node", "panel"):
        for path in (ROOT / room).rglob("*.py"):
            if path.name != "states.py":
                found |= {f"{path.relative_to(ROOT)}:{line}" for line in _subsets(path, kinds)}
    assert found == set()


def _subsets(path: Path, kinds: dict[str, type[StrEnum]]) -> set[int]:
    lines = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Set | ast.Tuple | ast.List):
            continue
        for name, kind in kinds.items():
            members = [one for one in node.elts if ast.unparse(one).startswith(f"{name}.")]
            if 2 <= len(members) < len(kind):
                lines.add(node.lineno)
    return lines
