"""What a route may ask for: the node's parts, the person logged in, a form that came from one of our pages."""

from typing import Annotated

from fastapi import Depends, Path, Query, Request
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse

from panel import auth
from panel.looking import Looks
from panel.security import from_another_site, same
from panel.shell import Login, Node

_LARGEST_ID = 2**31 - 1

RowId = Annotated[int, Path(ge=1, le=_LARGEST_ID)]
PageNumber = Annotated[int, Query(alias="page", ge=1, le=10**6)]
OptionalId = Annotated[int | None, Query(ge=1, le=_LARGEST_ID)]


class NeedsLoginError(Exception):
    """Nobody is logged in; the answer is the log-in page."""


def get_node(request: Request) -> Node:
    """The parts of the node."""
    node: Node = request.app.state.node
    return node


def get_looks(request: Request) -> Looks:
    """Who looks at what at present."""
    looks: Looks = request.app.state.looks
    return looks


def get_login(request: Request, node: Annotated[Node, Depends(get_node)]) -> Login:
    """The person logged in.

    Raises
    ------
    NeedsLoginError
        There is none, or the session is over.
    """
    login = auth.current(node, request.cookies.get(auth.cookie_name(node.settings), ""))
    if login is None:
        raise NeedsLoginError
    return login


def get_admin(login: Annotated[Login, Depends(get_login)]) -> Login:
    """The person logged in, who must be an administrator.

    Raises
    ------
    HTTPException
        It is somebody else (403).
    """
    if not login.is_admin:
        raise HTTPException(403, "This page is for administrators.")
    return login


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a submitted form; each name once, without control characters.

    Raises
    ------
    HTTPException
        It is no URL-encoded form (415), or another site sent it (403).
    """
    if from_another_site(request.headers):
        raise HTTPException(403, "This form came from another site.")
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise HTTPException(415, "A form is expected.")
    async with request.form(max_fields=50) as form:
        return {
            name: "".join(c for c in value if c.isprintable()) for name, value in form.items() if isinstance(value, str)
        }


def get_form(
    login: Annotated[Login, Depends(get_login)], form: Annotated[dict[str, str], Depends(read_form)]
) -> dict[str, str]:
    """The fields of a form that carries the anti-forgery token of the session.

    Raises
    ------
    HTTPException
        It carries another token, or none (403).
    """
    if not same(login.csrf_token, form.get("csrf_token", "")):
        raise HTTPException(403, "This form is out of date. Go back, reload the page and try again.")
    return form


NodeDep = Annotated[Node, Depends(get_node)]
LoginDep = Annotated[Login, Depends(get_login)]
LooksDep = Annotated[Looks, Depends(get_looks)]
AdminDep = Annotated[Login, Depends(get_admin)]
FormDep = Annotated[dict[str, str], Depends(get_form)]
OpenFormDep = Annotated[dict[str, str], Depends(read_form)]


def go(path: str, *, note: str = "") -> RedirectResponse:
    """Answer a form by a page; ``note`` names one of :data:`panel.notes.NOTES`."""
    mark = "&" if "?" in path else "?"
    return RedirectResponse(f"{path}{mark}note={note}" if note else path, status_code=303)
