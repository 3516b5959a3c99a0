"""A person at the panel, for the tests."""

import re

from fastapi.testclient import TestClient
from httpx import Response

from panel.app import create_app
from tests.factories.panel import ADMIN, PASSWORD, Place


def make_client(place: Place, *, base_url: str = "http://testserver") -> TestClient:
    """A browser before log-in; it follows no redirect by itself."""
    app = create_app(place.settings, place.database, place.objects)
    return TestClient(app, base_url=base_url, follow_redirects=False)


def log_in(client: TestClient, *, name: str = ADMIN, password: str = PASSWORD, next: str = "/") -> Response:
    """Fill in the log-in page, as a fresh visitor."""
    for cookie in [cookie for cookie in client.cookies.jar if "axspa" in cookie.name]:
        client.cookies.jar.clear(cookie.domain, cookie.path, cookie.name)
    token = field(client.get("/login").text, "csrf_token")
    data = {"name": name, "password": password, "csrf_token": token, "next": next}
    return client.post("/login", data=data)


def csrf(client: TestClient) -> str:
    """The anti-forgery token of the session, from a page."""
    return field(client.get("/account").text, "csrf_token")


def field(page: str, name: str) -> str:
    """The value of a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, f"no field {name} in {page[:300]}"
    return found.group(1)
