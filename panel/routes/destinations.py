"""Who may be sent to, what would be sent, and what is wrong with whom."""

from collections.abc import Callable, Mapping

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import Response

from config.errors import Final
from panel import badges, notes, queries
from panel.deps import AdminDep, FormDep, LoginDep, NodeDep, go
from panel.shell import Login, Node
from panel.words import class_words
from storage import destinations, refusals, review

router = APIRouter()

Form = Mapping[str, str]


@router.get("/destinations")
def destinations_page(node: NodeDep, login: LoginDep, note: str = "") -> Response:
    """Every destination with what can be done about it, and the last results with what became of them."""
    ledger = {line.name: line for line in queries.destinations(node.database)}
    known = {row.name: row for row in destinations.every(node.database)}
    refused: dict[str, list[str]] = {}
    for row in refusals.every(node.database):
        refused.setdefault(row.destination, []).append(class_words(row.sop_class_uid))
    named = [one.name for one in node.settings.destinations]
    return node.pages.render(
        "destinations.html",
        login=login,
        section="/destinations",
        flash=notes.find(note),
        destinations=[(one, known.get(one.name), ledger.get(one.name)) for one in node.settings.destinations],
        kept=destinations.kept_count(node.database),
        refused=refused,
        stranded=[line for name, line in ledger.items() if name not in named and line.failed],
        named=named,
        reviewed=[(one, badges.RESULT[one.status]) for one in review.last(node.database)],
    )


@router.post("/destinations/change")
def change(node: NodeDep, login: AdminDep, form: FormDep) -> Response:
    """Open or close a destination, offer it everything again, or decide about what has nowhere to go.

    Raises
    ------
    HTTPException
        It is not said what to do (400).
    """
    way = _WAYS.get(form.get("what", ""))
    if way is None:
        raise HTTPException(400, "Say what to do with the destination.")
    try:
        way(node, login, form.get("destination", ""), form)
    except Final as error:
        return go("/destinations", note=error.code)
    return go("/destinations", note=f"destination-{form['what']}")


def _open(node: Node, login: Login, name: str, form: Form) -> None:
    destinations.set_open(node.database, name, to=True, actor=login.name, send_kept=form.get("kept") == "send")


def _close(node: Node, login: Login, name: str, form: Form) -> None:
    destinations.set_open(node.database, name, to=False, actor=login.name)


def _ask_again(node: Node, login: Login, name: str, form: Form) -> None:
    refusals.forget(node.database, name, actor=login.name)


def _redirect(node: Node, login: Login, name: str, form: Form) -> None:
    destinations.redirect(node.database, name, form.get("to", ""), actor=login.name)


def _drop(node: Node, login: Login, name: str, form: Form) -> None:
    destinations.drop(node.database, name, actor=login.name)


_WAYS: Mapping[str, Callable[[Node, Login, str, Form], None]] = {
    "open": _open,
    "close": _close,
    "again": _ask_again,
    "redirect": _redirect,
    "drop": _drop,
}
