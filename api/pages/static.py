"""Style and script: files as they stand in static/, kept by browsers until their mark changes."""

from typing import Any

from starlette.responses import Response
from starlette.staticfiles import StaticFiles

from api.pages.paper import STATIC

A_YEAR = "public, max-age=31536000, immutable"


def files() -> StaticFiles:
    return _Kept(directory=STATIC)


class _Kept(StaticFiles):
    def file_response(self, *given: Any, **named: Any) -> Response:
        answer = super().file_response(*given, **named)
        answer.headers["Cache-Control"] = A_YEAR
        return answer
