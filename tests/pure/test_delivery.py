"""What an answer of a destination means, and when it is tried again."""

from datetime import UTC, datetime, timedelta

import pytest
from pydicom.uid import ExplicitVRLittleEndian

from config.settings import DeliverySettings
from dicom_node.deliver import cstore as delivery
from dicom_node.deliver import schedule
from dicom_node.deliver.destination import Outcome, Verdict
from storage.codes import DeliveryCode
from storage.deliveries import DueDelivery
from storage.tables import DeliveryState

SC = delivery.OUR_SOP_CLASSES["Secondary Capture"]


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (0x0000, Verdict.DELIVERED),
        (0xB000, Verdict.DELIVERED),
        (0xB007, Verdict.DELIVERED),
        (0x0111, Verdict.DUPLICATE),
        (0xA700, Verdict.RETRY),
        (0xA7FF, Verdict.RETRY),
        (0x0110, Verdict.RETRY),
        (0xA900, Verdict.REFUSED),
        (0xC000, Verdict.REFUSED),
        (0x0122, Verdict.REFUSED),
        (0x0124, Verdict.REFUSED),
    ],
)
def test_each_status_means_what_the_standard_says(status: int, verdict: Verdict) -> None:
    assert delivery.classify(status).verdict is verdict


def test_pauses_grow_and_stay_below_the_longest() -> None:
    settings = DeliverySettings(first_pause_s=10, max_pause_s=100)
    pauses = [schedule.pause_s(attempt, settings, chance=0) for attempt in range(1, 8)]
    assert pauses == [10, 20, 40, 80, 100, 100, 100]
    assert schedule.pause_s(10_000, settings, chance=0) == 100
    assert schedule.pause_s(3, settings, chance=1) == 40 * (1 - schedule.JITTER)
    drawn = {schedule.pause_s(3, settings) for _ in range(20)}
    assert all(32 <= pause <= 40 for pause in drawn) and len(drawn) > 1
    with pytest.raises(ValueError, match="received 0"):
        schedule.pause_s(0, settings)


def due_since(created: datetime, *, offered: bool = False) -> DueDelivery:
    return DueDelivery(1, 1, "archive", 0, created, "key", SC, "1.2", ExplicitVRLittleEndian, "", offered=offered)


CREATED = datetime(2026, 1, 1, tzinfo=UTC)


def test_what_was_tried_for_too_long_is_given_up() -> None:
    settings = DeliverySettings(first_pause_s=60, give_up_after_h=1)
    due = due_since(CREATED)
    failed = Outcome(Verdict.RETRY, None, DeliveryCode.NOT_REACHED, "Nobody there.")
    early = schedule.attempt_of(due, failed, settings=settings, now=CREATED + timedelta(minutes=10), chance=0)
    late = schedule.attempt_of(due, failed, settings=settings, now=CREATED + timedelta(minutes=59, seconds=30))
    assert (early.state, early.next_attempt_at) == (DeliveryState.WAITING, CREATED + timedelta(minutes=11))
    assert late.state is DeliveryState.GIVEN_UP


@pytest.mark.parametrize(
    ("offered", "state", "code"),
    [
        (True, DeliveryState.DELIVERED, DeliveryCode.STORED_BEFORE),
        (False, DeliveryState.REFUSED, DeliveryCode.DUPLICATE_UNKNOWN),
    ],
)
def test_that_an_object_is_there_already_is_believed_where_this_node_sent_it(
    offered: bool, state: DeliveryState, code: DeliveryCode
) -> None:
    due, answer = due_since(CREATED, offered=offered), delivery.classify(0x0111)
    attempt = schedule.attempt_of(due, answer, settings=DeliverySettings(), now=CREATED)
    assert (attempt.state, attempt.code, attempt.status) == (state, code, 0x0111)


def test_the_comment_of_a_destination_fits_any_database_and_any_log() -> None:
    outcome = delivery.classify(0xA700, "no\0 room\r\nat\ud800 all" + "x" * 10_000)
    assert outcome.comment.startswith("no roomat all") and len(outcome.comment) <= 200
    assert outcome.verdict is Verdict.RETRY
