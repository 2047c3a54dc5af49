"""Forms: JSON Schema files beside the diagrams. Answers are checked here, on the server.

Called by runs.py when an order is completed, and by the checks before publishing. Patterns are
matched in time that grows with the text and no faster, whatever the author wrote.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import reduce
from itertools import chain, islice
from operator import itemgetter
from typing import Any

import orjson
from jsonschema_rs import Draft202012Validator, EmailOptions, RegexOptions, ValidationError

from bpmn.unfolding import BadReference, unfold
from tasks.refusals import Invalid

LARGEST = 64 * 1024  # bytes of one order's answers

REASONS = {  # JSON Schema keyword: what to tell in Chinese and in English, with the keyword's value
    "required": ("必填", "is required"),
    "additionalProperties": ("表单里没有这一项", "is not on the form"),
    "unevaluatedProperties": ("表单里没有这一项", "is not on the form"),
    "type": ("类型应为 {}", "must be of type {}"),
    "enum": ("应为 {} 之一", "must be one of {}"),
    "const": ("应为 {}", "must be {}"),
    "format": ("格式应为 {}", "must be a valid {}"),
    "pattern": ("格式不符：{}", "does not have the right form: {}"),
    "minLength": ("至少 {} 个字", "must have at least {} characters"),
    "maxLength": ("至多 {} 个字", "must have at most {} characters"),
    "minimum": ("不能小于 {}", "must be at least {}"),
    "maximum": ("不能大于 {}", "must be at most {}"),
    "minItems": ("至少选 {} 项", "needs at least {}"),
    "maxItems": ("至多选 {} 项", "takes at most {}"),
    "uniqueItems": ("不能重复", "must not repeat"),
}
MOST_TOLD = 50  # errors
MOST_TRIED = 50_000  # schemas × values; each error takes 10 µs, and all are made before the first
LARGEST_PATTERN = 128 * 1024  # bytes, compiled: 60 ms for the worst with the largest answers
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:[0-5]\d)", re.ASCII)


class BadForm(Exception):
    """Why it is no form, in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


@dataclass(frozen=True)
class Form:
    """Many threads use one: nothing in it changes."""

    schema: dict[str, Any]
    size: int  # schemas, with each reference replaced by what it names
    reader: Draft202012Validator


def readers(forms: Mapping[str, Any]) -> dict[str, Form]:
    """What checks the answers to each form; made once for each version."""
    return {name: read(form) for name, form in forms.items()}


def read(schema: dict[str, Any]) -> Form:
    """Raises BadForm. Asks nothing of the network, whatever the schema names."""
    try:
        return Form(schema, unfold(schema), _compile(schema))
    except BadReference as bad:
        raise BadForm(str(bad), str(bad)) from None
    except ValidationError as bad:
        raise _bad(bad) from None


def check_answers(form: Form | None, answers: Mapping[str, Any]) -> None:
    """Refuse answers that the form does not allow, naming each field and the reason."""
    told = orjson.dumps(answers)
    if len(told) > LARGEST:
        zh, en = "填写的内容太大", f"The answers are larger than {LARGEST} bytes"
        raise Invalid(zh, en, fields=[{"field": "", "zh": zh, "en": en}])
    if form and not form.reader.is_valid(answers):
        fields = _wrong(form, answers, values=told.count(b",") + 1)
        names = ", ".join(field["field"] for field in fields)
        raise Invalid(f"请更正:{names}", f"Please correct: {names}", fields=fields)


def _compile(schema: dict[str, Any]) -> Draft202012Validator:
    return Draft202012Validator(
        schema,
        formats={"date-time": _is_instant},
        validate_formats=True,
        pattern_options=RegexOptions(
            size_limit=LARGEST_PATTERN, dfa_size_limit=2 * LARGEST_PATTERN
        ),
        email_options=EmailOptions(allow_display_text=False),
        offline=True,
    )


def _bad(error: ValidationError) -> BadForm:
    place = ".".join(["$", *map(str, error.instance_path)])
    if error.kind.name != "format" or error.kind.value != "regex":
        said = f"{place}: {error.message[:200]}"
        return BadForm(said, said)
    pattern = str(error.instance)[:80]
    return BadForm(
        f"{place}：正则表达式 {pattern} 这里不能用；不支持前后查找 (?=、(?!、(?<=、(?<! "
        "和反向引用 \\1，重复次数也不能太多。请改写：拆成 allOf、not 里的几个简单 pattern，"
        "长度用 maxLength 限制",
        f"{place}: the pattern {pattern} cannot be used here: look-arounds (?= (?! (?<= (?<! and "
        "back-references \\1 are not known, nor are very large repeats. Write it without them: "
        "several simple patterns in allOf and not, and maxLength for the length",
    )


def _is_instant(text: str) -> bool:
    """RFC 3339, and one that can be kept: the services read it. No leap second, no year 0."""
    try:
        return bool(
            _INSTANT.fullmatch(text) and datetime.fromisoformat(text.upper()).astimezone(UTC)
        )
    except (ValueError, OverflowError):
        return False


def _wrong(form: Form, answers: Mapping[str, Any], values: int) -> list[dict[str, str]]:
    """Each wrong field; where the errors may be very many, only that there are some."""
    if form.size * values > MOST_TRIED:
        zh, en = "有不合要求的内容；内容太多，请减少后再试", "Some of it will not do: try with less"
        return [{"field": "", "zh": zh, "en": en}]
    errors = form.reader.iter_errors(answers)
    each = chain.from_iterable(_wrong_fields(form, error) for error in errors)
    return sorted(islice(each, MOST_TOLD), key=itemgetter("field"))


def _wrong_fields(form: Form, error: ValidationError) -> Iterator[dict[str, str]]:
    """Which fields are wrong and why, in both languages."""
    zh, en = REASONS.get(error.kind.name, ("不合要求", "will not do"))
    shown_zh, shown_en = _wanted(form, error)
    for name in _names(error):
        field = ".".join(map(str, [*error.instance_path, *name]))
        yield {"field": field, "zh": zh.format(shown_zh), "en": en.format(shown_en)}


def _names(error: ValidationError) -> list[list[str]]:
    """Below the place of the error: the fields that it names."""
    if error.kind.name == "required":
        return [[error.kind.value]]
    if error.kind.name in ("additionalProperties", "unevaluatedProperties"):
        return [[name] for name in error.kind.value]
    return [[]]


def _wanted(form: Form, error: ValidationError) -> tuple[str, str]:
    """The keyword's value; for a pattern its words, if the form has some."""
    value = error.kind.value
    shown = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    if error.kind.name != "pattern":
        return shown, shown
    schema: Any = form.schema
    part = reduce(lambda inside, key: inside[key], error.schema_path[:-1], schema)
    zh = part.get("x-pattern-zh") or part.get("description") or shown
    return str(zh), str(part.get("x-pattern-en") or part.get("x-description-en") or shown)
