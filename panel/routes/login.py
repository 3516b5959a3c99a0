"""Logging in and out, and one's own password."""

import secrets

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from config import hints
from config.errors import Final
from panel import auth, notes
from panel.deps import FormDep, LoginDep, NodeDep, OpenFormDep, go
from panel.security import safe_next, same
from panel.shell import Node
from storage import audit, logins, users

open_router = APIRouter()
router = APIRouter()

_LOGIN_COOKIE = "axspa_login"
_REFUSED = "The name or the password is wrong, or the account is closed or locked for some minutes after failures."
_BRAKED = "There were too many failures from this address. Wait five minutes."
_STALE = "The page was open for too long. Please try again."


@open_router.get("/login")
def login_page(request: Request, node: NodeDep, next: str = "/") -> Response:
    """The log-in page; someone logged in goes on at once."""
    if auth.current(node, request.cookies.get(auth.cookie_name(node.settings), "")):
        return go(safe_next(next))
    return _page(node, next=next)


@open_router.post("/login")
def log_in(request: Request, node: NodeDep, form: OpenFormDep) -> Response:
    """Check name and password, open a session; the one this browser had before ends."""
    name, next_path = form.get("name", "").strip()[:64], form.get("next", "/")
    if not same(request.cookies.get(_LOGIN_COOKIE, ""), form.get("csrf_token", "")):
        return _page(node, next=next_path, name=name, message=_STALE, status_code=403)
    client = request.client.host if request.client else ""
    brake: auth.Brake = request.app.state.brake
    if brake.stops(client):
        return _page(node, next=next_path, name=name, message=_BRAKED, status_code=429)
    answer = brake.check(node, client, name=name, password=form.get("password", ""))
    if answer.user is None:
        return _page(node, next=next_path, name=name, message=_REFUSED, status_code=401)
    logins.close_session(node.database, request.cookies.get(auth.cookie_name(node.settings), ""))
    token = logins.open_session(node.database, answer.user, lifetime_h=node.settings.panel.session_h)
    response = go(safe_next(next_path))
    _set_cookie(node, response, auth.cookie_name(node.settings), token, max_age_s=_lifetime_s(node))
    response.delete_cookie(_LOGIN_COOKIE, path="/login")
    return response


@router.post("/logout")
def log_out(request: Request, node: NodeDep, login: LoginDep, form: FormDep) -> Response:
    """End the session."""
    name = auth.cookie_name(node.settings)
    logins.close_session(node.database, request.cookies.get(name, ""))
    audit.record(node.database, actor=login.name, action="logout")
    response = go("/login")
    response.delete_cookie(name, path="/", secure=node.settings.panel.secure_cookie, httponly=True, samesite="strict")
    return response


@router.get("/account")
def account(node: NodeDep, login: LoginDep, note: str = "") -> Response:
    """One's own account."""
    return _account(node, login, message=notes.find(note))


@router.post("/account/password")
def change_password(request: Request, node: NodeDep, login: LoginDep, form: FormDep) -> Response:
    """Change one's own password; all one's sessions end but a new one."""
    client = request.client.host if request.client else ""
    brake: auth.Brake = request.app.state.brake
    if brake.stops(client):
        return _account(node, login, message=notes.Note(_BRAKED, "bad"), status_code=429)
    answer = brake.check(node, client, name=login.name, password=form.get("current", ""), action="confirm")
    if answer.user is None:
        return _account(node, login, message=notes.Note("The current password is wrong.", "bad"), status_code=400)
    if form.get("new", "") != form.get("again", ""):
        return _account(node, login, message=notes.Note("The new passwords differ.", "bad"), status_code=400)
    try:
        users.set_password(node.database, login.name, form.get("new", ""), actor=login.name)
    except Final as error:
        return _account(node, login, message=notes.Note(error.sentence, "bad"), status_code=400)
    token = logins.open_session(node.database, answer.user, lifetime_h=node.settings.panel.session_h)
    response = go("/account", note="password")
    _set_cookie(node, response, auth.cookie_name(node.settings), token, max_age_s=_lifetime_s(node))
    return response


def _account(node: Node, login: LoginDep, *, message: notes.Note | None, status_code: int = 200) -> Response:
    return node.pages.render(
        "account.html", login=login, flash=message, shortest=users.MIN_PASSWORD_LENGTH, status_code=status_code
    )


def _page(node: Node, *, next: str, name: str = "", message: str = "", status_code: int = 200) -> Response:
    token = secrets.token_urlsafe(24)
    with node.database.read() as session:
        nobody = users.count(session) == 0
    response = node.pages.render(
        "login.html",
        login=None,
        # The name of the settings file is nothing for strangers, so it goes with the first account.
        first_user=hints.first_user(node.settings) if nobody else "",
        login_token=token,
        next=safe_next(next),
        name=name,
        message=message,
        status_code=status_code,
    )
    _set_cookie(node, response, _LOGIN_COOKIE, token, path="/login")
    return response


def _lifetime_s(node: Node) -> int:
    return int(node.settings.panel.session_h * 3600)


def _set_cookie(
    node: Node,
    response: Response | RedirectResponse,
    name: str,
    value: str,
    *,
    path: str = "/",
    max_age_s: int | None = None,
) -> None:
    response.set_cookie(
        name,
        value,
        max_age=max_age_s,
        path=path,
        secure=node.settings.panel.secure_cookie,
        httponly=True,
        samesite="strict",
    )
