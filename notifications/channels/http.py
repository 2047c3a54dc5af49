"""One request to a far side, within limits of time and size. Called by the channels that speak
HTTP, and by polling.py.

Nothing that is raised here holds the address: a robot's address is its key.
"""

import json
import os
import ssl
import time
from functools import cache
from typing import Any

import httpx

from notifications.refusals import NotSent

SECONDS = 10.0  # how long the far side may keep silent
LONGEST = 30.0  # how long it may take in all
LARGEST = 256 * 1024  # bytes of an answer
PASSING = {408, 409, 425, 429}  # the same may be taken later
DOWN = {502, 503, 504}  # what a proxy says where nobody is behind it


def post(name: str, url: str, content: bytes, headers: dict[str, str]) -> bytes:
    """What the far side called `name` answers, if that is a success. Redirects are not followed."""
    return _ask(name, "POST", url, headers, LARGEST, content)[0]


def get(name: str, url: str, headers: dict[str, str], *, most: int) -> tuple[bytes, httpx.Response]:
    """What it answers, at most so many bytes; and the answer's status and headers."""
    return _ask(name, "GET", url, headers, most)


def read_object(name: str, content: bytes) -> dict[str, Any]:
    """The JSON object that was answered, or {} where nothing was."""
    try:
        found = json.loads(content or b"{}")
    except ValueError as error:
        raise NotSent(f"{name} did not answer in JSON", is_final=True) from error
    return found if isinstance(found, dict) else {"answer": found}


def settings(variable: str) -> dict[str, Any]:
    """The JSON object in a variable of the environment; {} where it is not set."""
    try:
        found = json.loads(os.environ.get(variable) or "{}")
    except ValueError as error:
        raise NotSent(f"{variable} is not JSON: {error}", is_final=True) from error
    if not isinstance(found, dict):
        raise NotSent(f"{variable} is no JSON object", is_final=True)
    return found


def has_settings(variable: str) -> bool:
    try:
        return bool(settings(variable))
    except NotSent:
        return False


def _ask(
    name: str, method: str, url: str, headers: dict[str, str], most: int, content: bytes = b""
) -> tuple[bytes, httpx.Response]:
    try:
        with httpx.stream(
            method, url, content=content, headers=headers, timeout=SECONDS, verify=_trust()
        ) as answer:
            _check(name, answer)
            return _read(name, answer, most), answer
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.LocalProtocolError) as error:
        raise NotSent(f"{name}: its address cannot be used", is_final=True) from error
    except httpx.HTTPError as error:
        raise NotSent(f"{name}: {type(error).__name__}", is_unreachable=True) from error


def _check(name: str, answer: httpx.Response) -> None:
    code = answer.status_code
    if answer.is_success:
        return
    is_final = code < 500 and code not in PASSING
    raise NotSent(f"{name} answered {code}", is_final=is_final, is_unreachable=code in DOWN)


def _read(name: str, answer: httpx.Response, most: int) -> bytes:
    content, until = bytearray(), time.monotonic() + LONGEST
    for part in answer.iter_bytes():
        content += part
        if len(content) > most:
            raise NotSent(f"{name} answered more than {most} bytes", is_final=True)
        if time.monotonic() > until:
            raise NotSent(f"{name} took more than {LONGEST:.0f} s", is_unreachable=True)
    return bytes(content)


@cache
def _trust() -> ssl.SSLContext:
    return httpx.create_ssl_context()  # 20 ms, where a notice takes one
