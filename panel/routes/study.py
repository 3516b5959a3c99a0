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
from panel.shell import Node
from panel.words import class_words
from storage import destinations, held, kinds, resending, studies
from storage.kinds import Destinations
from storage.states import DeliveryState, StudyState
from storage.tables import Delivery, Result, ResultObject, Run, Study

router = APIRouter()


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
        deployments=_deployments(node, study_id, results),
        latest=shown is None or shown.id in _newest(results).values(),
        result=shown,
        view=view,
        viewer=bool(shown and shown.pictures),
        where=_where(node, study, results),
        ways=held.ways(node.database, study_id),
        longest_reason=held.LONGEST_REASON,
        **_ledger(node, study, shown),
    )


@router.get("/studies/{study_id}/where")
def study_where(study_id: RowId, node: NodeDep, login: LoginDep, looks: LooksDep, seen: int = 0) -> Response:
    """Only the line that says where the study is; tells the page to reload when a new result is there."""
    study, results = _study(node, study_id), queries.results(node.database, study_id)
    looks.at_study(login, study_id, result_id=None, part="where")
    answer = node.pages.render("study_where.html", login=login, study=study, where=_where(node, study, results))
    if _last(results) != seen:
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
        "study_objects.html", login=login, study=study, result=shown, **_ledger(node, study, shown)
    )


@router.get("/studies/{study_id}/results/{result_id}/viewer")
def viewer(study_id: RowId, result_id: RowId, node: NodeDep, login: LoginDep, looks: LooksDep) -> Response:
    """What the viewer needs: the pictures of each series and layer, in slice order.

    Raises
    ------
    HTTPException
        There is no such result of that study (404).
    """
    result = queries.result(node.database, study_id, result_id)
    if result is None:
        raise HTTPException(404)
    looks.at_study(login, study_id, result_id=result_id, part="viewer")
    return JSONResponse(summary.viewer(result))


@router.get("/pictures/{picture_id}")
def picture(picture_id: RowId, node: NodeDep, login: LoginDep, looks: LooksDep) -> Response:
    """One picture.

    Raises
    ------
    HTTPException
        There is none of that number, or it is no picture for a browser (404).
    """
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


@router.post("/studies/{study_id}/read-now")
def read_now(study_id: RowId, node: NodeDep, login: LoginDep, form: FormDep) -> Response:
    """Have the study read as it is, which waits for missing images."""
    _study(node, study_id)
    try:
        studies.read_now(node.database, study_id, actor=login.name)
    except Final as error:
        return go(f"/studies/{study_id}", note=error.code)
    return go(f"/studies/{study_id}", note="read-now")


@router.post("/studies/{study_id}/resend")
def resend(study_id: RowId, node: NodeDep, login: LoginDep, form: FormDep) -> Response:
    """Send objects again: what failed, all of a result to one destination, or one object to one destination.

    Raises
    ------
    HTTPException
        There is no such study or delivery (404), or it is not said what to send (400).
    """
    study, results = _study(node, study_id), queries.results(node.database, study_id)
    if not results:
        return go(f"/studies/{study_id}", note=Code.RESULT_UNKNOWN)
    what, object_id, destination = form.get("what", ""), None, None
    chosen = [one.id for one in results if resending.may_leave(study, one)] or [results[0].id]
    if what == "delivery":
        row = queries.delivery(node.database, study_id, _number(form.get("delivery", "")))
        if row is None:
            raise HTTPException(404)
        object_id, destination, chosen = row.object_id, row.destination, [row.result_id]
    elif what == "destination":
        destination, wanted = form.get("destination", ""), _number(form.get("result", ""))
        chosen = [wanted if wanted in {one.id for one in results} else results[0].id]
    elif what != "failed":
        raise HTTPException(400, "Say what to send again.")
    try:
        count = sum(
            resending.resend(
                node.database,
                result_id,
                destinations=node.settings.wishes,
                actor=login.name,
                object_id=object_id,
                destination=destination,
                only_failed=what == "failed",
            )
            for result_id in chosen
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


def _newest(results: list[Result]) -> dict[int, int]:
    """From each deployment to the number of its newest result."""
    found: dict[int, int] = {}
    for one in results:
        found.setdefault(one.deployment_id, one.id)
    return found


def _last(results: list[Result]) -> int:
    """The number of the result that was saved last; 0 where there is none."""
    return max((one.id for one in results), default=0)


def _where(node: Node, study: Study, results: list[Result]) -> dict[str, Any]:
    return {
        "badge": badges.STUDY[study.state],
        "sentence": _sentence(node, study, results),
        "since": study.changed_at,
        "can_reprocess": not study.state.busy,
        "can_read_now": study.state is StudyState.QUEUED and studies.waits_for_images(node.database, study.id),
        "can_resend": study.state is StudyState.UNDELIVERED
        and resending.lost_somewhere(node.database, study.id, [one.name for one in node.settings.destinations]),
        "newest": _last(results),
    }


def _sentence(node: Node, study: Study, results: list[Result]) -> str:
    """Where the study is now, in one sentence; while it is sent, with what has arrived."""
    begin = {StudyState.DONE: "Delivered: ", StudyState.DELIVERING: "Being sent: "}.get(study.state)
    if begin is None or not results:
        return study.reason or badges.STUDY[study.state].words.capitalize() + "."
    ledger = queries.ledger(node.database, study.id)
    if not ledger:
        kept = any(resending.may_leave(study, one) for one in results)
        why = "No destination is set, so" if kept else "Nothing of this study is sent:"
        return f"Done. {why} the result is only here."
    arrived = [f"{line.delivered} of {line.total} objects at {line.destination}" for line in ledger]
    sentence = begin + ", ".join(arrived) + "."
    trouble = next((line.trouble for line in ledger if line.trouble), "")
    return f"{sentence} {trouble}".strip()


def _deployments(node: Node, study_id: int, results: list[Result]) -> list[dict[str, Any]]:
    """What each deployment does with the study, where several read it."""
    runs: list[Run] = queries.runs(node.database, study_id)
    if len(runs) < 2:
        return []
    newest = _newest(results)
    return [
        {
            "run": run,
            "badge": badges.RUN[run.state],
            "purpose": badges.PURPOSE[run.deployment.purpose],
            "result_id": newest.get(run.deployment_id),
        }
        for run in runs
    ]


def _revision(result: Result) -> dict[str, Any]:
    return {
        "result": result,
        "badge": badges.Badge("replaced") if result.superseded else badges.RESULT[result.status],
        "took": result.finished_at - result.started_at,
    }


def _ledger(node: Node, study: Study, result: Result | None) -> dict[str, Any]:
    objects = queries.objects(node.database, result.id) if result else []
    opened = {row.name for row in destinations.every(node.database) if row.open}
    names = [one.name for one in node.settings.destinations if one.name in opened]
    return {
        "objects": [_object(one, objects, result, node.settings.wishes) for one in objects if result is not None],
        "destinations": names,
        "can_act": result is not None and resending.can_resend(node.database, result.id),
        "delivered": any(row.delivered_at for one in objects for row in one.deliveries),
        "stays": result is not None and not resending.may_leave(study, result),
        "timeline": history.days(queries.events(node.database, study.id)),
    }


def _object(
    made: ResultObject, others: list[ResultObject], result: Result, destinations: Destinations
) -> dict[str, Any]:
    siblings = [one.id for one in others if one.series_instance_uid == made.series_instance_uid]
    wanted, sent = kinds.wanted(made, result, destinations), {one.destination for one in made.deliveries}
    return {
        "made": made,
        "number": siblings.index(made.id) + 1,
        "of": len(siblings),
        "class_words": class_words(made.sop_class_uid),
        "deliveries": [_delivery(one) for one in made.deliveries],
        "wanted": wanted,
        "unwanted": [name for name in destinations if name not in wanted and name not in sent],
    }


def _delivery(row: Delivery) -> dict[str, Any]:
    waiting = row.state is DeliveryState.WAITING
    return {
        "row": row,
        "badge": badges.delivery_badge(row.state, attempts=row.attempts),
        "waiting": waiting,
        "due": waiting and row.next_attempt_at <= datetime.now(UTC),
        "proof": badges.PROOF.get(row.proof) if row.state is DeliveryState.DELIVERED else None,
    }
