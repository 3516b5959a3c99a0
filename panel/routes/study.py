"""One study: where it is, what was found, what was sent."""

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from config.codes import Code
from config.errors import Final
from panel import badges, history, notes, queries, summary
from panel.deps import FormDep, LoginDep, LooksDep, NodeDep, OptionalId, RowId, go
from panel.shell import Login, Node
from storage import deliveries, studies
from storage.tables import Delivery, DeliveryState, Result, ResultObject, ResultStatus, Study, StudyState

router = APIRouter()

_CLASS_WORDS = {
    "1.2.840.10008.5.1.4.1.1.66.4": "Segmentation",
    "1.2.840.10008.5.1.4.1.1.7": "Secondary capture",
    "1.2.840.10008.5.1.4.1.1.7.4": "Multi-frame true colour secondary capture",
    "1.2.840.10008.5.1.4.1.1.88.11": "Basic text report",
    "1.2.840.10008.5.1.4.1.1.88.22": "Enhanced structured report",
    "1.2.840.10008.5.1.4.1.1.88.33": "Comprehensive structured report",
    "1.2.840.10008.5.1.4.1.1.88.34": "Comprehensive 3D structured report",
    "1.2.840.10008.5.1.4.1.1.11.1": "Presentation state",
    "1.2.840.10008.5.1.4.1.1.104.1": "PDF",
}


@router.get("/studies/{study_id}")
def study_page(
    study_id: RowId, node: NodeDep, login: LoginDep, looks: LooksDep, result: OptionalId = None, note: str = ""
) -> Response:
    """The page of a study; who looked at it is kept in the audit."""
    study = _study(node, study_id)
    results = queries.results(node.database, study_id)
    shown = _shown(node, study_id, results, result)
    looks.at_study(login, study_id, result_id=_id(shown), always=True)
    view = summary.read(shown) if shown else None
    return node.pages.render(
        "study.html",
        login=login,
        section="/studies",
        flash=notes.find(note),
        study=study,
        series=queries.series(node.database, study_id),
        results=[_revision(one) for one in results],
        latest=shown is None or shown.id == results[0].id,
        result=shown,
        view=view,
        viewer=bool(shown and shown.pictures),
        where=_where(node, study, results),
        **_ledger(node, study_id, shown, login),
    )


@router.get("/studies/{study_id}/where")
def study_where(study_id: RowId, node: NodeDep, login: LoginDep, looks: LooksDep, seen: int = 0) -> Response:
    """Only the line that says where the study is; tells the page to reload when a new result is there."""
    study, results = _study(node, study_id), queries.results(node.database, study_id)
    looks.at_study(login, study_id, result_id=None, part="where")
    answer = node.pages.render("study_where.html", login=login, study=study, where=_where(node, study, results))
    newest = results[0].id if results else 0
    if newest != seen:
        answer.headers["X-Panel-Reload"] = "1"
    return answer


@router.get("/studies/{study_id}/objects")
def study_objects(
    study_id: RowId, node: NodeDep, login: LoginDep, looks: LooksDep, result: OptionalId = None
) -> Response:
    """Only the objects, their deliveries and the timeline."""
    study, results = _study(node, study_id), queries.results(node.database, study_id)
    shown = _shown(node, study_id, results, result)
    looks.at_study(login, study_id, result_id=_id(shown), part="objects")
    return node.pages.render(
        "study_objects.html", login=login, study=study, result=shown, **_ledger(node, study_id, shown, login)
    )


@router.get("/studies/{study_id}/results/{result_id}/viewer")
def viewer(study_id: RowId, result_id: RowId, node: NodeDep, login: LoginDep, looks: LooksDep) -> Response:
    """What the viewer needs: the pictures of each series and layer, in slice order."""
    result = queries.result(node.database, study_id, result_id)
    if result is None:
        raise HTTPException(404)
    looks.at_study(login, study_id, result_id=result_id, part="viewer")
    return JSONResponse(summary.viewer(result))


@router.get("/pictures/{picture_id}")
def picture(picture_id: RowId, node: NodeDep, login: LoginDep, looks: LooksDep) -> Response:
    """One picture."""
    found = queries.picture(node.database, picture_id)
    if found is None or found.media_type not in ("image/png", "image/jpeg"):
        raise HTTPException(404)
    looks.at_study(login, found.result.study_id, result_id=found.result_id, part="picture")
    return Response(node.objects.read(found.path_key), media_type=found.media_type)


@router.post("/studies/{study_id}/reprocess")
def reprocess(study_id: RowId, node: NodeDep, login: LoginDep, form: FormDep) -> Response:
    """Have the study analysed again."""
    _study(node, study_id)
    try:
        studies.reprocess(node.database, study_id, actor=login.name)
    except Final as error:
        return go(f"/studies/{study_id}", note=error.code)
    return go(f"/studies/{study_id}", note="reprocess")


@router.post("/studies/{study_id}/resend")
def resend(study_id: RowId, node: NodeDep, login: LoginDep, form: FormDep) -> Response:
    """Send objects again: what failed, all to one destination, or one to one destination."""
    _study(node, study_id)
    results = queries.results(node.database, study_id)
    if not results:
        return go(f"/studies/{study_id}", note=Code.RESULT_UNKNOWN)
    what, result_id = form.get("what", ""), results[0].id
    object_id: int | None = None
    destination: str | None = None
    if what == "delivery":
        row = queries.delivery(node.database, study_id, _number(form.get("delivery", "")))
        if row is None:
            raise HTTPException(404)
        object_id, destination, result_id = row.object_id, row.destination, row.result_id
    elif what == "destination":
        destination = form.get("destination", "")
    elif what != "failed":
        raise HTTPException(400, "Say what to send again.")
    try:
        count = deliveries.resend(
            node.database,
            result_id,
            destinations=[one.name for one in node.settings.destinations],
            actor=login.name,
            object_id=object_id,
            destination=destination,
            only_failed=what == "failed",
        )
    except Final as error:
        return go(f"/studies/{study_id}", note=error.code)
    return go(f"/studies/{study_id}", note="resend" if count else "resend-nothing")


def _study(node: Node, study_id: int) -> Study:
    study = queries.study(node.database, study_id)
    if study is None:
        raise HTTPException(404)
    return study


def _shown(node: Node, study_id: int, results: list[Result], wanted: int | None) -> Result | None:
    if wanted is None and not results:
        return None
    found = queries.result(node.database, study_id, wanted if wanted is not None else results[0].id)
    if found is None:
        raise HTTPException(404)
    return found


def _id(result: Result | None) -> int | None:
    return result.id if result else None


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _where(node: Node, study: Study, results: list[Result]) -> dict[str, Any]:
    return {
        "badge": badges.STUDY[study.state],
        "sentence": _sentence(node, study, results),
        "since": study.changed_at,
        "can_reprocess": study.state in badges.REPROCESSABLE,
        "can_resend": study.state is StudyState.UNDELIVERED,
        "newest": results[0].id if results else 0,
    }


def _sentence(node: Node, study: Study, results: list[Result]) -> str:
    """Where the study is now, in one sentence; while it is sent, with what has arrived."""
    if study.state not in (StudyState.DONE, StudyState.DELIVERING) or not results:
        return study.reason or badges.STUDY[study.state].words.capitalize() + "."
    ledger = queries.ledger(node.database, results[0].id)
    if not ledger:
        return "Done. No destination is set, so the result is only here."
    arrived = [f"{line.delivered} of {line.total} objects at {line.destination}" for line in ledger]
    sentence = ("Delivered: " if study.state is StudyState.DONE else "Being sent: ") + ", ".join(arrived) + "."
    trouble = next((line.trouble for line in ledger if line.trouble), "")
    return f"{sentence} {trouble}".strip()


def _revision(result: Result) -> dict[str, Any]:
    return {
        "result": result,
        "badge": badges.Badge("replaced") if result.superseded else badges.RESULT[result.status],
        "took": result.finished_at - result.started_at,
    }


def _ledger(node: Node, study_id: int, result: Result | None, login: Login) -> dict[str, Any]:
    objects = queries.objects(node.database, result.id) if result else []
    names = [one.name for one in node.settings.destinations]
    may_leave = result is not None and not result.superseded and result.status is not ResultStatus.HELD
    return {
        "objects": [_object(one, objects) for one in objects],
        "destinations": names,
        "can_act": may_leave,
        "timeline": history.days(queries.events(node.database, study_id)),
    }


def _object(made: ResultObject, others: list[ResultObject]) -> dict[str, Any]:
    siblings = [one.id for one in others if one.series_instance_uid == made.series_instance_uid]
    return {
        "made": made,
        "number": siblings.index(made.id) + 1,
        "of": len(siblings),
        "class_words": _CLASS_WORDS.get(made.sop_class_uid, made.sop_class_uid),
        "deliveries": [_delivery(one) for one in made.deliveries],
    }


def _delivery(row: Delivery) -> dict[str, Any]:
    waiting = row.state is DeliveryState.WAITING
    return {
        "row": row,
        "badge": badges.delivery_badge(row.state, attempts=row.attempts),
        "waiting": waiting,
        "due": waiting and row.next_attempt_at <= datetime.now(UTC),
    }
