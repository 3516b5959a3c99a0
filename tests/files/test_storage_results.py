"""Results, the outbox and its ledger, sending again."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from config.errors import Final
from storage import audit, deliveries, resending, search, studies
from storage.attempts import Attempt
from storage.deliveries import DueDelivery
from storage.search import StudyFilter
from storage.session import Database
from storage.tables import Audit, Delivery, DeliveryState, Event, Result, ResultStatus, Study, StudyState
from tests.factories.storage import at, claim, fresh, open_destinations, receive, save


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = fresh(tmp_path)
    yield made
    made.dispose()


def state_of(database: Database, study_id: int) -> StudyState:
    with database.read() as session:
        return session.get_one(Study, study_id).state


def ledger(database: Database) -> list[tuple[str, DeliveryState]]:
    with database.read() as session:
        rows = session.scalars(select(Delivery).order_by(Delivery.destination, Delivery.id))
        return [(row.destination, row.state) for row in rows]


def outcome(due: DueDelivery, state: DeliveryState, *, status: int | None = 0, seconds: float | None = None) -> Attempt:
    return Attempt(
        delivery_id=due.delivery_id,
        state=state,
        status=status,
        code="STORED" if state is DeliveryState.DELIVERED else "NOT_REACHED",
        comment="",
        next_attempt_at=None if seconds is None else at(seconds),
    )


def deliver(database: Database, destination: str, *, seconds: float = 70) -> None:
    due = deliveries.due(database, destination, now=at(seconds))
    deliveries.record(database, [outcome(item, DeliveryState.DELIVERED) for item in due], now=at(seconds))


def test_each_object_gets_a_ledger_row_for_each_destination(database: Database) -> None:
    claimed = claim(database, 1)
    save(database, claimed, destinations=("archive", "review"))
    assert ledger(database) == [
        ("archive", DeliveryState.WAITING),
        ("archive", DeliveryState.WAITING),
        ("review", DeliveryState.WAITING),
        ("review", DeliveryState.WAITING),
    ]
    assert state_of(database, claimed.study_id) is StudyState.DELIVERING


def test_a_study_is_done_only_when_every_row_is(database: Database) -> None:
    claimed = claim(database, 1)
    save(database, claimed, destinations=("archive", "review"))
    deliver(database, "archive")
    assert state_of(database, claimed.study_id) is StudyState.DELIVERING
    deliver(database, "review")
    assert state_of(database, claimed.study_id) is StudyState.DONE


def test_a_destination_that_is_down_blocks_no_other(database: Database) -> None:
    claimed = claim(database, 1)
    save(database, claimed, destinations=("down", "archive"))
    due = deliveries.due(database, "down", now=at(70))
    failed = [outcome(item, DeliveryState.WAITING, status=None, seconds=100) for item in due]
    deliveries.record(database, failed, now=at(70))
    assert deliveries.due(database, "down", now=at(99)) == []
    assert [item.attempts for item in deliveries.due(database, "down", now=at(100))] == [1, 1]
    deliver(database, "archive")
    assert state_of(database, claimed.study_id) is StudyState.DELIVERING


def test_a_retry_that_fails_as_before_adds_no_line_to_the_timeline(database: Database) -> None:
    claimed = claim(database, 1)
    save(database, claimed)
    for seconds in (70, 80, 90):
        due = deliveries.due(database, "archive", now=at(seconds))
        failed = [outcome(item, DeliveryState.WAITING, status=None, seconds=seconds + 10) for item in due]
        deliveries.record(database, failed, now=at(seconds))
    with database.read() as session:
        lines = session.scalars(select(Event).where(Event.code == "DELIVERY_WAITING")).all()
    assert len(lines) == 1


def test_a_refused_object_shows_and_can_be_sent_again(database: Database) -> None:
    claimed = claim(database, 1)
    result_id = save(database, claimed)
    first, second = deliveries.due(database, "archive", now=at(70))
    deliveries.record(
        database,
        [outcome(first, DeliveryState.DELIVERED), outcome(second, DeliveryState.REFUSED, status=0xC000)],
        now=at(70),
    )
    assert state_of(database, claimed.study_id) is StudyState.UNDELIVERED
    again = resending.resend(database, result_id, destinations=["archive"], actor="admin", only_failed=True, now=at(80))
    assert again == 1
    assert state_of(database, claimed.study_id) is StudyState.DELIVERING
    assert [item.delivery_id for item in deliveries.due(database, "archive", now=at(80))] == [second.delivery_id]
    deliver(database, "archive", seconds=81)
    assert state_of(database, claimed.study_id) is StudyState.DONE
    with database.read() as session:
        assert session.scalars(select(Audit.action)).all() == ["result.resend"]


def test_resending_reaches_a_destination_that_was_added_later(database: Database) -> None:
    claimed = claim(database, 1)
    result_id = save(database, claimed)
    deliver(database, "archive")
    open_destinations(database, "new")
    sent = resending.resend(
        database, result_id, destinations=["archive", "new"], destination="new", actor="admin", now=at(80)
    )
    assert sent == 2
    assert (len(deliveries.due(database, "new", now=at(80))), deliveries.due(database, "archive", now=at(80))) == (
        2,
        [],
    )


def test_one_object_can_be_sent_again_alone(database: Database) -> None:
    result_id = save(database, claim(database, 1))
    deliver(database, "archive")
    with database.read() as session:
        object_id = session.get_one(Result, result_id).objects[0].id
    sent = resending.resend(
        database, result_id, destinations=["archive"], object_id=object_id, actor="admin", now=at(80)
    )
    assert sent == 1


def test_what_the_gate_held_is_never_sent(database: Database) -> None:
    claimed = claim(database, 1)
    result_id = save(database, claimed, status=ResultStatus.HELD)
    assert ledger(database) == []
    assert state_of(database, claimed.study_id) is StudyState.HELD
    with pytest.raises(Final, match="RESULT_HELD"):
        resending.resend(database, result_id, destinations=["archive"], actor="admin")
    assert ledger(database) == []


def test_a_study_without_a_sacroiliac_series_is_reported_then_not_applicable(database: Database) -> None:
    claimed = claim(database, 1)
    save(database, claimed, status=ResultStatus.NOT_APPLICABLE)
    assert state_of(database, claimed.study_id) is StudyState.DELIVERING
    deliver(database, "archive")
    assert state_of(database, claimed.study_id) is StudyState.NOT_APPLICABLE


def test_a_newer_revision_supersedes_and_cancels_what_was_not_sent(database: Database) -> None:
    first = claim(database, 1)
    first_result = save(database, first)
    due = deliveries.due(database, "archive", now=at(70))
    second = claim(database, 2, seconds=300)
    assert second.revision == 2
    save(database, second, seconds=400)
    with database.read() as session:
        old, new = session.scalars(select(Result).order_by(Result.revision))
        assert (old.superseded, new.superseded) == (True, False)
        assert {row.state for made in old.objects for row in made.deliveries} == {DeliveryState.CANCELLED}
    deliveries.record(database, [outcome(item, DeliveryState.DELIVERED) for item in due], now=at(401))
    assert state_of(database, first.study_id) is StudyState.DELIVERING
    with pytest.raises(Final, match="RESULT_SUPERSEDED"):
        resending.resend(database, first_result, destinations=["archive"], actor="admin")


def test_search_finds_words_in_any_script_and_case(database: Database) -> None:
    receive(database, 1, patient_name="山田^太郎=ヤマダ", patient_id="JP-1", study="1.1")
    receive(database, 1, patient_name="Быков^Иван", patient_id="RU-1", study="1.2")
    receive(database, 1, patient_name="100%_O'Neil^Anne", patient_id="IE-1", study="1.3")
    save(database, claim(database, 9, study="1.4"))

    def found(**wanted: object) -> set[str]:
        page = search.search(database, StudyFilter(**wanted))  # type: ignore[arg-type]
        return {row.study.study_instance_uid for row in page.rows}

    assert found(text="быков") == {"1.2", "1.4"}
    assert found(text="ИВАН ru-1") == {"1.2"}
    assert found(text="太郎") == {"1.1"}
    assert found(text="o'neil") == {"1.3"}
    assert found(text="100%_") == {"1.3"}
    assert found(text="%") == {"1.3"}
    assert found(text="nobody") == set()
    assert found(states=(StudyState.DELIVERING,)) == {"1.4"}
    assert found(result=ResultStatus.COMPLETE) == {"1.4"}
    assert found(study_date_from="20260302") == set()
    assert found(study_date_to="20260301") == {"1.1", "1.2", "1.3", "1.4"}


def test_pages_hold_every_study_once_with_its_newest_result(database: Database) -> None:
    for number in range(5):
        receive(database, 1, study=f"1.{number + 1}", seconds=number)
    save(database, claim(database, 2, study="1.1", seconds=100))
    deliver(database, "archive", seconds=500)
    pages = [search.search(database, StudyFilter(), page=page, per_page=2) for page in (1, 2, 3)]
    assert [page.pages for page in pages] == [3, 3, 3]
    uids = [row.study.study_instance_uid for page in pages for row in page.rows]
    assert uids == ["1.1", "1.5", "1.4", "1.3", "1.2"]
    first = pages[0].rows[0]
    assert first.result is not None
    assert (first.result.revision, first.delivered, first.deliveries) == (1, 2, 2)
    assert search.search(database, StudyFilter(), page=99, per_page=2).page == 3


def test_reprocess_leaves_an_audit_row_and_keeps_the_chain_whole(database: Database) -> None:
    claimed = claim(database, 1)
    save(database, claimed)
    studies.reprocess(database, claimed.study_id, actor="admin")
    deliveries_left = ledger(database)
    assert {state for _, state in deliveries_left} == {DeliveryState.WAITING}
    with database.read() as session:
        row = session.scalars(select(Audit)).one()
    assert (row.actor, row.action, row.subject) == ("admin", "study.reprocess", f"study {claimed.study_id}")
    assert audit.verify(database).intact
