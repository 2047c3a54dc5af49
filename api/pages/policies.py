"""Policies as pages: their versions, and editing one as JSON with findings beside their lines."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any

import orjson
from fastapi import Query
from starlette.responses import Response

from api import policies as policy_routes
from api.deps import Turn, allow
from api.pages.pages import again_by, first, go, make_pages, show, typed
from bpmn import policies as published
from tasks.refusals import wrong

router = make_pages()
PLACE = "/administration/policies"
Number = Annotated[int | None, Query(ge=0, le=10**9)]
Said = Mapping[str, str]
TOKEN = re.compile(r'"(?P<key>(?:[^"\\]|\\.)*)"(?=\s*:)|"(?:[^"\\]|\\.)*"|[{}\[\],]')


@router.get(PLACE)
def list_policies(turn: Turn = allow("policies:read")) -> Response:
    return show(turn, "policies/list.html", policies=policy_routes.list_policies(turn=turn))


@router.get(f"{PLACE}/{{key}}")
def show_policy(key: str, number: Number = None, turn: Turn = allow("policies:read")) -> Response:
    state = turn.request.state
    told = getattr(state, "told", None)
    content = first(getattr(state, "typed", {}), "content")
    return _show(turn, key, number, content, told.fields if told else [])


@router.post(f"{PLACE}/{{key}}")
@again_by(show_policy)
def publish(key: str, turn: Turn = allow("policies:publish", raw=True)) -> Response:
    """What counts from now on. What has begun goes on by the version that it began with."""
    told = typed(turn)
    reason, content = first(told, "reason"), _read(first(told, "content"))
    published.publish(turn.session, key, content, reason=reason, by=turn.person, now=turn.now)
    return go(f"{PLACE}/{key}")


@router.post(f"{PLACE}/{{key}}/checks")
@again_by(show_policy)
def check(key: str, turn: Turn = allow("policies:read", readonly=True, raw=True)) -> Response:
    """What would be said of it. Nothing is stored."""
    content = first(typed(turn), "content")
    found = published.find_wrong(turn.session, key, _read(content))
    findings = [{"field": one.path, "zh": one.zh, "en": one.en} for one in found]
    return _show(turn, key, None, content, findings, is_checked=True)


def _show(
    turn: Turn,
    key: str,
    number: int | None,
    content: str,
    findings: Iterable[Said],
    *,
    is_checked: bool = False,
) -> Response:
    """`content`: what was typed; empty where the page is opened."""
    policy = policy_routes.show(key, turn=turn, number=number)
    text = content or orjson.dumps(policy.content, option=orjson.OPT_INDENT_2).decode()
    remarks = [one.model_dump() for one in policy.warnings]
    return show(
        turn,
        "policies/show.html",
        policy=policy,
        content=text,
        findings=[_at_line(text, one) for one in findings],
        warnings=[_at_line(text, one) for one in remarks],
        versions=policy_routes.list_versions(key, turn=turn),
        is_checked=is_checked,
    )


def _at_line(text: str, said: Said) -> dict[str, Any]:
    line = find_line(text, said["field"])
    lines = text.splitlines()
    return {**said, "line": line, "words": lines[line - 1].strip()[:120] if line else ""}


def find_line(text: str, path: str) -> int:
    """Where “calendars.office.years” or “rows[2].to” stands in the text, from 1; or the nearest
    place around it; else 0."""
    places, names = _first_places(text), [name for name in re.split(r"[.\[\]]+", path) if name]
    for depth in range(len(names), 0, -1):
        at = places.get(".".join(names[:depth]))
        if at is not None:
            return text.count("\n", 0, at) + 1
    return 0


def _first_places(text: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for path, at in _places(text):
        found.setdefault(path, at)
    return found


def _places(text: str) -> Iterator[tuple[str, int]]:
    """Each path in a text of JSON, and where it begins."""
    names: list[str | int] = []
    for found in TOKEN.finditer(text):
        sign, last = found[0], names[-1] if names else None
        if sign in "}]":
            del names[-1:]
        elif sign in "{[":
            names.append("" if sign == "{" else 0)
        elif sign == "," and isinstance(last, int):
            names[-1] = last + 1
        elif found["key"] is not None and isinstance(last, str):
            names[-1] = found["key"]
        yield ".".join(map(str, names)), found.start()


def _read(text: str) -> dict[str, Any]:
    try:
        content = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        zh = f"第 {error.lineno} 行第 {error.colno} 列不是有效的 JSON"
        raise wrong("content", zh, f"line {error.lineno}, {error.colno}: this is no JSON") from None
    if not isinstance(content, dict):
        raise wrong("content", "须为 JSON 对象", "has to be an object")
    return content
