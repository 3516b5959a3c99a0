"""Health, readiness and metrics: what they know, who may read them, and that no patient is in them."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import delete
from starlette.datastructures import Address

from config.settings_keeping import MetricsSettings
from dicom_node.health import look
from panel import health, metrics
from storage import figures, heartbeats
from storage.states import StudyState
from storage.tables import Association, DestinationRecord, Heartbeat
from tests.factories.panel import Place, fill, make_place
from tests.factories.panel_pages import make_client
from tests.factories.storage import at, fresh, receive


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A node after a morning's work; only looked at."""
    made = make_place(tmp_path_factory.mktemp("watched"))
    fill(made, slices=0)
    heartbeats.beat(made.database, "receiver")
    heartbeats.beat(made.database, "coordinator", detail={"running": 0, "workers": 2, "workers_alive": 2})
    yield made
    made.database.dispose()


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Place]:
    """A node of its own, with both processes alive."""
    made = make_place(tmp_path)
    for name in ("receiver", "coordinator"):
        heartbeats.beat(made.database, name)
    yield made
    made.database.dispose()


def checked(place: Place, name: str) -> health.Check:
    return next(one for one in health.check(place.settings, place.database) if one.name == name)


def test_each_receiver_must_live(other: Place) -> None:
    two = other.settings.model_copy(update={"receiver": other.settings.receiver.model_copy(update={"processes": 2})})
    assert not checked(replace(other, settings=two), "receiver-2").well
    heartbeats.beat(other.database, heartbeats.receiver_name(1))
    assert checked(replace(other, settings=two), "receiver-2").well


def test_a_dead_worker_and_a_lost_destination_are_told_and_the_node_is_ready(other: Place) -> None:
    assert checked(other, "workers").well and checked(other, "destinations").well
    client = make_client(other)
    heartbeats.beat(other.database, "coordinator", detail={"workers": 2, "workers_alive": 1})
    with other.database.write() as session:
        session.merge(
            DestinationRecord(name="PACS", open=True, changed_at=at(0), failures=3, trouble="Nobody is there.")
        )
    assert checked(other, "workers").sentence == "1 of 2 workers live."
    assert "PACS was not reached 3 times in a row: Nobody is there." in checked(other, "destinations").sentence
    assert (client.get("/health").status_code, client.get("/ready").status_code) == (503, 200)
    ready, lines = look(other.settings, other.database)
    assert ready and "warn  workers: 1 of 2 workers live." in lines


def test_without_a_coordinator_the_node_is_not_ready(other: Place) -> None:
    assert make_client(other).get("/ready").status_code == 200
    with other.database.write() as session:
        session.execute(delete(Heartbeat).where(Heartbeat.name == "coordinator"))
    assert make_client(other).get("/ready").status_code == 503
    assert not look(other.settings, other.database)[0]


def test_the_oldest_waiting_is_that_of_its_last_image(tmp_path: Path) -> None:
    database = fresh(tmp_path)
    assert figures.oldest_waiting_s(database, now=at(100)) == 0
    receive(database, 1, seconds=10)
    assert figures.oldest_waiting_s(database, now=at(100)) == 90
    database.dispose()


def test_metrics_are_those_of_the_database_and_name_no_patient(place: Place) -> None:
    text = metrics.page(place.settings, place.database).decode()
    found = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    read = figures.read(place.database)
    for state in StudyState:
        assert found["axspa_studies", state.value] == read.states.get(state, 0)
    assert found["axspa_received_bytes_total",] == read.received["received_bytes"] > 0
    assert found["axspa_workers", "alive"] == 2
    assert any(name == "axspa_step_seconds" for name, *_ in found)
    assert {key[1] for key in found if key[0] == "axspa_deliveries"} == {"PACS", "workstation"}
    assert found["axspa_oldest_waiting_seconds",] > 0 and found["axspa_disk_bytes", "free"] > 0
    assert not re.search(r"Patient|\^|1\.2\.8", text)


def test_counters_do_not_fall_when_their_rows_go(tmp_path: Path) -> None:
    place = make_place(tmp_path)
    fill(place, slices=0)
    before = figures.read(place.database)
    with place.database.write() as session:
        rows = session.query(Association).all()
        figures.add_to_tally(session, rows)
        for row in rows:
            session.delete(row)
    after = figures.read(place.database)
    assert rows and (after.received, after.associations) == (before.received, before.associations)
    place.database.dispose()


@pytest.mark.parametrize(
    ("readers", "token", "host", "said", "may"),
    [
        (None, "", "127.0.0.1", "", True),
        (None, "", "::ffff:127.0.0.1", "", True),
        (None, "", "10.0.0.7", "", False),
        (["10.0.0.0/24"], "", "10.0.0.7", "", True),
        ([], "", "127.0.0.1", "", False),
        (None, "hush", "127.0.0.1", "Bearer hush", True),
        (None, "hush", "127.0.0.1", "Bearer other", False),
        (None, "hush", "127.0.0.1", "", False),
        (None, "", "no address", "", False),
    ],
)
def test_the_settings_say_who_reads_the_metrics(
    readers: list[str] | None, token: str, host: str, said: str, may: bool
) -> None:
    given = {"token": token} | ({} if readers is None else {"readers": readers})
    assert metrics.may_read(MetricsSettings.model_validate(given), Address(host, 1), said) is may


def test_a_stranger_gets_no_metrics(place: Place) -> None:
    assert make_client(place).get("/metrics").status_code == 403
