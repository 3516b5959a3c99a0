"""Who gets in: no page without log-in, no form without its token, no guessing."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from panel.app import create_app
from panel.auth import Brake
from storage.states import utc_now
from storage.tables import Audit, LoginSession
from tests.factories.panel import ADMIN, PASSWORD, READER, Place, make_place
from tests.factories.panel_pages import csrf, log_in, make_client

OPEN = {"/login", "/health", "/ready", "/metrics"}


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = make_place(tmp_path)
    yield place
    place.database.dispose()


@pytest.fixture
def client(place: Place) -> TestClient:
    return make_client(place)


def routes(client: TestClient) -> list[tuple[str, str]]:
    """Every method and path of the panel, with numbers put in."""
    found = []
    for route in all_routes(client.app.routes):
        path = re.sub(r"\{\w+\}", "1", route.path)
        found += [(method, path) for method in sorted(route.methods)]
    return found


def all_routes(entries: list[object]) -> Iterator[APIRoute]:
    for entry in entries:
        if isinstance(entry, APIRoute):
            yield entry
        elif getattr(entry, "original_router", None) is not None:
            yield from all_routes(entry.original_router.routes)


def actions(place: Place) -> list[tuple[str, str]]:
    with place.database.read() as session:
        return [(row.actor, row.action) for row in session.scalars(select(Audit).order_by(Audit.seq))]


def test_no_page_without_login(client: TestClient) -> None:
    found = routes(client)
    assert len(found) > 18
    assert {path for _, path in found} >= {"/studies", "/studies/1", "/audit/export", "/users/add", "/pictures/1"}
    for method, path in found:
        if path in OPEN:
            continue
        answer = client.request(method, path)
        assert answer.status_code in (303, 401), f"{method} {path} gave {answer.status_code}"
        if answer.status_code == 303:
            assert answer.headers["location"].startswith("/login"), f"{method} {path}"
        assert "Patient" not in answer.text


def test_nothing_but_the_known_routes_is_served(client: TestClient) -> None:
    mounted = [route.path for route in client.app.routes if type(route).__name__ == "Mount"]
    assert mounted == ["/static"]
    for path in ("/docs", "/redoc", "/openapi.json", "/static/../app.py", "/static/%2e%2e/app.py"):
        assert client.get(path).status_code == 404, path


def test_no_form_without_its_token(client: TestClient) -> None:
    log_in(client)
    posts = [path for method, path in routes(client) if method == "POST"]
    assert len(posts) >= 7
    for path in posts:
        for token in (None, "", "wrong", "é"):
            data = {"other": "1"} if token is None else {"csrf_token": token}
            answer = client.post(path, data=data)
            assert answer.status_code == 403, f"{path} with {token!r} gave {answer.status_code}"


def test_a_token_of_another_session_does_not_count(place: Place) -> None:
    first, second = make_client(place), make_client(place)
    log_in(first)
    log_in(second)
    assert first.post("/logout", data={"csrf_token": csrf(second)}).status_code == 403


def test_a_form_of_another_site_is_refused(client: TestClient) -> None:
    log_in(client)
    token = csrf(client)
    answer = client.post("/logout", data={"csrf_token": token}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    answer = client.post("/logout", content=b'{"csrf_token": "x"}', headers={"Content-Type": "application/json"})
    assert answer.status_code == 415


def test_login_logout_and_their_audit(client: TestClient, place: Place) -> None:
    assert log_in(client).headers["location"] == "/"
    assert client.get("/studies").status_code == 200
    cookie = client.cookies["axspa_session"]
    assert client.post("/logout", data={"csrf_token": csrf(client)}).headers["location"] == "/login"
    client.cookies.set("axspa_session", cookie)
    assert client.get("/studies").status_code == 303, "the session is over on the server too"
    assert actions(place)[-3:] == [(ADMIN, "login.ok"), (ADMIN, "study.list"), (ADMIN, "logout")]


def test_a_login_ends_the_session_that_the_browser_had(client: TestClient) -> None:
    log_in(client, name=READER)
    earlier = client.cookies["axspa_session"]
    client.cookies.set("axspa_login", "a token of the page")
    form = {"name": ADMIN, "password": PASSWORD, "csrf_token": "a token of the page"}
    assert client.post("/login", data={**form, "password": "guess"}).status_code == 401
    assert client.get("/studies").status_code == 200, "a failure ends nothing"
    assert client.post("/login", data=form).status_code == 303
    assert client.get("/studies").status_code == 200
    client.cookies.clear()
    client.cookies.set("axspa_session", earlier)
    assert client.get("/studies").status_code == 303


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(tmp_path: Path) -> None:
    place = make_place(tmp_path, secure_cookie=True)
    client = make_client(place, base_url="https://node.example")
    header = log_in(client).headers["set-cookie"]
    cookie = next(part for part in header.split(", ") if part.startswith("__Host-axspa="))
    for word in ("HttpOnly", "SameSite=strict", "Secure", "Path=/"):
        assert word in cookie
    assert client.get("/studies").status_code == 200


def test_a_wrong_name_and_a_wrong_password_get_the_same_answer(client: TestClient, place: Place) -> None:
    pages = []
    for name in (ADMIN, "nobody"):
        answer = log_in(client, name=name, password="not the password")
        assert answer.status_code == 401
        pages.append(re.sub(r'value="[^"]*"', "", answer.text))
    assert pages[0] == pages[1]
    assert actions(place)[-2:] == [(ADMIN, "login.wrong"), ("unknown", "login.wrong")]


def test_an_account_is_locked_after_failures(client: TestClient) -> None:
    for _ in range(5):
        assert log_in(client, password="guess").status_code == 401
    assert log_in(client).status_code == 401, "even the right password does not open a locked account"
    assert log_in(client, name=READER).status_code == 303, "others still get in"


def test_an_address_that_tries_many_names_is_stopped(client: TestClient) -> None:
    client.app.state.brake = Brake(max_failures=3)
    for number in range(3):
        log_in(client, name=f"name{number}", password="guess")
    answer = log_in(client, name=READER)
    assert answer.status_code == 429
    assert "five minutes" in answer.text


def test_a_login_form_without_its_cookie_is_refused(client: TestClient) -> None:
    answer = client.post("/login", data={"name": ADMIN, "password": PASSWORD, "csrf_token": "x"})
    assert answer.status_code == 403
    assert "axspa_session" not in answer.headers.get("set-cookie", "")


def test_an_old_session_is_over(client: TestClient, place: Place) -> None:
    log_in(client)
    with place.database.write() as session:
        session.execute(update(LoginSession).values(expires_at=utc_now() - timedelta(seconds=1)))
    answer = client.get("/studies/7")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=/studies/7")
    assert client.get("/studies/rows", headers={"X-Panel-Part": "1"}).status_code == 401


def test_no_address_carries_more_than_the_path_to_the_login_page(client: TestClient) -> None:
    assert client.get("/studies/7?secret=Doe").headers["location"] == "/login?next=/studies/7"


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_login_leads_to_no_other_site(client: TestClient, wanted: str) -> None:
    assert log_in(client, next=wanted).headers["location"] == "/"
    assert client.get("/login", params={"next": wanted}).headers["location"] == "/"


def test_login_leads_back_to_the_page_wanted(client: TestClient) -> None:
    assert log_in(client, next="/studies/7").headers["location"] == "/studies/7"


def test_every_answer_carries_the_security_headers(client: TestClient) -> None:
    log_in(client)
    for path in ("/studies", "/nothing", "/static/panel.css", "/health", "/studies/999"):
        headers = client.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'self'")
        assert headers["x-frame-options"] == "DENY"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == ("public, max-age=3600" if "static" in path else "no-store")


def test_a_large_body_is_refused(client: TestClient) -> None:
    assert client.post("/login", data={"name": "x" * 70_000}).status_code == 413


def test_an_endless_body_is_cut_off(client: TestClient) -> None:
    def parts() -> Iterator[bytes]:
        for _ in range(100):
            yield b"a" * 1000

    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert client.post("/login", content=parts(), headers=headers).status_code >= 400


def test_a_reader_sees_neither_audit_nor_users(place: Place) -> None:
    client = make_client(place)
    log_in(client, name=READER)
    page = client.get("/studies").text
    assert "/audit" not in page and "/users" not in page
    for path in ("/audit", "/audit/export", "/users"):
        assert client.get(path).status_code == 403
    data = {"csrf_token": csrf(client), "name": "mallory", "password": "long enough password", "role": "admin"}
    assert client.post("/users/add", data=data).status_code == 403


def test_a_disabled_user_is_out_at_once(place: Place) -> None:
    admin, reader = make_client(place), make_client(place)
    log_in(admin)
    log_in(reader, name=READER)
    admin.post("/users/change", data={"csrf_token": csrf(admin), "name": READER, "what": "disable"})
    assert reader.get("/studies").status_code == 303
    assert log_in(reader, name=READER).status_code == 401


def test_an_unforeseen_error_tells_nothing(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    app = create_app(place.settings, place.database, place.objects)

    @app.get("/breaks")
    def breaks() -> None:
        raise RuntimeError("Doe^Jane is in the message")

    answer = TestClient(app).get("/breaks")
    assert answer.status_code == 500
    assert "Doe" not in answer.text and "Doe" not in caplog.text
    assert "RuntimeError" in caplog.text and "test_panel_access.py" in caplog.text
