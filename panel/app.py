"""The panel's application, and the main function of its process."""

import logging
import signal
import socket
import threading
from collections.abc import Callable
from http import HTTPStatus
from importlib.metadata import version

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from config import logs
from config.codes import Code
from config.errors import Final, StorageUnavailable
from config.settings import Settings
from panel import alarms, auth, connections, health
from panel.deps import NeedsLoginError, get_login
from panel.looking import Looks
from panel.routes import audit, destinations, held, login, received, retraction, status, studies, study, users
from panel.security import LastResort, SecurityHeaders, SmallBodies, safe_next
from panel.shell import FOLDER, Login, Node, Pages
from storage import heartbeats
from storage.objects import ObjectStore
from storage.session import Database

log = logging.getLogger(__name__)

BEAT_EVERY_S = 15.0
WATCH_EVERY_S = 20.0
_WORDS = {
    403: "Not allowed",
    404: "There is no such page",
    405: "There is no such page",
    413: "Too large",
    415: "A form is expected",
}


def create_app(settings: Settings, database: Database, objects: ObjectStore) -> FastAPI:
    """Wire the panel.

    Parameters
    ----------
    settings : Settings
    database : Database
        Migrated.
    objects : ObjectStore
        Where the pictures are.
    """
    software_version = version("axspa-node")
    app = FastAPI(title="axspa-node", docs_url=None, redoc_url=None, openapi_url=None, version=software_version)
    pages = Pages(settings, software_version=software_version, trouble=lambda: health.trouble(settings, database))
    app.state.node = Node(settings, database, objects, pages)
    app.state.brake = auth.Brake()
    app.state.looks = Looks(database)
    for module in (login, status):
        app.include_router(module.open_router)
    for module in (login, studies, study, held, retraction, received, destinations, audit, status, users):
        app.include_router(module.router, dependencies=[Depends(get_login)])
    app.mount("/static", StaticFiles(directory=FOLDER / "static"), name="static")
    app.add_exception_handler(NeedsLoginError, _to_login)
    app.add_exception_handler(HTTPException, _error_page)
    app.add_exception_handler(RequestValidationError, _not_found)
    app.add_exception_handler(StorageUnavailable, _unavailable)
    app.add_middleware(SmallBodies)
    app.add_middleware(LastResort)
    app.add_middleware(SecurityHeaders)
    return app


def run_panel(settings: Settings, *, ready: Callable[[int], None] | None = None) -> None:
    """Serve the panel until SIGTERM; the main function of its process.

    Parameters
    ----------
    settings : Settings
    ready : callable, optional
        Called with the port once it is bound, which matters where the settings say 0.

    Raises
    ------
    Final
        The port cannot be used.
    """
    logs.setup(settings.logging)
    database = Database(settings.database_url)
    app = create_app(settings, database, ObjectStore(settings.data_dir / "objects"))
    listener = _listen(settings.panel.host, settings.panel.port)
    port = int(listener.getsockname()[1])
    server = connections.make_server(app)
    # uvicorn raises the signal that ended it once more when all is closed: an orderly end must not become a kill.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    stop = threading.Event()
    threading.Thread(target=_beat, args=(database, port, stop), name="heartbeat", daemon=True).start()
    watch = alarms.Watch(settings, database)
    threading.Thread(target=_watch, args=(watch, stop), name="alarms", daemon=True).start()
    log.info("The panel listens on port %d", port)
    if ready is not None:
        ready(port)
    try:
        server.run(sockets=[listener])
    finally:
        stop.set()
        database.dispose()


def _beat(database: Database, port: int, stop: threading.Event) -> None:
    while True:
        try:
            heartbeats.beat(database, "panel", detail={"port": port})
        except StorageUnavailable as error:
            log.warning("%s: %s", error.code, error.sentence)
        if stop.wait(BEAT_EVERY_S):
            return


def _watch(watch: alarms.Watch, stop: threading.Event) -> None:
    """The edge of a thread: whatever goes wrong in one look, the next one comes."""
    while not stop.wait(WATCH_EVERY_S):
        try:
            watch.look()
        except StorageUnavailable as error:
            log.warning("%s: %s", error.code, error.sentence)
        except Exception:
            log.exception("A look for alarms broke")


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise Final(Code.PANEL_PORT, f"The panel's port cannot be used ({error.strerror}): {host}:{port}") from None
    return listener


def _part(request: Request) -> bool:
    """True for a request made by a script of a page, which wants no page back."""
    return request.headers.get("x-panel-part") == "1" or request.url.path.startswith("/pictures/")


def _to_login(request: Request, _error: Exception) -> Response:
    if _part(request) or request.method != "GET":
        return PlainTextResponse("Log in first.", status_code=401)
    wanted = safe_next(request.url.path)
    return RedirectResponse("/login" if wanted == "/" else f"/login?next={wanted}", status_code=303)


def _who(request: Request) -> Login | None:
    node: Node = request.app.state.node
    try:
        return auth.current(node, request.cookies.get(auth.cookie_name(node.settings), ""))
    except StorageUnavailable:
        return None


def _page(request: Request, status_code: int, *, title: str, sentence: str) -> Response:
    if _part(request):
        return PlainTextResponse(title, status_code=status_code)
    node: Node = request.app.state.node
    return node.pages.render("error.html", login=_who(request), title=title, sentence=sentence, status_code=status_code)


def _error_page(request: Request, error: Exception) -> Response:
    status_code = error.status_code if isinstance(error, HTTPException) else 500
    detail = str(error.detail) if isinstance(error, HTTPException) else ""
    title = _WORDS.get(status_code, "This cannot be done")
    said = detail if detail != HTTPStatus(status_code).phrase else "It may have been moved or removed."
    return _page(request, status_code, title=title, sentence=said)


def _not_found(request: Request, _error: Exception) -> Response:
    return _page(request, 404, title=_WORDS[404], sentence="It may have been moved or removed.")


def _unavailable(request: Request, error: Exception) -> Response:
    sentence = error.sentence if isinstance(error, StorageUnavailable) else ""
    log.warning("%s on %s", error.code if isinstance(error, StorageUnavailable) else "error", request.method)
    return _page(request, 503, title="The node cannot answer now", sentence=sentence)
