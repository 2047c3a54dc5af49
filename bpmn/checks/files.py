"""The decision tables and forms of a bundle. What a table may be is known in `bpmn/dmn`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from bpmn import dmn, forms
from bpmn.checks.drawing import Part
from bpmn.checks.reading import LARGEST
from bpmn.checks.saying import error
from bpmn.findings import Finding

LARGEST_FORM = 256 * 1024  # bytes
DEEPEST_FORM = 40  # objects within objects


@dataclass(frozen=True)
class Read:
    """Decisions by id, the facts that a table or a form makes, and what is wrong with it."""

    findings: list[Finding]
    tables: Mapping[str, dmn.DecisionTable] = field(default_factory=dict)
    facts: frozenset[str] = frozenset()


def read_tables(file: str, content: bytes) -> Read:
    where = Part(None, "", file)
    if len(content) > LARGEST:
        return Read([_too_large(where, "2 MB")])
    try:
        tables = dmn.read_tables(content)
    except dmn.BadDecisions as bad:
        return Read([error("bad-decisions", where, f"{file}：{bad.zh}", f"{file}: {bad.en}")])
    facts = {out.name.split(".")[0] for table in tables.values() for out in table.outputs}
    findings = [found for table in tables.values() for found in table.findings()]
    return Read(findings, tables, frozenset(facts))


def read_form(file: str, content: bytes) -> Read:
    where = Part(None, "", file)
    if len(content) > LARGEST_FORM:
        return Read([_too_large(where, "256 KB")])
    try:
        schema = orjson.loads(content)
    except orjson.JSONDecodeError as bad:
        return Read([_not_json(where, bad)])
    findings = list(_schema(where, schema))
    fields = schema.get("properties", {}) if not findings else {}
    return Read(findings, facts=frozenset(fields))


def _not_json(where: Part, bad: orjson.JSONDecodeError) -> Finding:
    return error(
        "bad-form",
        where,
        f"表单 {where.name} 不是有效的 JSON（{bad}），请改正。",
        f"The form {where.name} is not JSON ({bad}): correct it.",
    )


def _schema(where: Part, schema: Any) -> Iterator[Finding]:
    if not isinstance(schema, dict) or schema.get("type") != "object":
        yield error(
            "bad-form",
            where,
            f'表单 {where.name} 的最外层应为 "type": "object"，请改正。',
            f'The form {where.name} must be of "type": "object" at the top: correct it.',
        )
    elif _depth(schema) > DEEPEST_FORM:
        yield _bad_schema(where, "层次太深", "too deep")
    else:
        try:
            forms.read(schema)
        except forms.BadForm as bad:
            yield _bad_schema(where, bad.zh, bad.en)


def _bad_schema(where: Part, zh: str, en: str) -> Finding:
    return error(
        "bad-form",
        where,
        f"表单 {where.name} 不是有效的 JSON Schema（{zh}），请改正。",
        f"The form {where.name} is not a valid JSON Schema ({en}): correct it.",
    )


def _too_large(where: Part, most: str) -> Finding:
    return error(
        "too-large",
        where,
        f"文件 {where.name} 超过 {most}，请精简。",
        f"The file {where.name} is larger than {most}: make it smaller.",
    )


def _depth(value: Any) -> int:
    deepest, layer = 0, [value]
    while layer:
        deepest, layer = deepest + 1, [each for item in layer for each in _members(item)]
    return deepest


def _members(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
