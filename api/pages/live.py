"""Parts of pages that refresh themselves: script.js asks again, with the mark of what it has.

A poll and no stream: it needs nothing to be kept for it, and a connection that drops is the next
poll's business. Without script a page is as of when it was asked for.
"""

from hashlib import sha256
from typing import Any

from starlette.responses import Response

HEADER = "Baton-Mark"


def mark(signs: Any) -> str:
    """Another one where there is something else to be seen."""
    return sha256(repr(signs).encode()).hexdigest()[:16]


def same() -> Response:
    return Response(status_code=204)


def changed(answer: Response, mark: str) -> Response:
    answer.headers[HEADER] = mark
    return answer
