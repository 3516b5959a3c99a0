"""What every answer carries and every request must bring: security headers, small bodies, anti-forgery tokens."""

import hmac
import logging
import re
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_log = logging.getLogger(__name__)

MAX_BODY_BYTES = 64 * 1024
_STATIC = "/static/"
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "object-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_LOCAL_PATH = re.compile(r"/[A-Za-z0-9_\-./?=&%]*\Z")


class SecurityHeaders:
    """ASGI middleware: puts the security headers on every answer; only static files may be stored."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and complete the headers of its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
                if scope["path"].startswith(_STATIC) and message["status"] in (200, 304):
                    headers["Cache-Control"] = "public, max-age=3600"
                else:
                    headers["Cache-Control"] = "no-store"
            await send(message)

        await self._app(scope, receive, send_with_headers)


class LastResort:
    """ASGI middleware: an error nobody foresaw becomes a plain page, and a log line that says where but not what.

    The text of such an error may hold what a person typed or a patient's name, so it is not written down.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and map what goes wrong."""
        began = False

        async def send_noted(message: Message) -> None:
            nonlocal began
            began = True
            await send(message)

        try:
            await self._app(scope, receive, send_noted)
        except Exception as error:  # noqa: BLE001 - the edge of the panel
            _log.error("panel error %s at %s", type(error).__name__, _place(error))
            if not began and scope["type"] == "http":
                answer = PlainTextResponse(
                    "Something went wrong here. The log of the panel says where.", status_code=500
                )
                await answer(scope, receive, send)


def _place(error: Exception) -> str:
    trace, place = error.__traceback__, "unknown place"
    while trace is not None:
        code = trace.tb_frame.f_code
        if "site-packages" not in code.co_filename:
            place = f"{code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno} {code.co_name}"
        trace = trace.tb_next
    return place


class SmallBodies:
    """ASGI middleware: refuses a request body of more than 64 kB before it is read into memory."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a body announced as too large, or cut the connection off once it becomes so."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "0")
        if not announced.isdecimal() or int(announced) > MAX_BODY_BYTES:
            refusal = PlainTextResponse(f"A request may hold {MAX_BODY_BYTES} bytes.", status_code=413)
            await refusal(scope, receive, send)
            return
        seen = 0

        async def receive_counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            return {"type": "http.disconnect"} if seen > MAX_BODY_BYTES else message

        await self._app(scope, receive_counted, send)


def same(expected: str, received: str) -> bool:
    """True where two secrets are equal and not empty; compared in constant time."""
    return bool(expected) and hmac.compare_digest(expected.encode(), received.encode())


def from_another_site(headers: Headers) -> bool:
    """True where the browser says that a request was made by another site (Fetch Metadata)."""
    return headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none")


def safe_next(value: str) -> str:
    """Where to go after login: a path of this panel, else the start page; nothing that may be taken for a host."""
    parts = urlsplit(value)
    if parts.scheme or parts.netloc or value.startswith("//") or not _LOCAL_PATH.match(value):
        return "/"
    return "/" if value.startswith(("/login", "/logout")) else value
