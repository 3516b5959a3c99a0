"""The list of studies."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from panel import badges, notes, queries, searching, summary
from panel.deps import FormDep, LoginDep, LooksDep, NodeDep, PageNumber, go
from panel.paging import Page
from panel.shell import Node
from storage import audit, logins
from storage.search import StudyRow, oldest_waiting, search
from storage.tables import Study

router = APIRouter()

PER_PAGE = 25
LONG_WAIT = timedelta(minutes=5)

SearchKey = Annotated[str, Query(alias="f", max_length=32)]


@dataclass(frozen=True, slots=True)
class Waiting:
    """The study that has been on its way for longest."""

    id: int
    since: datetime
    words: str


@router.get("/")
def start() -> Response:
    """The start page is the list."""
    return go("/studies")


@router.get("/studies")
def study_list(
    node: NodeDep,
    login: LoginDep,
    looks: LooksDep,
    page: PageNumber = 1,
    f: SearchKey = "",
    show: str = "",
    note: str = "",
) -> Response:
    """The list of studies with its search."""
    wanted = searching.find(login.state, f) if f else None
    if f and wanted is None:
        return go("/studies", note="search-over")
    if wanted is None and show in ("attention", "waiting"):
        wanted = searching.Search(state=show)
    wanted = wanted or searching.Search()
    values = _rows(node, wanted, page=page, base=_address("/studies?", f=f, show=show))
    looks.at_list(login, f, wanted.state, page=values["page"].number, rows=values["page"].total)
    return node.pages.render(
        "studies.html",
        login=login,
        section="/studies",
        flash=notes.find(note),
        state_choices=_state_choices(),
        result_choices=[(status.value, badge.words) for status, badge in badges.RESULT.items()],
        rows_address=_address("/studies/rows?", f=f, show=show) + f"page={page}",
        **values,
    )


@router.get("/studies/rows")
def study_rows(
    node: NodeDep, login: LoginDep, looks: LooksDep, page: PageNumber = 1, f: SearchKey = "", show: str = ""
) -> Response:
    """Only the rows, for the page that keeps itself fresh."""
    kept = searching.find(login.state, f) if f else None
    wanted = kept or searching.Search.read({"state": show})
    values = _rows(node, wanted, page=page, base=_address("/studies?", f=f, show=show))
    looks.at_list(login, f if kept else "", wanted.state, page=values["page"].number, rows=values["page"].total)
    return node.pages.render("studies_rows.html", login=login, **values)


@router.post("/studies/search")
def study_search(node: NodeDep, login: LoginDep, form: FormDep) -> Response:
    """Keep a search with the session and show what it finds; the audit keeps what it found, not what it asked for."""
    wanted = searching.Search.read(form)
    if not wanted.active:
        return go("/studies")
    key, state = searching.keep(login.state, wanted)
    logins.set_state(node.database, login.session_id, state)
    rows = search(node.database, wanted.filter(), per_page=1).total
    audit.record(node.database, actor=login.name, action="study.search", detail={"by": wanted.used, "rows": rows})
    return go(f"/studies?f={key}")


def _rows(node: Node, wanted: searching.Search, *, page: int, base: str) -> dict[str, Any]:
    found = search(node.database, wanted.filter(), page=page, per_page=PER_PAGE)
    return {
        "search": wanted,
        "rows": [_row(row) for row in found.rows],
        "page": Page(found.rows, found.page, found.per_page, found.total),
        "page_base": base,
        "attention": 0 if wanted.state == "attention" else queries.attention_count(node.database),
        "oldest": _oldest(node),
    }


def _row(row: StudyRow) -> dict[str, Any]:
    study, result = row.study, row.result
    return {
        "study": study,
        "badge": badges.STUDY[study.state],
        "reason": study.reason if study.state.needs_reason else "",
        "stage": summary.stage_of(result),
        "line": summary.line_of(result),
        "superseded": bool(result and study.state.busy),
        "delivered": row.delivered,
        "deliveries": row.deliveries,
    }


def _oldest(node: Node) -> Waiting | None:
    found: Study | None = oldest_waiting(node.database)
    if found is None or datetime.now(UTC) - found.last_received_at < LONG_WAIT:
        return None
    return Waiting(found.id, found.last_received_at, badges.STUDY[found.state].words)


def _state_choices() -> list[tuple[str, str]]:
    groups = [("attention", "needs a person"), ("waiting", "on its way")]
    return groups + [(state.value, badge.words) for state, badge in badges.STUDY.items()]


def _address(path: str, *, f: str, show: str) -> str:
    if f:
        return f"{path}f={f}&"
    return f"{path}show={show}&" if show in ("attention", "waiting") else path
