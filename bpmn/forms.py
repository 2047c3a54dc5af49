"""Forms: JSON Schema files beside the diagrams. Answers are checked here, on the server.

Called by runs.py when an order is completed, and by the checks before publishing.
"""

import re
from collections.abc import Iterator, Mapping
from functools import partial
from itertools import islice
from typing import Any

import orjson
from jsonschema import Draft202012Validator, FormatChecker, validators
from jsonschema.exceptions import ValidationError

from tasks.refusals import Invalid

LARGEST = 64 * 1024  # bytes of one order's answers

REASONS = {  # JSON Schema keyword: what to tell in Chinese and in English, with the keyword's value
    "required": ("必填", "is required"),
    "additionalProperties": ("表单里没有这一项", "is not on the form"),
    "type": ("类型应为 {}", "must be of type {}"),
    "enum": ("应为 {} 之一", "must be one of {}"),
    "const": ("应为 {}", "must be {}"),
    "format": ("格式应为 {}", "must be a valid {}"),
    "pattern": ("格式不符", "does not have the right form"),
    "minLength": ("至少 {} 个字", "must have at least {} characters"),
    "maxLength": ("至多 {} 个字", "must have at most {} characters"),
    "minimum": ("不能小于 {}", "must be at least {}"),
    "maximum": ("不能大于 {}", "must be at most {}"),
    "minItems": ("至少选 {} 项", "needs at least {}"),
    "maxItems": ("至多选 {} 项", "takes at most {}"),
    "uniqueItems": ("不能重复", "must not repeat"),
}
MOST_TOLD = 50  # errors
LONGEST_MATCHED = 2_000  # characters: what a pattern takes grows with their square, or worse


def readers(forms: Mapping[str, Any]) -> dict[str, Draft202012Validator]:
    """What checks the answers to each form; made once for each version."""
    checker = FormatChecker()
    reader = partial(_Reader, format_checker=checker)
    return {name: reader(form) for name, form in forms.items()}


def check_answers(form: Draft202012Validator | None, answers: Mapping[str, Any]) -> None:
    """Refuse answers that the form does not allow, naming each field and the reason."""
    if len(orjson.dumps(answers)) > LARGEST:
        zh, en = "填写的内容太大", f"The answers are larger than {LARGEST} bytes"
        raise Invalid(zh, en, fields=[{"field": "", "zh": zh, "en": en}])
    errors = sorted(islice(form.iter_errors(answers), MOST_TOLD), key=str) if form else []
    if errors:
        fields = [wrong_field(error) for error in errors]
        names = ", ".join(field["field"] for field in fields)
        raise Invalid(f"请更正:{names}", f"Please correct: {names}", fields=fields)


def wrong_field(error: ValidationError) -> dict[str, str]:
    """Which field is wrong and why, in both languages."""
    path = [str(part) for part in error.absolute_path]
    if error.validator == "required" or error.validator == "additionalProperties":
        path.append(error.message.split("'")[1])
    zh, en = REASONS.get(str(error.validator), ("不合要求", "will not do"))
    value = error.validator_value
    shown = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    field = ".".join(path)
    return {"field": field, "zh": zh.format(shown), "en": en.format(shown)}


def _unique(validator: Any, wanted: Any, items: Any, schema: Any) -> Iterator[ValidationError]:
    """As jsonschema's, which compares each with each: a minute for what an order may hold."""
    if wanted and validator.is_type(items, "array"):
        kinds = {orjson.dumps(item, option=orjson.OPT_SORT_KEYS) for item in items}
        if len(kinds) < len(items):
            yield ValidationError("repeats")


def _match(validator: Any, pattern: str, text: Any, schema: Any) -> Iterator[ValidationError]:
    if validator.is_type(text, "string") and (
        len(text) > LONGEST_MATCHED or not re.search(pattern, text)
    ):
        yield ValidationError("does not match")


_OURS = {"uniqueItems": _unique, "pattern": _match}
_Reader = validators.extend(Draft202012Validator, _OURS)  # type: ignore[no-untyped-call]
