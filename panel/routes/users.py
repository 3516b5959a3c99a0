"""Who may log in."""

from datetime import UTC, datetime

from fastapi import APIRouter
from starlette.responses import Response

from config.codes import Code
from config.errors import Final
from panel import notes
from panel.deps import AdminDep, FormDep, NodeDep, go
from panel.shell import Login, Node
from storage import users

router = APIRouter()


@router.get("/users")
def user_list(node: NodeDep, login: AdminDep, note: str = "") -> Response:
    """All users."""
    return _page(node, login, message=notes.find(note))


@router.post("/users/add")
def add(node: NodeDep, login: AdminDep, form: FormDep) -> Response:
    """Add a user."""
    try:
        users.add(
            node.database, form.get("name", ""), form.get("password", ""), role=form.get("role", ""), actor=login.name
        )
    except Final as error:
        return _page(node, login, message=notes.Note(error.sentence, "bad"), status_code=400)
    return go("/users", note="user-added")


@router.post("/users/change")
def change(node: NodeDep, login: AdminDep, form: FormDep) -> Response:
    """Disable, enable, give another role or another password."""
    name, what = form.get("name", ""), form.get("what", "")
    try:
        note = _change(node, login, name=name, what=what, form=form)
    except Final as error:
        return _page(node, login, message=notes.Note(error.sentence, "bad"), status_code=400)
    return go("/users", note=note)


def _change(node: Node, login: Login, *, name: str, what: str, form: dict[str, str]) -> str:
    if what in ("disable", "enable"):
        users.set_disabled(node.database, name, disabled=what == "disable", actor=login.name)
        return f"user-{what}d"
    if what == "role":
        users.set_role(node.database, name, form.get("role", ""), actor=login.name)
        return "user-role"
    if what == "password":
        users.set_password(node.database, name, form.get("password", ""), actor=login.name)
        return "password"
    raise Final(Code.USER_CHANGE, f"There is no such change: {what[:32]!r}")


def _page(node: Node, login: Login, *, message: notes.Note | None, status_code: int = 200) -> Response:
    return node.pages.render(
        "users.html",
        login=login,
        section="/users",
        flash=message,
        users=users.all_users(node.database),
        roles=users.ROLES,
        now=datetime.now(UTC),
        shortest=users.MIN_PASSWORD_LENGTH,
        status_code=status_code,
    )
