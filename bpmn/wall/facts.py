"""What a token carries: plain JSON facts, and marks that say which write of a fact is the latest.

Marks let tokens meet (`merge`) without losing an update: a branch that did not touch a fact never
overwrites one that did, however late it arrives, and this holds inside nested objects as well.
"""

import math
from collections.abc import Mapping
from typing import Any, TypeAlias

import orjson

from bpmn.wall.troubles import FactsRefused

Facts: TypeAlias = dict[str, Any]
Marks: TypeAlias = dict[str, Any]  # name -> tick of its last write, or Marks of its members

WHOLE = ""  # inside Marks: the tick of the members that have no mark of their own
MAX_BYTES = 256 * 1024


def plain_facts(value: Any) -> Facts:
    """As `plain`, for what must have names."""
    if isinstance(value, dict):
        return plain(value)
    raise FactsRefused(
        "这里需要带名称的数据（JSON 对象）。",
        "Data with names is needed here (a JSON object).",
    )


def plain(value: Any) -> Any:
    """A copy that shares nothing with `value`; raises FactsRefused for what JSON cannot say."""
    try:
        return _plain(value, "")
    except RecursionError:
        raise FactsRefused(
            "数据嵌套太深；请减少层级。", "The data is nested too deeply; use fewer levels."
        ) from None


def check_size(facts: Facts) -> None:
    """Raises FactsRefused when a token would carry more than MAX_BYTES (or an endless integer)."""
    try:
        size = len(orjson.dumps(facts))
    except (TypeError, orjson.JSONEncodeError) as problem:
        raise FactsRefused(
            f"数据无法保存：{problem}；请使用 64 位以内的整数和不太深的嵌套。",
            f"The data cannot be stored: {problem}; use 64-bit integers and shallow nesting.",
        ) from problem
    if size > MAX_BYTES:
        raise FactsRefused(
            f"数据达到 {size // 1024} KB，超过每个步骤 {MAX_BYTES // 1024} KB 的上限；"
            "请把大段内容作为附件保存，只传递编号。",
            f"The data has grown to {size // 1024} KB, over the limit of {MAX_BYTES // 1024} KB "
            "per step; keep large content as an attachment and pass on its number.",
        )


def same(value: Any, other: Any) -> bool:
    """The same JSON: 1, 1.0 and true are three values."""
    if value is other:
        return True
    if type(value) is not type(other) or value != other:
        return False
    return not isinstance(value, dict | list) or orjson.dumps(value) == orjson.dumps(other)


def marked(old: Mapping[str, Any], marks: Marks, changes: Facts, tick: int) -> Marks:
    """The marks after `changes` were written over `old` at `tick`."""
    marks = dict(marks)
    for name, value in changes.items():
        if name not in old or not same(old[name], value):
            marks[name] = _mark(old.get(name), marks.get(name, 0), value, tick)
    return marks


def merge(facts: Facts, marks: Marks, other: Facts, other_marks: Marks) -> tuple[Facts, Marks]:
    """Both tokens' facts, the later write winning, name by name; neither argument is changed."""
    if not facts or (facts is other and marks is other_marks):
        return other, other_marks
    facts, marks = dict(facts), dict(marks)
    for name, value in other.items():
        mark = _mark_of(other_marks, name)
        if name not in facts:
            facts[name], marks[name] = value, mark
        elif mark != _mark_of(marks, name):
            facts[name], marks[name] = _later(facts[name], _mark_of(marks, name), value, mark)
    return facts, marks


def _plain(value: Any, where: str) -> Any:
    if value is None or isinstance(value, bool | str | int):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, list | tuple):
        return [_plain(item, f"{where}[{at}]") for at, item in enumerate(value)]
    if isinstance(value, dict):
        return {_name(key, where): _plain(item, f"{where}.{key}") for key, item in value.items()}
    raise FactsRefused(
        f"数据项 {where.lstrip('.')} 不是 JSON 值（{type(value).__name__}）；"
        "请改为文本、数字、列表或对象。",
        f"The fact {where.lstrip('.')} is not a JSON value ({type(value).__name__}); "
        "use text, numbers, lists or objects.",
    )


def _mark(old: Any, mark: Any, value: Any, tick: int) -> Any:
    if not (isinstance(old, dict) and isinstance(value, dict) and old.keys() <= value.keys()):
        return tick  # replaced as a whole
    inner = dict(mark) if isinstance(mark, dict) else {WHOLE: mark}
    return marked(old, inner, value, tick)


def _mark_of(marks: Marks, name: str) -> Any:
    mark = marks.get(name)
    return marks.get(WHOLE, 0) if mark is None else mark


def _later(value: Any, mark: Any, other: Any, other_mark: Any) -> tuple[Any, Any]:
    nested = isinstance(mark, dict) or isinstance(other_mark, dict)
    if nested and isinstance(value, dict) and isinstance(other, dict):
        return merge(value, _members(mark), other, _members(other_mark))
    return (other, other_mark) if _latest(other_mark) > _latest(mark) else (value, mark)


def _members(mark: Any) -> Marks:
    return mark if isinstance(mark, dict) else {WHOLE: mark}


def _latest(mark: Any) -> int:
    return max(map(_latest, mark.values()), default=0) if isinstance(mark, dict) else mark


def _name(key: Any, where: str) -> str:
    if isinstance(key, str):
        return key
    raise FactsRefused(
        f"数据项 {where.lstrip('.')} 里的名称 {key!r} 不是文本；JSON 的名称必须是文本。",
        f"The name {key!r} in {where.lstrip('.')} is not text; names in JSON must be text.",
    )
