"""Turns of the outbox at a destination that answers as it is told: what is written, when, and what waits for whom."""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pydicom
import pytest
from sqlalchemy import select, update

from config.codes import Code
from config.errors import Final, StorageUnavailable
from config.settings import DeliverySettings
from dicom_node.analyse.pipeline import Outcome as Analysed
from dicom_node.deliver.destination import Outcome, Outgoing, ProofAnswer, Verdict
from dicom_node.deliver.outbox import Turn
from dicom_node.testing import FakeDestination
from storage import audit, deliveries, destinations, proofs, refusals, resending, results
from storage.attempts import Attempt
from storage.codes import DeliveryCode
from storage.destinations import Wanted
from storage.objects import ObjectStore
from storage.session import Database
from storage.states import DeliveryState, Proof, StudyState, utc_now
from storage.tables import Delivery, DestinationRecord, Event, ResultObject, Study
from tests.factories.delivering import AnyFile, stored_objects
from tests.factories.storage import claim, fresh, result_of, save

LOST = Outcome(Verdict.RETRY, None, DeliveryCode.ASSOCIATION_LOST, "It broke off.")
AWAY = Outcome(Verdict.RETRY, None, DeliveryCode.NOT_REACHED, "It cannot be reached.")
SETTINGS = DeliverySettings(first_pause_s=60, give_up_after_h=24 * 3650)  # the factories' studies are of a fixed day
LATER = timedelta(days=2)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = fresh(tmp_path)
    yield made
    made.dispose()


@pytest.fixture
def peer() -> FakeDestination:
    return FakeDestination("archive")


@pytest.fixture
def turn(database: Database, tmp_path: Path, peer: FakeDestination) -> Turn:
    return Turn(peer, SETTINGS, database, AnyFile(tmp_path))


def rows(database: Database, name: str = "archive") -> list[Delivery]:
    with database.read() as session:
        return list(session.scalars(select(Delivery).where(Delivery.destination == name).order_by(Delivery.id)))


def states(database: Database, name: str = "archive") -> list[str]:
    return [row.state.value for row in rows(database, name)]


def shown(database: Database, number: int = 1) -> StudyState:
    with database.read() as session:
        return session.get_one(Study, number).state


def lines(database: Database) -> list[str]:
    with database.read() as session:
        return [event.sentence for event in session.scalars(select(Event).order_by(Event.id))]


def make_due(database: Database) -> None:
    """Let every pause be over."""
    with database.write() as session:
        session.execute(update(Delivery).values(next_attempt_at=utc_now(), proof_due_at=utc_now()))
        session.execute(update(DestinationRecord).values(paused_until=None))


def test_each_outcome_is_written_before_the_next_object_is_sent(database: Database, tmp_path: Path) -> None:
    save(database, claim(database, 1))
    seen: list[list[str]] = []

    class Watching(FakeDestination):
        def send(self, objects: Sequence[Outgoing]) -> Generator[Outcome, None, None]:
            for outcome in super().send(objects):
                seen.append(states(database))
                yield outcome

    Turn(Watching("archive"), SETTINGS, database, AnyFile(tmp_path))()
    assert seen == [["waiting", "waiting"], ["delivered", "waiting"]]
    assert lines(database)[-2] == "2 objects arrived at archive", "one line of the turn, counted up"


def test_delivery_goes_on_past_an_object_that_ends_the_association(
    database: Database, peer: FakeDestination, turn: Turn
) -> None:
    save(database, claim(database, 1))
    first, second = (item.sop_instance_uid for item in deliveries.due(database, "archive"))
    peer.answers[first] = LOST
    turn()
    assert states(database) == ["waiting", "delivered"]
    save(database, claim(database, 2, study="1.2.826.0.1.2"))
    turn()
    assert peer.got[2:] and first not in peer.got[2:], "what ends associations waits behind what was not tried"
    peer.answers.clear()
    make_due(database)
    turn()
    assert states(database) == ["delivered"] * 4 and second not in peer.got[2:]


def test_a_destination_that_is_away_is_tried_with_one_object_and_then_gets_all(
    database: Database, peer: FakeDestination, turn: Turn
) -> None:
    save(database, claim(database, 1))
    peer.down = AWAY
    turn()
    turn()
    place = destinations.find(database, "archive")
    assert place is not None and (place.failures, place.trouble) == (1, "It cannot be reached.")
    assert [(row.state.value, row.attempts) for row in rows(database)] == [("waiting", 1)] * 2
    make_due(database)
    turn()
    place = destinations.find(database, "archive")
    assert place is not None and place.failures == 2
    assert lines(database).count("2 objects could not be sent yet to archive: It cannot be reached.") == 1
    peer.down = None
    make_due(database)
    turn()
    assert len(peer.got) == 1, "one object shows whether it is back"
    turn()
    assert states(database) == ["delivered"] * 2
    place = destinations.find(database, "archive")
    assert place is not None and (place.failures, place.paused_until, place.trouble) == (0, None, "")


def test_what_waits_too_long_is_given_up_where_a_person_sees_it(
    database: Database, peer: FakeDestination, tmp_path: Path
) -> None:
    save(database, claim(database, 1))
    peer.down = AWAY
    Turn(peer, DeliverySettings(give_up_after_h=24), database, AnyFile(tmp_path))()
    assert states(database) == ["given_up"] * 2
    assert shown(database) is StudyState.UNDELIVERED


def test_what_came_back_while_the_database_was_locked_is_written_first_of_all(
    database: Database, peer: FakeDestination, turn: Turn, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(database, claim(database, 1))

    def locked(*_: object, **__: object) -> None:
        raise StorageUnavailable(Code.DATABASE_LOCKED, "Locked.")

    with monkeypatch.context() as patched, pytest.raises(StorageUnavailable):
        patched.setattr(deliveries, "record", locked)
        turn()
    assert len(peer.got) == 1 and states(database) == ["waiting"] * 2
    turn()
    assert len(peer.got) == 2 and states(database) == ["delivered"] * 2


def test_what_arrived_is_booked_though_its_row_was_cancelled_meanwhile(database: Database) -> None:
    first = claim(database, 1)
    save(database, first)
    due = deliveries.due(database, "archive")
    with database.write() as session:
        session.execute(update(Delivery).values(state=DeliveryState.CANCELLED))
    done = [Attempt(due[0].delivery_id, DeliveryState.DELIVERED, 0, DeliveryCode.STORED, "")]
    failed = [Attempt(due[1].delivery_id, DeliveryState.REFUSED, 0xC000, DeliveryCode.REFUSED, "")]
    deliveries.record(database, [*done, *failed])
    assert states(database) == ["delivered", "cancelled"]


def test_nothing_is_sent_to_a_destination_that_is_not_open(
    database: Database, peer: FakeDestination, turn: Turn
) -> None:
    destinations.set_open(database, "archive", to=False, actor="ada")
    claimed = claim(database, 1)
    results.save(database, claimed, result_of(claimed), destinations=("archive",))
    turn()
    assert peer.got == [] and states(database) == ["kept", "kept"]
    assert shown(database) is StudyState.DONE
    assert "Nothing was sent: archive is not open." in lines(database)[-1]
    with pytest.raises(Final, match="DESTINATION_CLOSED"):
        resending.resend(database, 1, destinations=["archive"], destination="archive", actor="ada")
    assert resending.resend(database, 1, destinations=["archive"], actor="ada") == 0
    assert destinations.kept_count(database) == {"archive": 2}


@pytest.mark.parametrize(("send_kept", "arrive"), [(False, 2), (True, 4)])
def test_one_that_is_opened_gets_what_is_made_from_now_on_and_what_waited_if_it_shall(
    database: Database, peer: FakeDestination, turn: Turn, send_kept: bool, arrive: int
) -> None:
    destinations.set_open(database, "archive", to=False, actor="ada")
    for number, study in enumerate(("1.2.1", "1.2.2", "1.2.3")):
        if number == 2:
            sent = destinations.set_open(database, "archive", to=True, actor="ada", send_kept=send_kept)
            assert sent == (4 if send_kept else 0)
        claimed = claim(database, 1, study=study)
        results.save(database, claimed, result_of(claimed, objects=2), destinations=("archive",))
    turn()
    assert len(peer.got) == arrive + (2 if send_kept else 0)
    actions = [row.action for row in audit.rows(database)]
    assert actions == ["destination.close", "destination.open"]


def test_closing_keeps_what_waits(database: Database, peer: FakeDestination, turn: Turn) -> None:
    save(database, claim(database, 1))
    assert destinations.set_open(database, "archive", to=False, actor="ada") == 2
    turn()
    assert peer.got == [] and states(database) == ["kept", "kept"]
    with pytest.raises(Final, match="DESTINATION_UNKNOWN"):
        destinations.set_open(database, "nowhere", to=True, actor="ada")


def test_a_start_opens_what_the_settings_open_and_leaves_what_a_person_closed(database: Database) -> None:
    def opened() -> dict[str, bool]:
        return {row.name: row.open for row in destinations.every(database) if row.name in ("new", "shut")}

    wanted = {"new": Wanted(open=True), "shut": Wanted()}
    destinations.seed(database, wanted)
    assert opened() == {"new": True, "shut": False}
    destinations.set_open(database, "new", to=False, actor="ada")
    destinations.seed(database, {"new": Wanted(open=True), "shut": Wanted(open=True)})
    assert opened() == {"new": False, "shut": True}


def test_what_waits_for_a_destination_that_left_the_settings_is_never_given_up_by_itself(
    database: Database, peer: FakeDestination, turn: Turn
) -> None:
    save(database, claim(database, 1), destinations=("archive", "gone"))
    assert destinations.seed(database, {"archive": Wanted()}) == ["gone"]
    assert states(database, "gone") == ["stranded"] * 2 and states(database) == ["waiting"] * 2
    turn()
    assert shown(database) is StudyState.UNDELIVERED
    assert destinations.seed(database, {"archive": Wanted(), "gone": Wanted()}) == []
    assert states(database, "gone") == ["waiting"] * 2


def test_a_person_sends_it_elsewhere_or_gives_it_up(database: Database) -> None:
    save(database, claim(database, 1), destinations=("old",))
    save(database, claim(database, 1, study="1.2.9"), destinations=("older",))
    destinations.seed(database, {"archive": Wanted()})
    assert destinations.redirect(database, "old", "archive", actor="ada") == 2
    assert states(database, "old") == ["cancelled"] * 2 and states(database) == ["waiting"] * 2
    assert shown(database) is StudyState.DELIVERING
    assert destinations.drop(database, "older", actor="ada") == 2
    assert shown(database, 2) is StudyState.DONE
    actions = [row.action for row in audit.rows(database)]
    assert actions[-2:] == ["destination.redirect", "destination.drop"]


def test_what_was_delivered_is_proved_and_what_is_missing_is_sent_again(
    database: Database, peer: FakeDestination, turn: Turn
) -> None:
    save(database, claim(database, 1))
    turn()
    first, second = peer.got
    peer.proofs[second] = ProofAnswer(Proof.WANTED, missing=True, comment="It is not there.")
    turn()
    assert [(row.state.value, row.proof.value) for row in rows(database)] == [
        ("delivered", "committed"),
        ("waiting", "none"),
    ]
    assert rows(database)[1].last_code == DeliveryCode.NOT_KEPT and shown(database) is StudyState.DELIVERING
    peer.proofs.clear()
    make_due(database)
    turn()
    turn()
    assert peer.got == [first, second, second]
    assert [row.proof.value for row in rows(database)] == ["committed"] * 2


def test_a_commitment_that_comes_later_is_written_by_its_transaction(
    database: Database, peer: FakeDestination, turn: Turn
) -> None:
    save(database, claim(database, 1))
    turn()
    for uid in peer.got:
        peer.proofs[uid] = ProofAnswer(Proof.ASKED)
    turn()
    first, second = rows(database)
    assert first.proof is second.proof is Proof.ASKED and first.transaction_uid == second.transaction_uid != ""
    kept, failed = peer.got[:1], {peer.got[1]: 0x0112}
    assert proofs.committed(database, "1.2.3", kept=kept, failed=failed, again_at=utc_now()) == 0
    assert proofs.committed(database, "", kept=kept, failed=failed, again_at=utc_now()) == 0
    assert proofs.committed(database, first.transaction_uid, kept=kept, failed=failed, again_at=utc_now()) == 2
    first, second = rows(database)
    assert (first.proof, second.state) == (Proof.COMMITTED, DeliveryState.WAITING)
    assert first.proof_at is not None and "0x0112" in second.last_comment


def test_another_address_is_another_destination(database: Database) -> None:
    destinations.seed(database, {"archive": Wanted(address_hash="a")})
    refusals.remember(database, "archive", "1.2.840.1", until=utc_now() + LATER)
    destinations.seed(database, {"archive": Wanted(address_hash="a")})
    assert refusals.of(database, "archive") == {"1.2.840.1"}
    assert refusals.of(database, "archive", now=utc_now() + 2 * LATER) == frozenset()
    destinations.seed(database, {"archive": Wanted(address_hash="b")})
    assert refusals.of(database, "archive") == frozenset()


CLASS_REFUSED = Outcome(Verdict.REFUSED, None, DeliveryCode.SOP_CLASS_REFUSED, "It does not accept the class.")
SR_3D, SR_2D, SR_ENHANCED, SEG = (f"1.2.840.10008.5.1.4.1.1.{one}" for one in ("88.34", "88.33", "88.22", "66.4"))


@pytest.fixture
def reports(database: Database, tmp_path: Path, analysed_phantom: Analysed) -> ObjectStore:
    """The objects of the analysed phantom on their way to the archive."""
    objects, claimed = ObjectStore(tmp_path / "objects"), claim(database, 1)
    made = [one for one in analysed_phantom.outputs.objects if one.sop_class_uid in (SR_3D, SEG)]
    new = stored_objects(objects, made)
    results.save(database, claimed, replace(result_of(claimed), objects=new), destinations=("archive",))
    return objects


def by_class(database: Database) -> dict[str, set[str]]:
    """SOP class -> states of its deliveries, with their codes."""
    found: dict[str, set[str]] = {}
    with database.read() as session:
        for row, made in session.execute(select(Delivery, ResultObject).join(ResultObject)):
            found.setdefault(made.sop_class_uid, set()).add(f"{row.state.value} {row.last_code}")
    return found


def test_a_report_of_a_class_that_is_refused_goes_in_the_next_one_and_nothing_is_offered_twice(
    database: Database, peer: FakeDestination, reports: ObjectStore
) -> None:
    turn = Turn(peer, SETTINGS, database, reports)
    peer.answers |= dict.fromkeys((SR_3D, SR_2D, SEG), CLASS_REFUSED)
    for _ in range(4):
        turn()
    assert by_class(database) == {
        SEG: {"refused SOP_CLASS_REFUSED"},
        SR_3D: {"cancelled OTHER_CLASS"},
        SR_2D: {"cancelled OTHER_CLASS"},
        SR_ENHANCED: {"delivered STORED"},
    }
    assert refusals.of(database, "archive") == {SR_3D, SR_2D, SEG}
    with database.read() as session:
        twins = list(session.scalars(select(ResultObject).where(ResultObject.sop_class_uid == SR_ENHANCED)))
        firsts = {row.id: row for row in session.scalars(select(ResultObject))}
    for twin in twins:
        first, sent = twin, pydicom.dcmread(reports.path(twin.path_key))
        while first.stands_for_id is not None:
            first = firsts[first.stands_for_id]
        original = pydicom.dcmread(reports.path(first.path_key))
        assert first.sop_class_uid == SR_3D and sent.ContentSequence == original.ContentSequence
        assert len({twin.sop_instance_uid, first.sop_instance_uid, sent.SOPInstanceUID}) == 2
    before = list(peer.got)
    resending.resend(database, 1, destinations=["archive"], object_id=twins[0].id, actor="ada")
    turn()
    assert peer.got == before, "what stands for another goes nowhere by itself"


def test_what_a_person_sends_again_is_offered_again(
    database: Database, peer: FakeDestination, reports: ObjectStore
) -> None:
    turn = Turn(peer, SETTINGS, database, reports)
    peer.answers |= dict.fromkeys((SR_3D, SEG), CLASS_REFUSED)
    for _ in range(3):
        turn()
    assert by_class(database)[SR_2D] == {"delivered STORED"}
    peer.answers.clear()
    resending.resend(database, 1, destinations=["archive"], actor="ada")
    assert refusals.of(database, "archive") == frozenset()
    turn()
    assert by_class(database)[SR_3D] == by_class(database)[SEG] == {"delivered STORED"}
    refusals.remember(database, "archive", SEG, until=utc_now() + LATER)
    assert refusals.forget(database, "archive", actor="ada") == 1
