"""When a study is complete, and what is said of it."""

from datetime import UTC, datetime, timedelta

from config.settings import CompletionSettings
from dicom_node.analyse.completion import Decision, decide

LAST = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def judge(after_s: float, *, quiet_s: float = 60.0, image_count: int = 50) -> Decision:
    return decide(
        LAST + timedelta(seconds=after_s),
        last_received_at=LAST,
        image_count=image_count,
        settings=CompletionSettings(quiet_s=quiet_s),
    )


def test_a_study_is_complete_exactly_when_the_quiet_period_is_over() -> None:
    assert not judge(59.9).complete
    assert judge(60.0).complete
    assert judge(60.0).reason == "Complete with 50 images: no new one came for 60 s."


def test_waiting_says_for_what_and_until_when() -> None:
    decision = judge(20.0, image_count=1)
    assert decision.reason == "Waiting: 1 image so far, the last one 20 s ago; complete after 60 s of quiet."


def test_no_quiet_period_means_at_once() -> None:
    assert judge(0.0, quiet_s=0).complete


def test_a_clock_that_was_set_back_makes_it_wait_not_finish() -> None:
    assert not judge(-3600.0).complete
    assert not judge(-3600.0, quiet_s=10.0).complete


def test_a_study_without_images_is_never_complete() -> None:
    assert not judge(1e6, image_count=0).complete
