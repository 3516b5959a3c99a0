"""One origin for a page and all that it asks for: folders of files, and a server behind."""

import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.factories.waiting import listens, wait_until
from tests.programs import free_port

CONFIGURATION = Path(__file__).with_name("app-config.js")
EMPTY_PAGE = "<!doctype html><html lang=en><link rel=icon href=data:><title>empty</title>"
_PASSED_ON = ("accept", "range")
_PASSED_BACK = ("content-type", "content-range")
# Threads that share memory are only for pages that nothing of another origin can look into.
_ISOLATION = [
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-embedder-policy", b"require-corp"),
    (b"cross-origin-resource-policy", b"same-origin"),
]


class _Isolated:
    """Adds the headers of an isolated origin to every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *_ISOLATION]
            await send(message)

        await self.app(scope, receive, sending)


def viewer(folder: Path, pacs: httpx.URL | str) -> Starlette:
    """The built viewer with our configuration, before the DICOMweb of a PACS; every other address is the viewer's."""
    client = httpx.AsyncClient(base_url=pacs, timeout=120)

    @asynccontextmanager
    async def running(_: Starlette) -> AsyncIterator[None]:
        yield
        await client.aclose()

    async def dicomweb(request: Request) -> Response:
        headers = {name: request.headers[name] for name in _PASSED_ON if name in request.headers}
        address = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        answer = await client.get(address, headers=headers)
        back = {name: answer.headers[name] for name in _PASSED_BACK if name in answer.headers}
        return Response(answer.content, answer.status_code, back)

    def file(request: Request) -> FileResponse:
        path = folder / request.path_params["path"]
        return FileResponse(path if path.is_file() else folder / "index.html")

    routes = [
        Route("/dicom-web/{path:path}", dicomweb),
        Route("/app-config.js", lambda _: FileResponse(CONFIGURATION)),
        Route("/{path:path}", file),
    ]
    return Starlette(routes=routes, middleware=[Middleware(_Isolated)], lifespan=running)


def folders(places: Mapping[str, Path]) -> Starlette:
    """An empty page, and folders by the first part of the address."""
    mounts = [Mount(f"/{name}", StaticFiles(directory=folder)) for name, folder in places.items()]
    return Starlette(routes=[Route("/", lambda _: HTMLResponse(EMPTY_PAGE)), *mounts])


@contextmanager
def served(app: Starlette) -> Iterator[str]:
    """Serve on a free port of the loopback, in a thread; the address."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="critical", access_log=False))
    thread = threading.Thread(target=server.run, name="origin", daemon=True)
    thread.start()
    try:
        wait_until(lambda: not thread.is_alive() or listens(port), 60, "the origin to listen")
        assert thread.is_alive(), "the origin ended before it listened"
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(30)
