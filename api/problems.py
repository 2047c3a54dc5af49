"""What every refusal looks like from outside: a problem of RFC 9457, in Chinese and English.

Called by api/app.py, which alone knows the status codes.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import orjson
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from api.words import BY_CLASS, BY_STATUS, TITLES, UNKNOWN, say_wrong
from tasks.refusals import Refusal

MEDIA_TYPE = "application/problem+json"


class FieldProblem(BaseModel):
    """What is wrong with one field of the request."""

    field: str = Field(examples=["answers.cause"])
    zh: str = Field(examples=["必填"])
    en: str = Field(examples=["is required"])


class Problem(BaseModel):
    """Why a request was refused, and what to do next. `detail` is `zh` or `en`, as asked for."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(examples=["urn:baton:not-allowed"])
    title: str = Field(examples=["现在不能这样做"])
    status: int = Field(examples=[409])
    detail: str = Field(examples=["工单 17 现在是“归档”(liu),不能这样做,请刷新后再看"])
    zh: str = Field(examples=["工单 17 现在是“归档”(liu),不能这样做,请刷新后再看"])
    en: str = Field(
        examples=["Work order 17 is closed (liu): this cannot be done now, reload to see"]
    )
    fields: list[FieldProblem] = []
    request_id: str = Field(default="", examples=["9f2c61d0a7be"])


@dataclass(frozen=True)
class Told:
    """What there is to say of an error, before it has a status and a language."""

    code: str
    zh: str
    en: str
    fields: list[dict[str, str]] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)


def tell(error: Exception) -> Told:
    """What to say of it. Nothing of a library's own message gets out."""
    if isinstance(error, Refusal):
        facts = dict(error.facts)
        return Told(error.code, error.zh, error.en, facts.pop("fields", []), facts)
    if isinstance(error, RequestValidationError):
        return _tell_invalid(error.errors())
    if isinstance(error, HTTPException):
        return Told(*BY_STATUS.get(error.status_code, UNKNOWN))
    return Told(
        *next((said for kind, said in BY_CLASS.items() if isinstance(error, kind)), UNKNOWN)
    )


def answer(
    request: Request, status: int, told: Told, headers: dict[str, str] | None = None
) -> Response:
    language = language_of(request)
    zh_title, en_title = TITLES.get(told.code, TITLES["refused"])
    content = told.facts | {
        "type": f"urn:baton:{told.code}",
        "title": en_title if language == "en" else zh_title,
        "status": status,
        "detail": told.en if language == "en" else told.zh,
        "zh": told.zh,
        "en": told.en,
        "fields": told.fields,
        "request_id": getattr(request.state, "request_id", ""),
    }
    headers = {"Content-Language": language, **(headers or {})}
    return Response(orjson.dumps(content), status, headers, MEDIA_TYPE)


def language_of(request: Request) -> str:
    """What Accept-Language asks for, else the person's own, else Chinese."""
    wanted = []
    for part in request.headers.get("accept-language", "").lower().split(","):
        tag, _, weight = part.partition(";q=")
        if tag.strip()[:2] in ("zh", "en"):
            wanted.append((_weigh(weight), tag.strip()[:2]))
    if wanted:
        return max(wanted, key=lambda pair: pair[0])[1]
    return getattr(request.state, "language", "zh")


def _weigh(text: str) -> float:
    try:
        return float(text or 1)
    except ValueError:
        return 0.0


def _tell_invalid(errors: Iterable[Any]) -> Told:
    fields = []
    for error in errors:
        zh, en = say_wrong(error["type"], error.get("ctx", {}), error["msg"])
        fields.append({"field": _name(error["loc"]), "zh": zh, "en": en})
    zh = ";".join(f"{wrong['field']} {wrong['zh']}" for wrong in fields)
    en = "; ".join(f"{wrong['field']} {wrong['en']}" for wrong in fields)
    return Told("invalid", f"请改正后再试:{zh}", f"Correct and try again: {en}", fields)


def _name(place: tuple[str | int, ...]) -> str:
    """("body", "answers", "cause") is answers.cause; a place in broken JSON is the body itself."""
    inside = [str(part) for part in place[1:]]
    return ".".join(inside) if inside and not inside[0].isdigit() else str(place[0])
