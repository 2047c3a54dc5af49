"""JSON and nothing else leaves the sandbox: plain copies of results, and texts of values.

`running.py` calls `plain` on everything that author code hands back, the guards call `text`.
"""

from math import isfinite
from typing import Any, NoReturn

from bpmn.sandbox.budget import BITS, DEPTH, SIZE, name_of, order
from bpmn.sandbox.refusals import Mistake, Spent

JSON_BYTES = 256 * 1024
WHOLE = 2**63  # the state is written by orjson, which knows 64-bit whole numbers only


def plain(value: Any, limit: int = JSON_BYTES) -> Any:
    """A copy in dicts, lists and scalars; sets become sorted lists. Anything else is refused."""
    if value is None or value is True or value is False:
        return value
    return Copy(limit).of(value, 0)


class Copy:
    """Counts while it copies, so that a tree of shared parts cannot grow beyond the limit."""

    def __init__(self, limit: int) -> None:
        self.limit = self.room = limit

    def of(self, value: Any, depth: int) -> Any:
        kind = type(value)
        if kind is str:
            self.room -= 3 + (len(value) if value.isascii() else len(encoded(value)))
        elif kind is int or kind is float:
            self.room -= 2
            need_storable(value)
        elif kind is bool or value is None:
            self.room -= 5
        else:
            return self.container(value, depth + 1)
        if self.room < 0:
            self.overflow()
        return value

    def container(self, value: Any, depth: int) -> Any:
        kind = type(value)
        self.room -= 2
        if depth > DEPTH or self.room < 0:
            self.overflow()
        if kind is dict:
            return {self.key(k): self.of(v, depth) for k, v in value.items()}
        if kind is list or kind is set:
            ordered = value if kind is list else sorted(value, key=order)
            return [self.of(each, depth) for each in ordered]
        raise Mistake(
            f"结果只能是 JSON 数据，不能是 {name_of(value)}。",
            f"A result must be JSON data, not {name_of(value)}.",
        )

    def key(self, key: Any) -> str:
        if type(key) is str:
            self.room -= 3 + (len(key) if key.isascii() else len(encoded(key)))
            return key
        raise Mistake(
            f"字典的键必须是文字，不能是 {key!r:.50}。",
            f"Keys of a dict must be strings, not {key!r:.50}: use str().",
        )

    def overflow(self) -> NoReturn:
        raise Spent(
            f"数据超过 {self.limit} 字节或 {DEPTH} 层。",
            f"More than {self.limit} bytes or {DEPTH} levels of data.",
        )


def need_storable(value: int | float) -> None:
    if not -WHOLE <= value < WHOLE and not (type(value) is float and isfinite(value)):
        raise Mistake(
            "结果中的数超出 64 位，或不是有限数，无法保存。",
            "A number in the result is beyond 64 bits or not finite and cannot be stored.",
        )


def encoded(value: str) -> bytes:
    try:
        return value.encode()
    except UnicodeEncodeError as error:
        raise Mistake(
            "文字含有不成对的代理字符，无法保存。",
            "A string holds half a surrogate pair and cannot be stored.",
        ) from error


def text(value: Any) -> str:
    """`str()` for author code: scalars, and containers small enough to be written out."""
    if type(value) is str:
        return value
    if type(value) is int and value.bit_length() > BITS:
        raise Spent(f"整数超过 {BITS} 位。", f"A whole number of more than {BITS} bits.")
    if type(value) in (int, float, bool) or value is None:
        return str(value)
    return str(plain(value, SIZE))
