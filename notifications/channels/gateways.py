"""Gateways as data: how to ask each robot or SMS gateway, and how to read what it answers.

Shipped: gateways.json. BATON_GATEWAYS is a file of one's own that adds to it. Every text of an
entry is a Jinja2 template over the settings (url, secret, user …), the message (key, to, title,
text), and the time (at, at_ms). `taken` and `refused` are expressions over `answer` as well.
"""

import base64
import hashlib
import hmac
import json
import os
import time
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from jinja2 import StrictUndefined, TemplateError, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from notifications.channels import http
from notifications.refusals import NotSent

Told = dict[str, Any]


def send(name: str, settings: Told, message: Told) -> None:
    """Send one message. `name` is what errors call the far side."""
    gateway = _find(str(settings.get("gateway", "")))
    now = time.time()  # the far side compares it with its own clock
    told = {
        "secret": "",
        "user": "",
        **settings,
        **message,
        "at": int(now),
        "at_ms": int(now * 1000),
    }
    try:
        url, content, headers = _ask(gateway, told)
    except TemplateError as error:
        raise NotSent(f"{name}: {error.message}: see its settings", is_final=True) from error
    _judge(
        name,
        gateway,
        told | {"answer": http.read_object(name, http.post(name, url, content, headers))},
    )


def _ask(gateway: Told, told: Told) -> tuple[str, bytes, dict[str, str]]:
    body = _fill(gateway["body"], told)
    is_form = gateway.get("form", False)
    content = urlencode(body) if is_form else json.dumps(body, ensure_ascii=False)
    kind = "application/x-www-form-urlencoded" if is_form else "application/json; charset=utf-8"
    headers = {"Content-Type": kind, "Idempotency-Key": told["key"]}
    return (
        _fill(gateway["url"], told),
        content.encode(),
        headers | _fill(gateway.get("headers", {}), told),
    )


def _judge(name: str, gateway: Told, told: Told) -> None:
    """Many answer 200 whatever happened: what counts is in the body."""
    if _is(gateway["taken"], told):
        return
    why = json.dumps(told["answer"], ensure_ascii=False)[:300]
    raise NotSent(f"{name} answered {why}", is_final=_is(gateway.get("refused", "false"), told))


def _fill(given: Any, told: Told) -> Any:
    if isinstance(given, dict):
        return {key: _fill(value, told) for key, value in given.items()}
    return _language().from_string(given).render(told) if isinstance(given, str) else given


def _is(expression: str, told: Told) -> bool:
    return bool(_language(is_strict=False).compile_expression(expression)(told))


def _find(kind: str) -> Told:
    known = json.loads((Path(__file__).parent / "gateways.json").read_text(encoding="utf-8"))
    own = os.environ.get("BATON_GATEWAYS")
    try:
        known |= json.loads(Path(own).read_text(encoding="utf-8")) if own else {}
    except (OSError, ValueError) as error:
        raise NotSent(f"BATON_GATEWAYS cannot be read: {error}", is_final=True) from error
    if kind not in known:
        told = ", ".join(known)
        raise NotSent(f"No gateway “{kind}”: the gateways are {told}", is_final=True)
    return dict(known[kind])


@cache
def _language(is_strict: bool = True) -> ImmutableSandboxedEnvironment:
    language = ImmutableSandboxedEnvironment(undefined=StrictUndefined if is_strict else Undefined)
    language.filters |= {"hmac": _hmac, "base64": _base64, "cut": _cut, "quote": _quote}
    return language


def _hmac(text: str, key: str) -> str:
    """HMAC-SHA256 in base64."""
    return _base64(hmac.digest(key.encode(), text.encode(), hashlib.sha256))


def _base64(given: str | bytes) -> str:
    return base64.b64encode(given.encode() if isinstance(given, str) else given).decode()


def _quote(text: str) -> str:
    return quote(text, safe="")


def _cut(text: str, most: int) -> str:
    """At most so many bytes of UTF-8."""
    content = text.encode()
    return text if len(content) <= most else content[: most - 3].decode(errors="ignore") + "…"
