"""What every request passes on its way in and out: a number, a size limit, headers, a line in the
log; and what broke is told to the log only. Plain ASGI: Starlette's own base class costs more.
"""

import logging
import re
import secrets
from time import perf_counter

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import problems
from api.problems import Told
from api.words import BY_STATUS

MEGABYTE = 1024 * 1024
LARGEST = MEGABYTE
LARGER = {
    re.compile(r"/api/work-orders/\d+/attachments"): 12 * MEGABYTE,
    re.compile(r"/work-orders/\d+/files"): 12 * MEGABYTE,
    re.compile(r"/api/alarm-sources/[^/]+/receipts"): 12 * MEGABYTE,
    re.compile(r"/api/imports"): 24 * MEGABYTE,  # 100,000 rows and more
    re.compile(r"/api/diagrams(/checks)?"): 8 * MEGABYTE,  # the gate takes 2 MB a file
    re.compile(r"/api/drafts/(uploads|\d+/(files|checks))"): 8 * MEGABYTE,
    re.compile(r"/drafts/\d+/(texts|tables)/[^/]+"): 8 * MEGABYTE,
}
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
HSTS = "max-age=31536000"  # a year
log = logging.getLogger("baton.requests")


class Wire:
    """The outermost layer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id, start, status = secrets.token_hex(6), perf_counter(), 0
        scope.setdefault("state", {})["request_id"] = request_id

        async def tell(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _add_headers(message, scope, request_id)
            await send(message)

        try:
            await self.app(scope, receive, tell)
        except Exception:
            log.exception("request %s broke", request_id)
            if status:
                raise  # half an answer is out: only breaking off tells
            await _tell_broken(scope, receive, tell, request_id)
        finally:
            _log(scope, request_id, status, perf_counter() - start)


class SizeLimit:
    """Refuses a body that is too large, without reading it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit, length = _limit(scope["path"]), Headers(scope=scope).get("content-length", "0")
        if length.isdecimal() and int(length) > limit:
            answer = problems.answer(Request(scope), 413, Told(*BY_STATUS[413]))
            await answer(scope, receive, send)
            return
        left = limit

        async def count() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise HTTPException(413)
            return message

        await self.app(scope, count, send)


def _limit(path: str) -> int:
    return next((limit for where, limit in LARGER.items() if where.fullmatch(path)), LARGEST)


def _add_headers(message: Message, scope: Scope, request_id: str) -> None:
    headers = MutableHeaders(scope=message)
    headers["X-Request-Id"] = request_id
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    if scope["scheme"] == "https":
        headers.setdefault("Strict-Transport-Security", HSTS)


async def _tell_broken(scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
    told = Told(
        "failed",
        f"服务器出错了,请把编号 {request_id} 告诉管理员",
        f"Something broke here: tell an administrator the number {request_id}",
    )
    await problems.answer(Request(scope), 500, told)(scope, receive, send)


def _log(scope: Scope, request_id: str, status: int, seconds: float) -> None:
    # Not the query: people search for names and phone numbers.
    who = scope["state"].get("login", "-")
    took = f"{seconds * 1000:.1f} ms"
    log.info("%s %s %s %s %s %s", request_id, scope["method"], scope["path"], status, took, who)
