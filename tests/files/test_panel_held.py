"""The panel's ways out of held: who sees them, who may use them, what they say; and resend, offered where it works."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from dicom_node import cli
from storage import heartbeats, studies
from storage.states import DeliveryState, ResultStatus, StudyState
from storage.studies import IncomingImage
from storage.tables import Audit, Instance, Study
from tests.factories.panel import (
    ADMIN,
    EXPLICIT,
    MR,
    PASSWORD,
    READER,
    Place,
    complete,
    deliver,
    make_place,
    receive,
    save_result,
)
from tests.factories.panel_pages import csrf, log_in, make_client

NOW = datetime.now(UTC)
MIXED = ({"code": "IDENTITY_MIXED", "sentence": "The images name two patients.", "object": ""},)
SWAPPED = ({"code": "SIDES_SWAPPED", "sentence": "Left is right.", "object": "SEG"},)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = make_place(tmp_path)
    yield made
    made.database.dispose()


def client_of(place: Place, who: str) -> tuple[TestClient, str]:
    client = make_client(place)
    log_in(client, name=who, password=PASSWORD)
    return client, csrf(client)


def study_of(place: Place, study_id: int) -> Study:
    with place.database.read() as session:
        return session.get_one(Study, study_id)


def hold(place: Place, *, findings: tuple[dict[str, str], ...] = MIXED, second: bool = True) -> int:
    """A held study of six images of one patient and, where ``second``, one of another."""
    study_id, count = receive(place, 3, name="Hong^Gildong", at=NOW - timedelta(minutes=9)), 6
    if second:
        count += 1
        strange = IncomingImage(
            "1.2.3.3", "1.2.3.3.1", "1.2.3.3.1.99", MR, EXPLICIT, "e" * 64, 10, "images/x",
            patient_id="P99999", patient_name="Other^Person", calling_ae="PACS_MR",
        )  # fmt: skip
        studies.record_instance(place.database, strange, at=NOW - timedelta(minutes=8))
    claimed = complete(place, study_id, images=count, at=NOW - timedelta(minutes=7))
    save_result(place, claimed, at=NOW - timedelta(minutes=6), status=ResultStatus.HELD, findings=findings, slices=3)
    assert study_of(place, study_id).state is StudyState.HELD
    return study_id


def decide(client: TestClient, token: str, study_id: int, **form: str) -> str:
    answer = client.post(f"/studies/{study_id}/held", data={"csrf_token": token, **form})
    return answer.headers.get("location", str(answer.status_code)).rpartition("note=")[2]


def test_an_administrator_is_offered_each_way_that_works(place: Place) -> None:
    study_id = hold(place)
    page = client_of(place, ADMIN)[0].get(f"/studies/{study_id}").text
    for what in ("release", "discard", "keep"):
        assert f'name="what" value="{what}"' in page
    assert 'name="what" value="again"' not in page, "its images still name two patients"
    assert "Other, Person" in page and "P99999" in page
    assert page.count("Keep only these") == 2


def test_what_cannot_be_overruled_is_not_offered_for_release_and_reading_again_is(place: Place) -> None:
    study_id = hold(place, findings=SWAPPED, second=False)
    page = client_of(place, ADMIN)[0].get(f"/studies/{study_id}").text
    assert 'value="release"' not in page and 'value="keep"' not in page
    assert 'name="what" value="again"' in page and 'name="what" value="discard"' in page


def test_a_reader_may_only_have_it_read_again(place: Place) -> None:
    study_id = hold(place, findings=SWAPPED, second=False)
    client, token = client_of(place, READER)
    page = client.get(f"/studies/{study_id}").text
    assert 'value="discard"' not in page and 'name="what" value="again"' in page
    for what in ("release", "discard", "keep"):
        assert decide(client, token, study_id, what=what, reason="Why.") == "403"
    assert study_of(place, study_id).state is StudyState.HELD
    assert decide(client, token, study_id, what="again", reason="Mended.") == "again"
    assert study_of(place, study_id).state is StudyState.QUEUED


def test_a_released_study_is_sent_and_its_page_says_who_and_why(place: Place) -> None:
    study_id = hold(place)
    client, token = client_of(place, ADMIN)
    assert decide(client, token, study_id, what="release", reason="She <b>married</b>.") == "release"
    page = client.get(f"/studies/{study_id}").text
    assert study_of(place, study_id).state is StudyState.DELIVERING
    assert "Released by a person." in page and "Held back." not in page
    assert "ada released what was held back: She &lt;b&gt;married&lt;/b&gt;." in page
    with place.database.read() as session:
        assert "study.release" in session.scalars(select(Audit.action)).all()


def test_a_discarded_study_says_so_and_offers_no_resend(place: Place) -> None:
    study_id = hold(place)
    client, token = client_of(place, ADMIN)
    assert decide(client, token, study_id, what="discard", reason="A phantom.") == "discard"
    page = client.get(f"/studies/{study_id}").text
    assert "ada discarded it: A phantom." in page and "discarded</span>" in page
    assert "Resend" not in page and "Reprocess" in page
    assert "Nothing of it leaves this node." in page and "before a person has decided" not in page


def test_the_images_of_one_patient_are_kept_and_the_page_lists_the_others(place: Place) -> None:
    study_id = hold(place)
    client, token = client_of(place, ADMIN)
    page = client.get(f"/studies/{study_id}").text
    assert "Nothing of it leaves this node before a person has decided." in page
    key = page.partition('name="patient" value="')[2].partition('"')[0]
    assert decide(client, token, study_id, what="keep", patient=key, reason="His.") == "keep"
    with place.database.read() as session:
        aside = session.scalars(select(Instance.sop_instance_uid).where(Instance.set_aside)).all()
    assert aside == ["1.2.3.3.1.99"]
    assert "1 image set aside" in client.get(f"/studies/{study_id}").text


def test_a_form_needs_its_token_a_reason_and_something_to_do(place: Place) -> None:
    study_id = hold(place)
    client, token = client_of(place, ADMIN)
    assert decide(client, "wrong", study_id, what="discard", reason="Why.") == "403"
    assert decide(client, token, study_id, what="delete", reason="Why.") == "400"
    assert decide(client, token, 999, what="discard", reason="Why.") == "404"
    assert decide(client, token, study_id, what="discard", reason="  ") == "REASON_MISSING"
    assert "say why" in client.get(f"/studies/{study_id}?note=REASON_MISSING").text
    assert study_of(place, study_id).state is StudyState.HELD


def test_a_resend_is_offered_only_where_it_works(place: Place) -> None:
    at = NOW - timedelta(minutes=9)
    study_id = receive(place, 1, name="Noether^Emmy", at=at)
    save_result(place, complete(place, study_id, images=6, at=at), at=at, slices=3)
    for name in ("PACS", "workstation"):
        deliver(place, name, at=NOW, state=DeliveryState.DELIVERED, status=0, comment="")
    client, token = client_of(place, ADMIN)
    assert "Resend all to PACS" in client.get(f"/studies/{study_id}").text
    studies.reprocess(place.database, study_id, actor="ada")
    page = client.get(f"/studies/{study_id}").text
    assert "Resend" not in page, "a newer result is on its way"
    form = {"csrf_token": token, "what": "destination", "destination": "PACS"}
    answer = client.post(f"/studies/{study_id}/resend", data=form)
    assert answer.headers["location"].endswith("note=STUDY_BUSY"), "and it would be refused"


def test_what_failed_at_a_destination_that_is_gone_is_not_offered_to_be_resent(place: Place) -> None:
    at = NOW - timedelta(minutes=9)
    study_id = receive(place, 1, name="Noether^Emmy", at=at)
    save_result(place, complete(place, study_id, images=6, at=at), at=at, slices=3)
    deliver(place, "PACS", at=NOW, state=DeliveryState.REFUSED, status=0xA900, comment="no")
    deliver(place, "workstation", at=NOW, state=DeliveryState.DELIVERED, status=0, comment="")
    assert "Resend what failed" in client_of(place, ADMIN)[0].get(f"/studies/{study_id}").text
    left = tuple(one for one in place.settings.destinations if one.name != "PACS")
    gone = Place(place.settings.model_copy(update={"destinations": left}), place.database, place.objects)
    page = client_of(gone, ADMIN)[0].get(f"/studies/{study_id}").text
    assert "Resend what failed" not in page and "Resend all to workstation" in page


def test_every_page_says_what_keeps_the_node_from_working_and_stops_saying_it(place: Place) -> None:
    study_id = hold(place)
    client, _ = client_of(place, READER)
    heartbeats.beat(place.database, "receiver")
    fault = {"code": "DISK_FULL", "sentence": "The disk has no room.", "since": "", "bundle": ""}
    heartbeats.beat(place.database, "coordinator", detail={"faults": [fault]})
    for path in ("/studies", f"/studies/{study_id}", "/received", "/status"):
        assert "No study is begun. The disk has no room." in client.get(path).text
    answer = make_client(place).get("/health")
    assert (answer.status_code, answer.json()["checks"]["work"]) == (503, "failing")
    assert "disk" not in make_client(place).get("/login").text, "only those who are logged in are told"
    heartbeats.beat(place.database, "coordinator", detail={"faults": []})
    assert "No study is begun" not in client.get("/studies").text
    assert make_client(place).get("/health").status_code == 200


def test_the_command_line_shows_and_decides(
    place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    study_id = hold(place)
    monkeypatch.setattr(cli, "load_settings", lambda path: place.settings)
    assert cli.main(["held"]) == 0
    said = capsys.readouterr().out
    assert f"Study {study_id}: " in said and "Ways out: release, discard." in said
    assert "Hong" not in said and "P99999" not in said
    key = said.partition("patient ")[2].partition(":")[0]
    assert cli.main(["held", "discard", str(study_id)]) == 1
    assert "[REASON_MISSING]" in capsys.readouterr().err
    assert cli.main(["held", "keep", str(study_id), "--patient", key, "--reason", "His."]) == 0
    assert "1 images are set aside" in capsys.readouterr().out
    assert study_of(place, study_id).state is StudyState.QUEUED
    assert cli.main(["held"]) == 0
    assert capsys.readouterr().out == "Nothing is held back.\n"


@pytest.mark.parametrize(
    ("action", "state"),
    [("release", StudyState.DELIVERING), ("discard", StudyState.DISCARDED)],
)
def test_the_command_line_releases_and_discards(
    place: Place, monkeypatch: pytest.MonkeyPatch, action: str, state: StudyState
) -> None:
    study_id = hold(place)
    monkeypatch.setattr(cli, "load_settings", lambda path: place.settings)
    assert cli.main(["held", action, str(study_id), "--reason", "Looked."]) == 0
    assert study_of(place, study_id).state is state
