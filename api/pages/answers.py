"""What was typed into a form, as the answers that its JSON Schema asks for.

An empty field is no answer. What cannot be read stays as it was typed: the check of the form says
what is wrong with it, beside the field.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from api.pages.paper import ZONE
from tasks.refusals import wrong

Schema = Mapping[str, Any]
Typed = Mapping[str, list[str]]
PREFIX = "answers."  # of the names of fields, so that they are those that refusals name


def read(schema: Schema, typed: Typed) -> dict[str, Any]:
    answers = {}
    for name, field in schema.get("properties", {}).items():
        values = [one.strip() for one in typed.get(PREFIX + name, []) if one.strip()]
        if values:
            answers[name] = _READ.get(kind_of(field), _as_typed)(values)
    return answers


def shown(schema: Schema, answers: Mapping[str, Any] | None) -> dict[str, list[str]]:
    """Answers that were given, as `typed` would have them: what a form begins with."""
    fields = schema.get("properties", {})
    return {
        PREFIX + name: [_write(kind_of(fields[name]), one) for one in _listed(value)]
        for name, value in (answers or {}).items()
        if name in fields and value is not None
    }


def as_instant(text: str, name: str) -> datetime:
    """Of a field of our own that asks when; Invalid names it."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise wrong(name, "请选择时间", "choose a time") from None
    return at if at.tzinfo else at.replace(tzinfo=ZONE)


def kind_of(field: Schema) -> str:
    """How a field is asked: choice, choices, yes_no, number, moment, day, text, line."""
    if "enum" in field:
        return "choice"
    kind = field.get("type")
    if kind == "array":
        return "choices"
    if kind == "boolean":
        return "yes_no"
    if kind in ("integer", "number"):
        return str(kind)
    if field.get("format") in ("date-time", "date"):
        return {"date-time": "moment", "date": "day"}[field["format"]]
    return "text" if field.get("maxLength", 0) > 200 else "line"


def _as_typed(values: list[str]) -> Any:
    return values[0]


def _as_number(values: list[str]) -> Any:
    try:
        return float(values[0]) if "." in values[0] else int(values[0])
    except ValueError:
        return values[0]


def _as_moment(values: list[str]) -> Any:
    """What a browser tells has no zone: it is that of the viewer."""
    try:
        at = datetime.fromisoformat(values[0])
    except ValueError:
        return values[0]
    return (at if at.tzinfo else at.replace(tzinfo=ZONE)).isoformat()


def _as_yes_no(values: list[str]) -> Any:
    return {"yes": True, "no": False}.get(values[0], values[0])


_READ: Mapping[str, Any] = {
    "choices": list,
    "integer": _as_number,
    "number": _as_number,
    "moment": _as_moment,
    "yes_no": _as_yes_no,
}


def _write(kind: str, value: Any) -> str:
    if kind == "yes_no":
        return "yes" if value else "no"
    if kind == "moment":
        try:
            at = datetime.fromisoformat(str(value).upper())
        except ValueError:
            return str(value)
        return f"{(at.astimezone(ZONE) if at.tzinfo else at):%Y-%m-%dT%H:%M}"
    return str(value)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
