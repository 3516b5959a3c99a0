"""Taking a result back that was delivered and proved wrong."""

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import Response

from config.errors import Final
from panel import queries
from panel.deps import AdminDep, FormDep, NodeDep, RowId, go
from storage import retraction

router = APIRouter()


@router.post("/studies/{study_id}/retract")
def retract(study_id: RowId, node: NodeDep, login: AdminDep, form: FormDep) -> Response:
    """Take a result of this study back.

    Raises
    ------
    HTTPException
        There is no such result of this study (404).
    """
    number = form.get("result", "")
    if not number.isdecimal() or queries.result(node.database, study_id, int(number)) is None:
        raise HTTPException(404)
    try:
        retraction.retract(node.database, int(number), reason=form.get("reason", ""), actor=login.name)
    except Final as error:
        return go(f"/studies/{study_id}?result={number}", note=error.code)
    return go(f"/studies/{study_id}?result={number}", note="retract")
