"""The page on which a node is let loose: who may be sent to, what would have been sent, who may decide."""

import html
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from httpx import Response

from config.settings import DeliverySettings
from dicom_node.cli import main
from dicom_node.deliver.outbox import Turn
from dicom_node.testing import FakeDestination
from storage import audit, destinations, refusals, results
from storage.destinations import Wanted
from storage.states import utc_now
from tests.factories.delivering import AnyFile
from tests.factories.panel import ADMIN, READER, Place, make_place
from tests.factories.panel_pages import csrf, log_in, make_client
from tests.factories.storage import claim, result_of, save

SEG = "1.2.840.10008.5.1.4.1.1.66.4"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Nothing is open but the workstation; one result would have gone to both, and one waits for nobody."""
    made = make_place(tmp_path)
    save(made.database, claim(made.database, 1, study="1.2.3"), destinations=("gone",))
    destinations.seed(made.database, {one.name: Wanted() for one in made.settings.destinations})
    destinations.set_open(made.database, "PACS", to=False, actor="test")
    claimed = claim(made.database, 1, study="1.2.4")
    results.save(made.database, claimed, result_of(claimed), destinations=("PACS", "workstation"))
    return made


@pytest.fixture
def client(place: Place) -> TestClient:
    return make_client(place)


def change(client: TestClient, **form: str) -> Response:
    return client.post("/destinations/change", data={"csrf_token": csrf(client), **form})


def page(client: TestClient) -> str:
    return html.unescape(client.get("/destinations").text)


def test_the_page_says_what_would_have_been_sent_and_what_waits_for_nobody(client: TestClient, place: Place) -> None:
    refusals.remember(place.database, "workstation", SEG, until=utc_now().replace(year=2100))
    log_in(client)
    shown = page(client)
    assert "PACS: 2 would have been sent" in shown and "workstation: 2 on their way" in shown
    assert "gone is no longer in the settings" in shown and "2 objects of results wait for it" in shown
    assert "It does not accept Segmentation" in shown
    assert "silent" in shown and "also the 2 kept" in shown
    assert "a destination that is no longer in the settings" in html.unescape(client.get("/status").text)


@pytest.mark.parametrize(("kept", "left"), [("", {"PACS": 2}), ("send", {})])
def test_an_administrator_opens_it_and_says_what_becomes_of_what_was_kept(
    client: TestClient, place: Place, kept: str, left: dict[str, int]
) -> None:
    log_in(client)
    answer = change(client, what="open", destination="PACS", kept=kept)
    assert answer.status_code == 303 and answer.headers["location"] == "/destinations?note=destination-open"
    row = destinations.find(place.database, "PACS")
    assert row is not None and (row.open, row.decided_by) == (True, ADMIN)
    assert destinations.kept_count(place.database) == left
    last = list(audit.rows(place.database))[-1]
    assert (last.actor, last.action, last.subject) == (ADMIN, "destination.open", "destination PACS")
    change(client, what="close", destination="PACS")
    row = destinations.find(place.database, "PACS")
    assert row is not None and not row.open


def test_a_reader_sees_it_and_may_not_decide(client: TestClient, place: Place) -> None:
    log_in(client, name=READER)
    shown = page(client)
    assert "PACS: 2 would have been sent" in shown and ">Open<" not in shown
    assert change(client, what="open", destination="PACS").status_code == 403
    row = destinations.find(place.database, "PACS")
    assert row is not None and not row.open


def test_what_waits_for_nobody_is_sent_elsewhere_or_given_up(client: TestClient, place: Place) -> None:
    log_in(client)
    change(client, what="redirect", destination="gone", to="workstation")
    assert destinations.stranded_names(place.database) == []
    assert "gone is no longer in the settings" not in page(client)
    wrong = change(client, what="open", destination="nowhere")
    assert wrong.headers["location"] == "/destinations?note=DESTINATION_UNKNOWN"
    assert change(client, what="explode", destination="PACS").status_code == 400


def test_the_same_by_command(place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "axspa.toml"
    lines = [f'data_dir = "{tmp_path}"', '[[destinations]]\nname = "PACS"\nae_title = "A"\nhost = "h"\nport = 104']
    config.write_text("\n".join(lines))

    def said(*words: str) -> str:
        assert main([*words, "--config", str(config)]) == 0
        return capsys.readouterr().out

    assert said("destinations").splitlines() == [
        "PACS (A at h:104): silent, nothing is sent to it; 2 objects are kept",
        "gone: no longer in the settings, and objects wait for it; the panel's page Destinations has ways out",
    ]
    reviewed = said("review", "--last", "1")
    assert "Study 2 at " in reviewed and "  PACS: 2 would have been sent" in reviewed and "Быков" not in reviewed
    assert said("destinations", "open", "PACS", "--kept").startswith("PACS is open; 2 objects that were kept")
    assert "PACS (A at h:104): open" in said("destinations", "list")
    assert said("destinations", "close", "PACS").startswith("PACS is closed; 2 objects")
    assert main(["destinations", "open", "nowhere", "--config", str(config)]) == 1
    assert "DESTINATION_UNKNOWN" in capsys.readouterr().err


def test_an_administrator_takes_a_delivered_result_back_on_its_page(client: TestClient, place: Place) -> None:
    Turn(FakeDestination("workstation"), DeliverySettings(), place.database, AnyFile(place.settings.data_dir))()
    log_in(client)
    shown = html.unescape(client.get("/studies/2").text)
    assert "Take this result back" in shown and "Take this result back" not in client.get("/studies/1").text
    form = {"csrf_token": csrf(client), "result": "2", "reason": "The sides were swapped."}
    assert client.post("/studies/1/retract", data=form).status_code == 404
    assert client.post("/studies/2/retract", data=form).headers["location"] == "/studies/2?result=2&note=retract"
    again = html.unescape(client.get("/studies/2").text)
    assert "ada took this result back: The sides were swapped." in again and "Take it back" not in again
    log_in(client, name=READER)
    assert client.post("/studies/2/retract", data={**form, "csrf_token": csrf(client)}).status_code == 403
