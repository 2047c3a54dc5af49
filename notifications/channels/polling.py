"""Asking a far side for a list: one GET, or as many as the list has pages. Called by
workflows/resync.py; the only thing here that asks and does not tell.
"""

import time
from typing import Any

import httpx
import orjson

from notifications.channels import http
from notifications.refusals import NotSent

PAGES = 1_000
LONGEST = 120.0  # seconds for all of them: whoever waits for other sources waits as long
DIGITS = 9  # of a count that somebody may mean


def fetch_list(name: str, url: str, token: str, *, most: int) -> bytes:
    """What `url` answers; of a list in pages (a link to the next one, or fewer than X-Total-Count)
    all of them as one JSON array. NotSent where it tells nothing, or more than `most` bytes.
    """
    headers = {"Accept": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    content, answer = http.get(name, url, headers, most=most)
    if not _has_more(answer, []):
        return content
    found, until = _read(name, content), time.monotonic() + LONGEST
    for _ in range(PAGES):
        if not _has_more(answer, found):
            return orjson.dumps(found)
        if time.monotonic() > until:
            raise NotSent(f"{name} took more than {LONGEST:.0f} s for all of its pages")
        content, answer = http.get(name, _next(name, url, answer, found), headers, most=most)
        page = _read(name, content)
        if not page:
            raise NotSent(f"{name} says that there is more, and tells no more")
        found += page
        most -= len(content)
    raise NotSent(f"{name} has more than {PAGES} pages", is_final=True)


def _has_more(answer: httpx.Response, found: list[Any]) -> bool:
    """TMF630 counts all in X-Total-Count; others link to the next page."""
    total = answer.headers.get("x-total-count", "")
    is_count = total.isdecimal() and len(total) <= DIGITS
    return "next" in answer.links or (is_count and len(found) < int(total))


def _next(name: str, url: str, answer: httpx.Response, found: list[Any]) -> str:
    """Never another machine: the token is for this one."""
    first = httpx.URL(url)
    if "next" not in answer.links:
        return str(first.copy_set_param("offset", str(len(found))))
    following = first.join(answer.links["next"].get("url", ""))
    if (following.scheme, following.host, following.port) != (first.scheme, first.host, first.port):
        raise NotSent(f"{name} sends us to another machine for its next page", is_final=True)
    return str(following)


def _read(name: str, content: bytes) -> list[Any]:
    try:
        found = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise NotSent(f"{name} answers in pages that are not JSON") from error
    if not isinstance(found, list):
        raise NotSent(f"{name} answers in pages that are no lists")
    return found
