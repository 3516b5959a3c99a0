"""How the node does: for people, and for monitoring."""

import platform
import shutil
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from config.errors import StorageUnavailable
from panel import badges, health, metrics, queries
from panel.deps import LoginDep, NodeDep
from storage import figures, heartbeats
from storage.session import Database
from storage.studies import count_states

open_router = APIRouter()
router = APIRouter()

_PACKAGES = (
    "axspa-node",
    "pynetdicom",
    "pydicom",
    "highdicom",
    "keras",
    "tensorflow",
    "tensorflow-cpu",
    "sqlalchemy",
    "fastapi",
)


@open_router.get("/health")
def health_check(node: NodeDep) -> Response:
    """200 while all is well, else 503; without log-in, so it tells monitoring and nobody else anything."""
    checks = health.check(node.settings, node.database)
    well = all(one.well for one in checks)
    content = {
        "status": "ok" if well else "failing",
        "checks": {one.name: "ok" if one.well else "failing" for one in checks},
        "oldest_waiting_s": _oldest_waiting_s(node.database),
    }
    return JSONResponse(content, status_code=200 if well else 503)


@open_router.get("/ready")
def readiness(node: NodeDep) -> Response:
    """200 while studies are received and analysed, whatever becomes of destinations; else 503."""
    ready = all(one.well for one in health.check(node.settings, node.database) if one.needed)
    return JSONResponse({"status": "ready" if ready else "not ready"}, status_code=200 if ready else 503)


@open_router.get("/metrics")
def read_metrics(request: Request, node: NodeDep) -> Response:
    """Figures for Prometheus, for those whom the settings name.

    Raises
    ------
    HTTPException
        The client is none of them (403).
    """
    if not metrics.may_read(node.settings.metrics, request.client, request.headers.get("authorization", "")):
        raise HTTPException(403, "The settings (metrics.readers, metrics.token) do not let you read this.")
    return Response(metrics.page(node.settings, node.database), media_type=metrics.CONTENT_TYPE)


def _oldest_waiting_s(database: Database) -> float | None:
    try:
        return round(figures.oldest_waiting_s(database), 1)
    except StorageUnavailable:
        return None


@router.get("/status")
def status_page(node: NodeDep, login: LoginDep) -> Response:
    """Processes, disk, bundle, destinations, versions."""
    now = datetime.now(UTC)
    beats = heartbeats.all_beats(node.database)
    counts = count_states(node.database)
    usage = shutil.disk_usage(node.settings.data_dir)
    ledger = {line.name: line for line in queries.destinations(node.database)}
    return node.pages.render(
        "status.html",
        login=login,
        section="/status",
        checks=health.check(node.settings, node.database, now=now),
        beats=[(beat, now - beat.at < health.STALE_AFTER) for beat in beats],
        counts=[(state.value, badge, counts.get(state, 0)) for state, badge in badges.STUDY.items()],
        usage=usage,
        destinations=[(one, ledger.pop(one.name, None)) for one in node.settings.destinations],
        gone=list(ledger.values()),
        settings=node.settings,
        model=queries.last_model(node.database),
        versions=_versions(),
        database_kind=node.database.engine.dialect.name,
    )


def _versions() -> list[tuple[str, str]]:
    found = [("Python", platform.python_version())]
    for name in _PACKAGES:
        try:
            found.append((name, version(name)))
        except PackageNotFoundError:
            continue
    return found
