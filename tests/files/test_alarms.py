"""Alarms: what is wrong is told once by each way, again when it is over, and again where nobody took it."""

import json
import threading
from collections.abc import Iterator
from email.message import Message
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from pydantic import ValidationError

from config.settings import Settings
from config.settings_keeping import AlarmSettings
from panel.alarms import Watch
from panel.telling import ways
from storage import alarms, heartbeats
from storage.alarms import Telling
from storage.session import Database
from storage.tables import DestinationRecord
from tests.factories.panel import Place, make_place
from tests.factories.storage import at, receive
from tests.programs import free_port

AFTER_S = 120.0
TELLING = Telling("waiting", "mail", "A study has waited for more than 60 s since its last image.", at(0), False)


class Way:
    """A way that takes what it is told, or does not."""

    def __init__(self) -> None:
        self.down = False
        self.got: list[tuple[str, bool]] = []

    def __call__(self, telling: Telling) -> None:
        if self.down:
            raise OSError("nobody is there")
        self.got.append((telling.name, telling.over))


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A node all of whose processes live at the start of the story."""
    made = make_place(tmp_path)
    alive(made.database, 0)
    yield made
    made.database.dispose()


def alive(database: Database, seconds: float, **detail: int) -> None:
    heartbeats.beat(database, "receiver", at=at(seconds))
    heartbeats.beat(database, "coordinator", detail={"workers": 1, "workers_alive": 1} | detail, at=at(seconds))


def watch(place: Place, *told_by: Way, **limits: Any) -> Watch:
    limited = AlarmSettings(**{"free_mb": 0.0, "after_s": AFTER_S, "waiting_s": 0.0} | limits)
    settings = place.settings.model_copy(update={"alarms": limited})
    return Watch(settings, place.database, told_by={f"way-{number}": one for number, one in enumerate(told_by)})


def look(watching: Watch, *seconds: float) -> None:
    for moment in seconds:
        watching.look(now=at(moment))


def test_nothing_is_told_of_a_node_that_is_well(place: Place) -> None:
    way = Way()
    look(watch(place, way, waiting_s=60.0, free_mb=0.001), 1, 10)
    assert way.got == [] and alarms.every(place.database) == []


def test_a_silent_process_is_told_once_after_a_while_and_once_when_it_lives_again(place: Place) -> None:
    way = Way()
    watching = watch(place, way)
    look(watching, 61, 100, 180)
    assert way.got == []
    look(watching, 182, 200, 300)
    assert sorted(way.got) == [("coordinator", False), ("receiver", False)]
    alive(place.database, 310)
    look(watching, 311, 320)
    assert sorted(way.got[2:]) == [("coordinator", True), ("receiver", True)]
    assert alarms.every(place.database) == []


def test_what_is_over_before_it_was_told_is_never_told(place: Place) -> None:
    way = Way()
    watching = watch(place, way)
    look(watching, 61)
    alive(place.database, 62)
    look(watching, 63)
    assert way.got == [] and alarms.every(place.database) == []


def test_a_dead_worker_and_a_lost_destination_have_alarms(place: Place) -> None:
    way = Way()
    watching = watch(place, way, after_s=0.0)
    alive(place.database, 1, workers_alive=0)
    with place.database.write() as session:
        session.merge(DestinationRecord(name="PACS", open=True, changed_at=at(0), failures=3, trouble="Gone."))
    look(watching, 2)
    assert sorted(way.got) == [("destination PACS", False), ("workers", False)]


def test_limits_of_waiting_and_of_space_are_told_at_once(place: Place) -> None:
    way = Way()
    receive(place.database, 1, seconds=0)
    look(watch(place, way, waiting_s=50.0, free_mb=1e12), 49)
    assert way.got == [("free space", False)]
    look(watch(place, way, waiting_s=50.0, free_mb=1e12), 51)
    assert way.got[1:] == [("waiting", False)]


def test_a_way_that_fails_is_tried_again_after_growing_pauses_and_the_other_is_told_once(place: Place) -> None:
    bad, good = Way(), Way()
    bad.down = True
    watching = watch(place, bad, good, free_mb=1e12)
    look(watching, 0, 10, 29)
    assert good.got == [("free space", False)]
    (row,) = alarms.every(place.database)
    assert row.attempts == 1
    look(watching, 31, 60)
    assert alarms.every(place.database)[0].next_attempt_at == at(91)
    bad.down = False
    alive(place.database, 92)
    look(watching, 92, 93)
    assert (bad.got, good.got) == ([("free space", False)], [("free space", False)])


def test_a_new_process_tells_nothing_twice(place: Place) -> None:
    way = Way()
    look(watch(place, way, free_mb=1e12), 0)
    look(watch(place, way, free_mb=1e12), 1)
    assert way.got == [("free space", False)]


class Mails:
    """What a mail server keeps."""

    def __init__(self) -> None:
        self.got: list[Message] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.got.append(envelope)
        return "250 OK"


def test_a_mail_goes_by_a_real_server() -> None:
    kept = Mails()
    server = Controller(kept, hostname="127.0.0.1", port=free_port())
    server.start()
    try:
        limits = AlarmSettings(
            smtp_host="127.0.0.1",
            smtp_port=server.port,
            smtp_security="none",
            mail_from="node@example.org",
            mail_to=("it@example.org", "radiology@example.org"),
        )
        ways(Settings(alarms=limits))["mail"](TELLING)
    finally:
        server.stop()
    (envelope,) = kept.got
    assert envelope.rcpt_tos == ["it@example.org", "radiology@example.org"]  # type: ignore[attr-defined]
    text = envelope.content.decode()  # type: ignore[attr-defined]
    assert "Subject: axspa-node AXSPA: alarm: waiting" in text and TELLING.sentence in text


def test_a_web_hook_gets_json_and_what_it_refuses_is_no_success() -> None:
    got: list[dict[str, Any]] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200 if self.path == "/HUSH" else 500)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    place = f"http://127.0.0.1:{server.server_port}"
    try:
        ways(Settings(alarms=AlarmSettings(webhook=f"{place}/HUSH")))["webhook"](TELLING)  # type: ignore[arg-type]
        with pytest.raises(OSError, match="HTTP status 500"):
            ways(Settings(alarms=AlarmSettings(webhook=f"{place}/other")))["webhook"](TELLING)  # type: ignore[arg-type]
    finally:
        server.shutdown()
        server.server_close()
    assert got[0] == {
        "node": "AXSPA",
        "alarm": "waiting",
        "state": "raised",
        "sentence": TELLING.sentence,
        "since": at(0).isoformat(),
    }
    with pytest.raises(OSError, match="does not answer") as caught:
        ways(Settings(alarms=AlarmSettings(webhook=f"{place}/HUSH")))["webhook"](TELLING)  # type: ignore[arg-type]
    assert "HUSH" not in str(caught.value)


def test_settings_of_alarms_that_cannot_work_are_refused_without_their_secret() -> None:
    assert ways(Settings()) == {}
    for wrong in ({"smtp_host": "mail"}, {"webhook": "HUSH"}, {"smtp_user": "a", "smtp_security": "none"}):
        with pytest.raises(ValidationError) as caught:
            AlarmSettings.model_validate(wrong)
        assert "HUSH" not in str(caught.value.errors()[0]["msg"])
