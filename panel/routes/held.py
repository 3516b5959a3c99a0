"""The ways out of a held study: forms with a reason."""

from collections.abc import Callable, Mapping

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import Response

from config.errors import Final
from panel import queries
from panel.deps import FormDep, LoginDep, NodeDep, RowId, go
from panel.shell import Login, Node
from storage import held

router = APIRouter()

Form = Mapping[str, str]


@router.post("/studies/{study_id}/held")
def decide(study_id: RowId, node: NodeDep, login: LoginDep, form: FormDep) -> Response:
    """Release, discard, keep one patient, or read again; what changes what is sent or read is for administrators.

    Raises
    ------
    HTTPException
        There is no such study (404), it is not said what to do (400), or only an administrator may do it (403).
    """
    if queries.study(node.database, study_id) is None:
        raise HTTPException(404)
    what = form.get("what", "")
    way = _WAYS.get(what)
    if way is None:
        raise HTTPException(400, "Say what to do with what is held back.")
    if what != _FOR_ALL and not login.is_admin:
        raise HTTPException(403, "Only an administrator may decide that.")
    try:
        way(node, login, study_id, form)
    except Final as error:
        return go(f"/studies/{study_id}", note=error.code)
    return go(f"/studies/{study_id}", note=what)


def _release(node: Node, login: Login, study_id: int, form: Form) -> None:
    reason, destinations = form.get("reason", ""), node.settings.wishes
    held.release(node.database, study_id, reason=reason, actor=login.name, destinations=destinations)


def _discard(node: Node, login: Login, study_id: int, form: Form) -> None:
    held.discard(node.database, study_id, reason=form.get("reason", ""), actor=login.name)


def _keep(node: Node, login: Login, study_id: int, form: Form) -> None:
    patient, reason = form.get("patient", ""), form.get("reason", "")
    held.keep_patient(node.database, study_id, patient, reason=reason, actor=login.name)


def _again(node: Node, login: Login, study_id: int, form: Form) -> None:
    held.read_again(node.database, study_id, reason=form.get("reason", ""), actor=login.name)


_FOR_ALL = "again"
_WAYS: Mapping[str, Callable[[Node, Login, int, Form], None]] = {
    "release": _release,
    "discard": _discard,
    "keep": _keep,
    _FOR_ALL: _again,
}
