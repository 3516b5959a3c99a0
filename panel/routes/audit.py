"""The audit: who did what, whether the chain holds, and all of it to take away."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response, StreamingResponse

from panel.deps import AdminDep, FormDep, NodeDep, PageNumber
from panel.paging import Page
from storage import audit
from storage.tables import Audit

router = APIRouter()

PER_PAGE = 50
_COLUMNS = ("seq", "at", "actor", "action", "subject", "detail", "previous_hash", "hash")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@router.get("/audit")
def audit_page(node: NodeDep, login: AdminDep, page: PageNumber = 1) -> Response:
    """The rows, newest first."""
    return _page(node, login, page=page, verification=None)


@router.post("/audit/check")
def check(node: NodeDep, login: AdminDep, form: FormDep) -> Response:
    """The newest rows, and whether the chain is whole; on demand, because every row is read for it."""
    return _page(node, login, page=1, verification=audit.verify(node.database))


def _page(node: NodeDep, login: AdminDep, *, page: int, verification: audit.Verification | None) -> Response:
    rows, total = audit.page(node.database, page=page, per_page=PER_PAGE)
    shown = [(row, _details(row)) for row in rows]
    return node.pages.render(
        "audit.html",
        login=login,
        section="/audit",
        rows=shown,
        page=Page(shown, page, PER_PAGE, total),
        verification=verification,
    )


@router.get("/audit/export")
def export(node: NodeDep, login: AdminDep, form: Annotated[str, Query(pattern="^(csv|jsonl)$")] = "csv") -> Response:
    """The whole chain as CSV or JSON lines, oldest row first; leaves a row itself."""
    audit.record(node.database, actor=login.name, action="audit.export", detail={"format": form})
    lines, media_type = (_csv(node), "text/csv") if form == "csv" else (_json_lines(node), "application/jsonl")
    headers = {"Content-Disposition": f'attachment; filename="axspa-audit.{form}"'}
    return StreamingResponse(lines, media_type=f"{media_type}; charset=utf-8", headers=headers)


def _values(row: Audit) -> dict[str, Any]:
    return {name: row.at.isoformat() if name == "at" else getattr(row, name) for name in _COLUMNS}


def _json_lines(node: NodeDep) -> Iterator[str]:
    for row in audit.rows(node.database):
        yield json.dumps(_values(row), ensure_ascii=False) + "\n"


def _csv(node: NodeDep) -> Iterator[str]:
    yield ",".join(_COLUMNS) + "\r\n"
    for row in audit.rows(node.database):
        buffer = io.StringIO()
        csv.writer(buffer).writerow([_cell(value) for value in _values(row).values()])
        yield buffer.getvalue()


def _cell(value: object) -> str:
    """A cell that no spreadsheet takes for a formula."""
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def _details(row: Audit) -> list[tuple[str, str]]:
    try:
        detail = json.loads(row.detail or "{}")
    except ValueError:
        return [("unreadable", row.detail[:200])]
    return [(str(key), str(value)) for key, value in detail.items() if value is not None]
