"""What the pages show and do, on a node after a morning's work."""

import csv
import html
import io
import json
import logging
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import delete, select, text

import panel
from panel import searching, summary
from panel.looking import Looks
from storage import heartbeats, runs
from storage.codes import EventCode
from storage.showing import refresh
from storage.states import Reception
from storage.tables import (
    Audit,
    Delivery,
    DeliveryState,
    Deployment,
    Heartbeat,
    Result,
    ResultObject,
    ResultStatus,
    Study,
    StudyState,
)
from tests.factories import summaries
from tests.factories.panel import ADMIN, Place, complete, deliver, fill, make_place, receive, save_result
from tests.factories.panel_pages import csrf, field, log_in, make_client
from tests.factories.storage import deploy


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Place, dict[str, int]]]:
    """A node that the tests only look at."""
    place = make_place(tmp_path_factory.mktemp("node"))
    yield place, fill(place)
    place.database.dispose()


@pytest.fixture
def client(node: tuple[Place, dict[str, int]]) -> TestClient:
    client = make_client(node[0])
    log_in(client)
    return client


@pytest.fixture
def ids(node: tuple[Place, dict[str, int]]) -> dict[str, int]:
    return node[1]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """An empty node that a test may change."""
    place = make_place(tmp_path)
    yield place
    place.database.dispose()


def search(client: TestClient, **wanted: str) -> str:
    answer = client.post("/studies/search", data={"csrf_token": csrf(client), **wanted})
    assert answer.status_code == 303
    return str(answer.headers["location"])


def names(page: str) -> set[str]:
    known = ("Yamada", "Люкceмбypг", "Gildong", "Doe", "Noether", "no name")
    rows = page.partition("<tbody>")[2]
    return {name for name in known if name in rows}


def audit(place: Place) -> list[Audit]:
    with place.database.read() as session:
        return list(session.scalars(select(Audit).order_by(Audit.seq)))


# --- the list


def test_the_list_shows_every_study_with_its_state_in_words(client: TestClient) -> None:
    page = client.get("/studies").text
    assert names(page) == {"Yamada", "Люкceмбypг", "Gildong", "Doe", "Noether", "no name"}
    for words in ("receiving", "sending", "done", "not applicable", "held back", "not delivered"):
        assert f">{words}</span>" in page
    assert "山田 太郎 (Yamada, Tarou)" in page and 'title="やまだ たろう"' in page
    assert "The source images name two patients." in page
    assert "RESEARCH" in page
    assert "2 studies need a person" in page
    assert "Oldest waiting" in page


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"text": "yamada"}, {"Yamada"}),
        ({"text": "山田"}, {"Yamada"}),
        ({"text": "люкceмбypг"}, {"Люкceмбypг"}),
        ({"text": "P00003"}, {"Gildong"}),
        ({"text": "a4"}, {"Doe"}),
        ({"text": "1.2.3.5"}, {"Noether"}),
        ({"text": "jane doe"}, {"Doe"}),
        ({"text": "100%"}, set()),
        ({"text": "_"}, set()),
        ({"state": "held"}, {"Gildong"}),
        ({"state": "attention"}, {"Gildong", "Люкceмбypг"}),
        ({"state": "waiting"}, {"Noether", "no name"}),
        ({"state": "'; drop table study"}, {"Yamada", "Люкceмбypг", "Gildong", "Doe", "Noether", "no name"}),
        ({"result": "not_applicable"}, {"Doe"}),
        ({"since": "2026-02-01"}, set()),
        ({"until": "2026-01-31", "text": "doe"}, {"Doe"}),
    ],
)
def test_search_and_filters(client: TestClient, wanted: dict[str, str], found: set[str]) -> None:
    address = search(client, **wanted)
    assert names(client.get(address).text) == found
    for value in wanted.values():
        assert len(value) < 4 or value not in address, "an address never holds what was searched for"


def test_a_search_stays_in_the_form_and_belongs_to_its_session(client: TestClient, node: tuple[Place, object]) -> None:
    address = search(client, text="Yamada", state="done")
    page = client.get(address).text
    assert 'value="Yamada"' in page and '<option value="done" selected>' in page
    other = make_client(node[0])
    log_in(other)
    assert other.get(address).headers["location"] == "/studies?note=search-over"
    assert "That search is over" in other.get("/studies?note=search-over").text


def test_a_session_keeps_only_the_last_searches() -> None:
    state: dict[str, object] = {}
    for number in range(50):
        key, state = searching.keep(state, searching.Search(text=str(number)))
    assert searching.find(state, key) == searching.Search(text="49")
    assert len(state["searches"]) == 20  # type: ignore[arg-type]


def test_pages(place: Place) -> None:
    now = datetime.now(UTC)
    for number in range(30):
        receive(place, number, name=f"Test^{number:02d}", at=now - timedelta(minutes=number), images=1)
    client = make_client(place)
    log_in(client)
    first, second = client.get("/studies").text, client.get("/studies?page=2").text
    assert "1–25 of 30 entries" in first and "26–30 of 30 entries" in second
    assert "Test, 00" in first and "Test, 00" not in second and "Test, 29" in second
    assert 'href="/studies?page=2"' in first and 'href="/studies?page=1"' in second
    assert "26–30" in client.get("/studies?page=999").text, "past the end is the last page"
    assert client.get("/studies?page=0").status_code == 404
    address = search(client, text="test")
    assert f'href="{address}&amp;page=2"' in client.get(address).text


def test_an_empty_node_says_where_to_send(place: Place) -> None:
    client = make_client(place)
    log_in(client)
    page = client.get("/studies").text
    assert "Point the PACS at <b>AXSPA</b>, port <b>11112</b>" in page


def test_the_rows_alone_are_no_whole_page(client: TestClient) -> None:
    part = client.get("/studies/rows", headers={"X-Panel-Part": "1"})
    assert "<html" not in part.text and "Yamada" in part.text


# --- hostile and odd values


def test_what_came_over_the_network_is_never_markup(place: Place) -> None:
    attack = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    study_id = receive(place, 1, name=f"{attack}^{attack}={attack}={attack}", at=datetime.now(UTC), description=attack)
    result_id = save_result(place, complete(place, study_id, images=6, at=datetime.now(UTC)), at=datetime.now(UTC))
    with place.database.write() as session:
        result = session.get_one(Result, result_id)
        result.headline = attack
        result.summary = json.loads(
            json.dumps(result.summary).replace("T1 TSE semicor", "</td><script>alert(2)</script>")
        )
        session.execute(
            text("UPDATE delivery SET last_comment = :words, attempts = 1"), {"words": "<script>alert(3)</script>"}
        )
    client = make_client(place)
    log_in(client)
    for path in ("/studies", f"/studies/{study_id}", f"/studies/{study_id}/objects", f"/studies/{study_id}/where"):
        page = client.get(path).text
        assert "<script>alert" not in page and "<img src=x" not in page, path
        assert "alert(" in page, path
    page = client.get(search(client, text=attack)).text
    assert "<script>alert" not in page and "<img src=x" not in page


@pytest.mark.parametrize(
    "path",
    [
        "/studies/999",
        "/studies/999/where",
        "/studies/999/objects",
        "/studies/1/results/999/viewer",
        "/studies/999/results/1/viewer",
        "/studies/1?result=999",
        "/pictures/999999",
        "/studies/abc",
        "/studies/0",
        "/studies/-1",
        "/studies/99999999999999999999999",
        "/nothing",
    ],
)
def test_unknown_numbers_are_not_found(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert "Traceback" not in answer.text


def test_a_result_of_another_study_is_not_found(client: TestClient, ids: dict[str, int]) -> None:
    assert client.get(f"/studies/{ids['receiving']}?result=1").status_code == 404


# --- one study


def test_the_page_of_a_study_tells_all(client: TestClient, ids: dict[str, int]) -> None:
    page = client.get(f"/studies/{ids['done']}").text
    for words in (
        "RESEARCH",
        "山田 太郎 (Yamada, Tarou)",
        "P00001",
        "1985-04-12",
        "female",
        "Delivered: 4 of 4 objects at PACS, 4 of 4 objects at workstation.",
        "Early",
        "0.62",
        "The classifier learned from simulated lesions",
        "2.3 ml",
        "0.1 ml",
        "rule for active sacroiliitis is met (left)",
        "one slice fewer",
        "T1 TSE semicor",
        "602 ms: short, as for T1",
        "A localizer: three planes, three slices.",
        "0x0000",
        "stored",
        "The first image came from PACS_MR.",
        "the study is taken as complete with 6 images",
        "4 objects arrived at PACS",
        "sij-1 1.0.0",
    ):
        assert words in page, words


def test_a_failed_delivery_says_what_came_back(client: TestClient, ids: dict[str, int]) -> None:
    page = client.get(f"/studies/{ids['undelivered']}").text
    assert "0xA900" in page and "does not match its SOP class" in page and "no such SOP class here" in page
    assert "0xB000" in page and "with coercion" in page
    assert "Resend what failed" in page


def test_a_waiting_delivery_says_when_it_is_tried_again(client: TestClient, ids: dict[str, int]) -> None:
    page = client.get(f"/studies/{ids['sending']}").text
    assert "will be tried again" in page and "The connection was refused." in page
    assert "Being sent: 4 of 4 objects at PACS, 0 of 4 objects at workstation." in page


def test_a_held_result_is_shown_with_its_fault_and_cannot_be_sent(client: TestClient, ids: dict[str, int]) -> None:
    page = client.get(f"/studies/{ids['held']}").text
    assert "Held back" in page and "The source images name two patients." in page and "IDENTITY_MIXED" in page
    assert "held back, not sent anywhere" in page
    assert "Resend" not in page and "Reprocess" in page


def test_a_study_that_does_not_apply_says_why(client: TestClient, ids: dict[str, int]) -> None:
    page = client.get(f"/studies/{ids['not_applicable']}").text
    assert "No series is semicoronal through the sacroiliac joints." in page
    assert "No pictures were made" in page
    assert "Measurements" not in page and "as a network sees it" not in page


def test_a_study_that_is_arriving_has_a_page(client: TestClient, ids: dict[str, int]) -> None:
    page = client.get(f"/studies/{ids['receiving']}").text
    assert "no name" in page and "Images are arriving." in page
    assert "Reprocess</button>" not in page
    assert "An image from STRANGER was refused." in page


def test_a_summary_of_an_older_version_leaves_parts_out(place: Place) -> None:
    study_id = receive(place, 1, name="A^B", at=datetime.now(UTC))
    result_id = save_result(place, complete(place, study_id, images=6, at=datetime.now(UTC)), at=datetime.now(UTC))
    with place.database.write() as session:
        session.get_one(Result, result_id).summary = {}
    client = make_client(place)
    log_in(client)
    assert client.get(f"/studies/{study_id}").status_code == 200
    assert client.get("/studies").status_code == 200
    assert client.get(f"/studies/{study_id}/results/{result_id}/viewer").json()["panes"] == {}


def one_study(place: Place, make_summary: summaries.MakeSummary) -> tuple[TestClient, int, int]:
    """Someone logged in, and a study with one result."""
    now = datetime.now(UTC)
    study_id = receive(place, 1, name="A^B", at=now)
    claimed = complete(place, study_id, images=6, at=now)
    result_id = save_result(place, claimed, at=now, make_summary=make_summary)
    client = make_client(place)
    log_in(client)
    return client, study_id, result_id


def test_rows_written_before_results_had_a_language_still_show(place: Place) -> None:
    client, study_id, result_id = one_study(place, summaries.schema_1)
    page = client.get(f"/studies/{study_id}").text
    for words in (
        '<span class="graded grade-3">met</span>', "0.62", "pattern suggestive of axial spondyloarthritis", "2.31 ml",
        "0.14 ml", "181.0 ml", '<span class="right state warn">Early</span>',
        "the rule is met", "simulated lesions", "one slice fewer", "Bone marrow edema", 'data-in="fluid"',
    ):  # fmt: skip
        assert words in page, words
    assert page.count('data-in="fluid"') == 3, "a link for each slice with counted lesions"
    rows = client.get("/studies").text
    assert '<span class="graded grade-3">met</span>' in rows
    assert "AI class pattern suggestive of axial spondyloarthritis 0.81, Stage Early 0.62" in rows
    viewer = client.get(f"/studies/{study_id}/results/{result_id}/viewer").json()
    assert viewer["reference"] == "t1" and [row["index"] for row in viewer["strip"]] == [2, 3, 4, 5, 6]
    assert viewer["marks"] == [False, False, True, True, True, True, True, False, False]
    assert viewer["panes"]["fluid"]["title"] == "Fluid-sensitive"
    assert viewer["panes"]["t1"]["matches"] == {"fluid": [0, 1, 2, 3, 4, 5, 6, 7, None]}


def test_both_schemas_say_the_same_of_one_result(place: Place, tmp_path: Path) -> None:
    views = [
        summary.read(Result(summary=make("Early", 9, set(), "Headline."), headline="", findings=(), timings_s={}))
        for make in (summaries.schema_1, summaries.sacroiliac)
    ]
    old, new = ({one.key: one for one in (view.lead, *view.beside, *view.questions) if one} for view in views)
    assert set(old) == set(new) == {"stage", "axspa", "asas"}
    for key, question in new.items():
        assert question.whole is not None
        before = old[key].whole
        assert before is not None
        after = question.whole
        assert (before.words, before.grade, before.share) == (after.words, after.grade, after.share)
        assert [(one.where, one.words, one.links) for one in old[key].rows] == [
            (one.where, one.words, one.links) for one in question.rows
        ]
    assert {row.words for row in views[0].numbers.rows} == {row.words for row in views[1].numbers.rows}


def test_an_application_that_nobody_here_knows_is_shown_whole(place: Place) -> None:
    client, study_id, result_id = one_study(place, summaries.foreign)
    page = html.unescape(client.get(f"/studies/{study_id}").text)
    for words in (
        "Lumbar spine, a trial 1.0", "Narrowing", "L4/L5", '<span class="graded grade-2">moderate</span>', "0.50",
        f"not assessable: {summaries.DARK}", "By a rule and a network.", "Slip", "not seen", "Height, L4/L5", "7 mm",
        f"Lordosis: not assessable: {summaries.DARK}", "Sagittal T2", "Axial T2", "all series",
        'title="2 places"',
    ):  # fmt: skip
        assert words in page, words
    for words in ("Stage", "ASAS", "edema", "T1-weighted", "Fluid"):
        assert words not in page.partition('id="result"')[2].partition('id="choice"')[0], words
    assert "Narrowing at L4/L5: moderate." in client.get("/studies").text, "many sites are told by the headline"
    viewer = client.get(f"/studies/{study_id}/results/{result_id}/viewer").json()
    assert list(viewer["panes"]) == ["sagittal", "axial", "photo"] and viewer["reference"] == "sagittal"
    assert viewer["panes"]["sagittal"]["matches"] == {} and viewer["marks"] == []
    assert viewer["legend"].startswith("Bars: blur. Wheel")


def test_what_is_not_assessable_is_never_shown_as_absent(place: Place) -> None:
    def without_fluid(stage: str, slices: int, pictures: set[str], headline: str) -> dict[str, Any]:
        made = summaries.sacroiliac(stage, slices, pictures, headline)
        because = {"code": "NO_FLUID", "parameters": {}, "sentence": "No fluid-sensitive series was sent."}
        for one in made["said"]:
            if one["key"] in ("asas", "edema-volume"):
                words = f"not assessable: {because['sentence']}"
                one |= {"value": None, "words": words, "severity": None, "not_assessable": because, "at": []}
        return made

    client, study_id, _ = one_study(place, without_fluid)
    page = client.get(f"/studies/{study_id}").text
    card = page.partition("ASAS/OMERACT rule for active sacroiliitis</h2>")[2].partition("</section>")[0]
    assert "Not assessable: No fluid-sensitive series was sent." in card
    assert "met" not in card.replace("segmented", "") and card.count("No fluid-sensitive series was sent.") == 1
    numbers = page.partition("<h2>Measurements</h2>")[2].partition("</section>")[0]
    assert "Bone marrow edema: not assessable: No fluid-sensitive series was sent." in numbers
    assert "0.0 ml" not in numbers
    assert "ASAS rule not assessable" in client.get("/studies").text
    twin = one_study_page(place, summaries.sacroiliac)
    assert "not assessable" not in twin and "2.3 ml" in twin


def one_study_page(place: Place, make_summary: summaries.MakeSummary) -> str:
    """The page of a second study of the same node."""
    now = datetime.now(UTC)
    study_id = receive(place, 2, name="C^D", at=now)
    save_result(place, complete(place, study_id, images=6, at=now), at=now, make_summary=make_summary)
    client = make_client(place)
    log_in(client)
    return client.get(f"/studies/{study_id}").text


CLINICAL = re.compile(
    r"t1\b|fluid|as_present|asas|edema|\bstage|(?<!white-space: )normal|early|moderate|advanced|joint|spondyl", re.I
)


def test_the_panel_names_no_application() -> None:
    folder = Path(panel.__file__).parent
    paths = [path for path in folder.rglob("*") if path.suffix in (".py", ".html", ".js", ".css")]
    assert len(paths) > 30
    named = {path.name for path in paths if CLINICAL.search(path.read_text(encoding="utf-8"))}
    assert named == {"old_results.py"}, "only the reader of old rows may"


def test_the_viewer_gets_every_picture_in_its_place(client: TestClient, node: tuple[Place, dict[str, int]]) -> None:
    place, ids = node
    with place.database.read() as session:
        result = session.scalars(select(Result).where(Result.study_id == ids["done"])).one()
    answer = client.get(f"/studies/{ids['done']}/results/{result.id}/viewer").json()
    pane = answer["panes"]["t1"]
    assert (pane["count"], pane["first"], pane["letters"], pane["title"]) == (9, 4, ["R", "L"], "T1-weighted")
    assert answer["reference"] == "t1"
    assert pane["layers"]["joints"][:3] == [None, None, pane["layers"]["joints"][2]]
    assert pane["matches"]["fluid"][8] is None and answer["marks"][2] and not answer["marks"][8]
    assert [row["index"] for row in answer["strip"]] == [2, 3, 4, 5, 6]
    assert answer["strip"][0]["words"] == "AI class 0.31, Early"
    assert answer["strip"][0]["share"] == pytest.approx(0.15 + 0.7 * 2 / 9)
    assert answer["legend"].startswith("Bars: network alone: probability of a pattern of axSpA. Line above: edema.")
    base = client.get(pane["layers"]["base"][0])
    assert base.headers["content-type"] == "image/jpeg" and base.content[:2] == b"\xff\xd8"
    overlay = client.get(pane["layers"]["joints"][2])
    assert overlay.headers["content-type"] == "image/png" and overlay.content[1:4] == b"PNG"
    assert overlay.headers["cache-control"] == "no-store"


def test_earlier_results_stay_to_be_seen(place: Place) -> None:
    now = datetime.now(UTC)
    study_id = receive(place, 1, name="A^B", at=now)
    first = save_result(place, complete(place, study_id, images=6, at=now), at=now, stage="Early")
    client = make_client(place)
    log_in(client)
    client.post(f"/studies/{study_id}/reprocess", data={"csrf_token": csrf(client)})
    claimed = runs.claim(place.database, "worker-1", lease_s=900)
    assert claimed is not None
    second = save_result(place, claimed, at=now, stage="Advanced")
    newest, earlier = client.get(f"/studies/{study_id}").text, client.get(f"/studies/{study_id}?result={first}").text
    assert '<span class="graded grade-3">Advanced</span>' in newest
    assert '<span class="graded grade-1">Early</span>' in earlier
    assert "You are looking at the earlier result of revision 1" in earlier
    assert f"?result={first}" in newest
    assert "Resend" not in earlier.partition('id="objects"')[2].partition("</table>")[0]
    part = client.get(f"/studies/{study_id}/where?seen={first}", headers={"X-Panel-Part": "1"})
    assert part.headers["x-panel-reload"] == "1"
    part = client.get(f"/studies/{study_id}/where?seen={second}", headers={"X-Panel-Part": "1"})
    assert "x-panel-reload" not in part.headers


# --- actions


def test_looking_at_a_study_leaves_an_audit_row(client: TestClient, node: tuple[Place, dict[str, int]]) -> None:
    place, ids = node
    client.get(f"/studies/{ids['done']}")
    last = audit(place)[-1]
    assert (last.actor, last.action, last.subject) == (ADMIN, "study.view", f"study {ids['done']}")
    client.get(f"/studies/{ids['done']}/where")
    assert audit(place)[-1].seq == last.seq, "what the page asks for by itself is no view"
    assert not any("Yamada" in row.detail + row.subject for row in audit(place)), "no patient in the audit"


def test_every_part_of_a_study_leaves_one_row_for_a_look(node: tuple[Place, dict[str, int]]) -> None:
    place, ids = node
    study_id = ids["done"]
    with place.database.read() as session:
        result_id = session.scalars(select(Result.id).where(Result.study_id == study_id)).one()
    log_in(viewer := make_client(place))
    pictures = viewer.get(f"/studies/{study_id}/results/{result_id}/viewer").json()["panes"]["t1"]["layers"]["base"]
    parts = {
        "where": [f"/studies/{study_id}/where"] * 3,
        "objects": [f"/studies/{study_id}/objects"] * 3,
        "viewer": [f"/studies/{study_id}/results/{result_id}/viewer", f"/studies/{study_id}/where"],
        "picture": pictures,
    }
    for part, addresses in parts.items():
        client = make_client(place)
        log_in(client)
        before = len(audit(place))
        assert all(client.get(address).status_code == 200 for address in addresses)
        rows = audit(place)[before:]
        assert [(row.action, row.subject) for row in rows] == [("study.view", f"study {study_id}")], part
        assert json.loads(rows[0].detail)["part"] == part


def test_a_look_begins_anew_after_a_while(node: tuple[Place, dict[str, int]], client: TestClient) -> None:
    place, ids = node
    client.app.state.looks = Looks(place.database, ends_after_s=0)
    before = len(audit(place))
    for _ in range(2):
        client.get(f"/studies/{ids['done']}/where")
    assert len(audit(place)) == before + 2


def test_nothing_is_shown_without_its_row(place: Place) -> None:
    ids = fill(place, slices=0)
    client = make_client(place)
    log_in(client)
    with place.database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE audit RENAME TO gone"))
    for _ in range(2):
        assert client.get(f"/studies/{ids['done']}/objects").status_code == 503
        assert client.get("/studies/rows").status_code == 503


def test_the_list_and_each_search_leave_a_row_without_what_was_sought(node: tuple[Place, dict[str, int]]) -> None:
    place, _ = node
    client = make_client(place)
    log_in(client)
    before = len(audit(place))
    address = ""
    for path in ("/studies", "/studies/rows", "/studies/rows", "/studies"):
        client.get(path)
    for _ in range(2):
        address = search(client, text="Yamada", state="done")
    client.get(address)
    rows = audit(place)[before:]
    assert [row.action for row in rows] == ["study.list", "study.search", "study.search", "study.list"]
    listed, sought, narrowed = (json.loads(rows[index].detail) for index in (0, 1, 3))
    assert listed == {"page": 1, "rows": 6, "narrowed": False}
    assert sought == {"by": ["text", "state"], "rows": 1}
    assert narrowed == {"page": 1, "rows": 1, "narrowed": True}
    assert not any("Yamada" in row.detail + row.subject for row in rows)


def test_reprocess(place: Place) -> None:
    ids = fill(place, slices=0)
    client = make_client(place)
    log_in(client)
    page = client.get(f"/studies/{ids['held']}").text
    answer = client.post(f"/studies/{ids['held']}/reprocess", data={"csrf_token": field(page, "csrf_token")})
    assert answer.headers["location"] == f"/studies/{ids['held']}?note=reprocess"
    assert "will be analysed again" in client.get(answer.headers["location"]).text
    with place.database.read() as session:
        assert session.get_one(Study, ids["held"]).state is StudyState.QUEUED
    assert (ADMIN, "study.reprocess") in [(row.actor, row.action) for row in audit(place)]
    again = client.post(f"/studies/{ids['held']}/reprocess", data={"csrf_token": csrf(client)})
    assert again.headers["location"].endswith("note=STUDY_BUSY")
    assert client.post("/studies/999/reprocess", data={"csrf_token": csrf(client)}).status_code == 404


def test_a_study_that_waits_for_images_is_read_now_by_a_person(place: Place) -> None:
    now = datetime.now(UTC)
    study_id = receive(place, 1, name="Doe^Jane", at=now)
    with place.database.write() as session:
        study = session.get_one(Study, study_id)
        study.reception = Reception.COMPLETE
        wait: dict[str, Any] = {"at": now, "not_before": now + timedelta(hours=1)}
        code, sentence = EventCode.WAITS_FOR_IMAGES, "It waits. 2 images are missing."
        runs.queue(session, study, [session.scalars(select(Deployment)).one()], code=code, sentence=sentence, **wait)
        refresh(session, study, at=now)
    client = make_client(place)
    log_in(client)
    page = client.get(f"/studies/{study_id}").text
    assert "Read now as it is" in page and ">Reprocess<" not in page
    path = f"/studies/{study_id}/read-now"
    answer = client.post(path, data={"csrf_token": field(page, "csrf_token")})
    assert answer.headers["location"] == f"/studies/{study_id}?note=read-now"
    assert "Read now as it is" not in client.get(answer.headers["location"]).text
    assert (ADMIN, "study.read-now") in [(row.actor, row.action) for row in audit(place)]
    again = client.post(path, data={"csrf_token": csrf(client)})
    assert again.headers["location"].endswith("note=STUDY_STATE")
    assert client.post("/studies/999/read-now", data={"csrf_token": csrf(client)}).status_code == 404


def waiting(place: Place, study_id: int) -> list[tuple[str, str]]:
    with place.database.read() as session:
        rows = session.execute(
            select(ResultObject.kind, Delivery.destination)
            .join(Delivery)
            .join(Result)
            .where(Result.study_id == study_id, Delivery.state == DeliveryState.WAITING)
        )
        return sorted((kind, destination) for kind, destination in rows)


def test_resend_what_failed_all_and_one(place: Place) -> None:
    ids = fill(place, slices=0)
    client = make_client(place)
    log_in(client)

    def send(study: str, **form: object) -> str:
        data = {"csrf_token": csrf(client), **{name: str(value) for name, value in form.items()}}
        answer = client.post(f"/studies/{ids[study]}/resend", data=data)
        return str(answer.headers.get("location", answer.status_code))

    assert send("undelivered", what="failed").endswith("note=resend")
    assert {destination for _, destination in waiting(place, ids["undelivered"])} == {"workstation"}
    assert len(waiting(place, ids["undelivered"])) == 4
    assert send("done", what="failed").endswith("note=resend-nothing")
    with place.database.read() as session:
        row = session.scalars(
            select(Delivery)
            .join(ResultObject)
            .join(Result)
            .where(Result.study_id == ids["done"], Delivery.destination == "PACS")
        ).first()
    assert row is not None
    assert send("done", what="delivery", delivery=row.id).endswith("note=resend")
    assert len(waiting(place, ids["done"])) == 1
    assert send("done", what="destination", destination="workstation").endswith("note=resend")
    assert len(waiting(place, ids["done"])) == 5
    assert send("done", what="destination", destination="elsewhere").endswith("note=DESTINATION_UNKNOWN")
    assert send("undelivered", what="delivery", delivery=row.id) == "404", "a delivery of another study"
    assert send("undelivered", what="delivery", delivery="1 or 1=1") == "404"
    assert send("undelivered", what="everything") == "400"
    assert send("receiving", what="failed").endswith("note=RESULT_UNKNOWN")
    assert send("held", what="failed").endswith("note=RESULT_HELD")
    assert [row.action for row in audit(place)].count("result.resend") == 4


def test_users_are_added_changed_and_closed(place: Place) -> None:
    client = make_client(place)
    log_in(client)

    def change(path: str, **form: str) -> tuple[int, str]:
        answer = client.post(path, data={"csrf_token": csrf(client), **form})
        return answer.status_code, answer.text

    new = {"name": "emmy", "password": "a long enough one", "role": "reader"}
    assert change("/users/add", **new)[0] == 303
    assert "emmy" in client.get("/users").text
    assert log_in(make_client(place), name="emmy", password="a long enough one").status_code == 303
    status, page = change("/users/add", **new)
    assert status == 400 and "There is a user of this name already" in page
    assert change("/users/add", name="short", password="short", role="reader")[0] == 400
    assert change("/users/add", name="odd", password="a long enough one", role="root")[0] == 400
    assert change("/users/change", name="emmy", what="password", password="another long one")[0] == 303
    assert log_in(make_client(place), name="emmy", password="a long enough one").status_code == 401
    log_in(emmy := make_client(place), name="emmy", password="another long one")
    assert emmy.get("/users").status_code == 403
    assert change("/users/change", name="emmy", what="role", role="admin")[0] == 303
    assert emmy.get("/users").status_code == 200, "the role counts at once, in a session that goes on"
    assert "sessions were ended" not in client.get("/users?note=user-role").text
    assert change("/users/change", name="emmy", what="disable")[0] == 303
    assert log_in(make_client(place), name="emmy", password="another long one").status_code == 401
    status, page = change("/users/change", name=ADMIN, what="disable")
    assert status == 400 and "last administrator" in page
    assert change("/users/change", name="nobody", what="disable")[0] == 400
    assert change("/users/change", name="emmy", what="promote")[0] == 400
    done = [row.action for row in audit(place)]
    for action in ("user.add", "user.password", "user.role", "user.disable"):
        assert action in done
    assert not any("long enough" in row.detail for row in audit(place))


def test_one_changes_ones_own_password(place: Place) -> None:
    client = make_client(place)
    log_in(client)

    def change(current: str, new: str, again: str) -> int:
        data = {"csrf_token": csrf(client), "current": current, "new": new, "again": again}
        return client.post("/account/password", data=data).status_code

    assert change("wrong", "another long one", "another long one") == 400
    assert change("correct horse battery", "another long one", "a different one") == 400
    assert change("correct horse battery", "short", "short") == 400
    other = make_client(place)
    log_in(other)
    assert change("correct horse battery", "another long one", "another long one") == 303
    assert client.get("/studies").status_code == 200, "one stays logged in"
    assert other.get("/studies").status_code == 303, "every other session has ended"
    done = [row.action for row in audit(place)]
    assert done.count("login.ok") == 2 and done.count("login.wrong") == 0, "these were no log-ins"
    assert done.count("confirm.wrong") == 1 and "confirm.ok" in done and "user.password" in done


# --- received, audit, status, health


def test_received_shows_rejected_connections_and_refused_images(client: TestClient) -> None:
    page = client.get("/received").text
    for words in (
        "STRANGER",
        "rejected",
        "not among those that may send",
        "0xA900",
        "UID_MISMATCH",
        "PACS_MR",
        "1.3 MB",
    ):
        assert words in page, words


def test_the_audit_is_shown_and_verified(client: TestClient) -> None:
    client.get("/studies/1")
    page = client.get("/audit").text
    assert "study.view" in page and "The chain is" not in page, "the chain is read only on demand"
    page = check_chain(client)
    assert "The chain is whole." in page and "study.view" in page


def check_chain(client: TestClient) -> str:
    return client.post("/audit/check", data={"csrf_token": csrf(client)}).text


def test_a_changed_audit_row_shows(place: Place) -> None:
    client = make_client(place)
    log_in(client)
    with place.database.engine.begin() as connection:
        for name in connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all():
            connection.execute(text(f"DROP TRIGGER {name}"))
        connection.execute(text("UPDATE audit SET actor = 'nobody' WHERE seq = 2"))
    page = check_chain(client)
    assert "The chain is broken" in page and "row 2" in page


def test_the_audit_is_exported_whole(client: TestClient, node: tuple[Place, dict[str, int]]) -> None:
    answer = client.get("/audit/export?form=jsonl")
    rows = [json.loads(line) for line in answer.text.splitlines()]
    assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1))
    assert rows[-1]["action"] == "audit.export" and rows[-1]["previous_hash"] == rows[-2]["hash"]
    assert "attachment" in answer.headers["content-disposition"]
    table = list(csv.DictReader(io.StringIO(client.get("/audit/export").text)))
    assert len(table) == len(audit(node[0])) and table[0]["action"] == "user.add"
    assert client.get("/audit/export?form=xml").status_code == 404


def test_an_exported_cell_is_no_formula(place: Place) -> None:
    client = make_client(place)
    log_in(client)
    form = {"csrf_token": csrf(client), "name": "=cmd|'/C calc'!A0", "password": "a long enough one", "role": "admin"}
    client.post("/users/add", data=form)
    other = make_client(place)
    log_in(other, name="=cmd|'/C calc'!A0", password="a long enough one")
    rows = list(csv.DictReader(io.StringIO(other.get("/audit/export").text)))
    assert rows[-1]["actor"].startswith("'=cmd")


def test_status_shows_processes_destinations_and_versions(client: TestClient) -> None:
    page = client.get("/status").text
    for words in (
        "receiver",
        "coordinator",
        "ORTHANC at 127.0.0.1",
        "sij-1",
        "Python",
        "pydicom",
        "not delivered",
    ):
        assert words in page, words


def test_status_tells_a_fault_in_its_sentence_and_not_as_data(place: Place) -> None:
    fault = {"code": "DISK_LOW", "sentence": "No room is left.", "since": "2026-03-01T12:00:00+00:00", "bundle": ""}
    heartbeats.beat(place.database, "coordinator", detail={"running": 0, "faults": [fault]})
    client = make_client(place)
    log_in(client)
    page = client.get("/status").text
    assert "No room is left." in page and "running 0" in page
    assert "2026-03-01T12" not in page


def test_health_is_for_monitoring(client: TestClient, node: tuple[Place, dict[str, int]]) -> None:
    client.cookies.clear()
    for name in ("receiver", "coordinator"):
        heartbeats.beat(node[0].database, name)
    answer = client.get("/health")
    assert answer.status_code == 200
    names = ("database", "receiver", "coordinator", "work", "workers", "destinations", "disk")
    content = answer.json()
    assert content.pop("oldest_waiting_s") > 0
    assert content == {"status": "ok", "checks": dict.fromkeys(names, "ok")}


def test_health_fails_when_a_process_is_silent(place: Place) -> None:
    fill(place, slices=0)
    with place.database.write() as session:
        session.execute(delete(Heartbeat).where(Heartbeat.name == "receiver"))
        session.get_one(Heartbeat, "coordinator").at = datetime.now(UTC) - timedelta(minutes=2)
    answer = make_client(place).get("/health")
    assert answer.status_code == 503
    assert answer.json()["checks"]["receiver"] == "failing" and answer.json()["checks"]["coordinator"] == "failing"


def test_a_database_that_does_not_answer_makes_a_page_not_a_crash(place: Place) -> None:
    client = make_client(place)
    log_in(client)
    with place.database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE login_session RENAME TO gone"))
    answer = client.get("/studies")
    assert answer.status_code == 503 and "cannot answer now" in answer.text


def test_no_patient_in_addresses_logs_or_errors(
    node: tuple[Place, dict[str, int]], caplog: pytest.LogCaptureFixture
) -> None:
    place, ids = node
    caplog.set_level(logging.DEBUG, logger="panel")
    client = make_client(place)
    log_in(client)
    address = search(client, text="Yamada")
    pages = [client.get(path) for path in (address, f"/studies/{ids['done']}", "/studies/999", "/received", "/audit")]
    assert not any("Yamada" in str(page.url) for page in pages)
    assert "Yamada" not in caplog.text and "P00001" not in caplog.text
    assert "Yamada" not in pages[2].text + pages[4].text


# --- several deployments


def test_a_study_that_two_deployments_read_shows_both_and_sends_each_again(place: Place) -> None:
    deploy(place.database, "sij-2")
    now = datetime.now(UTC) - timedelta(hours=1)
    study_id = receive(place, 1, name="Noether^Emmy", at=now)
    first = complete(place, study_id, images=6, at=now + timedelta(seconds=61))
    second = runs.claim(place.database, "worker-1", lease_s=900, now=now + timedelta(seconds=62))
    assert second is not None
    fault = {"code": "IDENTITY_MIXED", "sentence": "The images name two patients.", "object": "study"}
    held = save_result(place, first, at=now, status=ResultStatus.HELD, findings=(fault,))
    good = save_result(place, second, at=now, stage="Advanced")
    for destination in ("PACS", "workstation"):
        refused = DeliveryState.REFUSED
        deliver(place, destination, at=now + timedelta(minutes=1), state=refused, status=0xA900, comment="no")
    client = make_client(place)
    log_in(client)
    page = client.get(f"/studies/{study_id}").text
    assert "Analyses" in page and "sij-1" in page and "sij-2" in page
    assert "held back" in page and f"/studies/{study_id}?result={good}" in page
    assert "sij-1: The result is held back" in page
    other = client.get(f"/studies/{study_id}?result={good}").text
    assert "Advanced" in other and f"/studies/{study_id}?result={held}" in other
    assert "You are looking at the earlier result" not in other
    form = {"csrf_token": csrf(client), "what": "failed"}
    assert "note=resend" in client.post(f"/studies/{study_id}/resend", data=form).headers["location"]
    with place.database.read() as session:
        states = session.scalars(select(Delivery.state)).all()
    assert states and set(states) == {DeliveryState.WAITING}
    form = {"csrf_token": csrf(client), "what": "destination", "destination": "PACS", "result": str(held)}
    assert "RESULT_HELD" in client.post(f"/studies/{study_id}/resend", data=form).headers["location"]


def test_with_one_deployment_the_page_names_none(client: TestClient, ids: dict[str, int]) -> None:
    assert "Analyses" not in client.get(f"/studies/{ids['done']}").text


def test_results_of_a_shadow_offer_no_sending(place: Place) -> None:
    deploy(place.database, "sij-2", purpose="shadow")
    now = datetime.now(UTC) - timedelta(hours=1)
    study_id = receive(place, 1, name="Noether^Emmy", at=now)
    save_result(place, complete(place, study_id, images=6, at=now + timedelta(seconds=61)), at=now)
    shadow = runs.claim(place.database, "worker-1", lease_s=900, now=now + timedelta(seconds=62))
    assert shadow is not None
    number = save_result(place, shadow, at=now)
    client = make_client(place)
    log_in(client)
    assert "Resend all to PACS" in client.get(f"/studies/{study_id}").text
    page = client.get(f"/studies/{study_id}?result={number}").text
    assert "Resend all to PACS" not in page and "stays on this node" in page and "only shown here" in page
