"""What every form of delivery shares: what a reader is given, what it tells, how text is decoded.

Called by the readers beside this; the choice among them: __init__.py.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from records.policies import Policed
from tasks.network.alarm_reports import Report

CHARSETS = {  # as it is told: as Python knows it; a GBK source may send what only GB 18030 has
    "utf-8": "utf-8-sig",
    "gbk": "gb18030",
    "gb2312": "gb18030",
    "gb18030": "gb18030",
    "big5": "big5hkscs",
    "utf-16": "utf-16",
    "latin-1": "latin-1",
}
GUESSED = ("gbk", "gb2312", "gb18030", "big5", "latin-1")  # that take utf-8 for odd words
HANZI = re.compile("[\u4e00-\u9fff].*[\u4e00-\u9fff]", re.DOTALL)  # one alone may be by chance
GZIP = b"\x1f\x8b"
TELLTALE = ("utf-8", "gb18030")  # what is tried where the named charset does not fit
MOST = 50_000  # alarms in one delivery


class Unreadable(Exception):
    """A delivery, or an alarm in it, cannot be read: why, in Chinese and English."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


@dataclass(frozen=True)
class Given:
    """What a reader knows beside the text. `now` is when it was received."""

    source: str
    now: datetime
    zone: str = "Asia/Shanghai"
    charset: str = "utf-8"  # of texts inside that are told as octets
    mapping: str = ""
    mappings: Policed | None = None  # None: as they came with Baton
    devices: Mapping[str, str] = field(default_factory=dict)
    receipt_id: int | None = None


@dataclass(frozen=True)
class Sign:
    """What an item says where it is no alarm.

    `what`: heartbeat; resync wanted, running or over; missing (`group` lacks `tally` alarms, 0:
    none any more); there (the alarm with the id `group` is active, but nobody is told); other.
    """

    what: str = "other"
    group: str = ""
    tally: int = 0


@dataclass
class Parsed:
    """What a delivery says. With a refusal it is rejected, but what could be read is kept."""

    reports: list[Report] = field(default_factory=list)
    signs: list[Sign] = field(default_factory=list)
    refusal: tuple[str, str] | None = None
    skews: list[float] = field(default_factory=list)  # received - raised, as the source told it

    @property
    def sequences(self) -> list[int]:
        """The numbers that the source gave, in the order in which they came."""
        return [one.sequence for one in self.reports if one.sequence is not None]


Items = Callable[[str, Given], Iterable[Any]]  # raises Unreadable for the whole
Tell = Callable[[Any, Given], Report | Sign]  # raises Unreadable for this one


def decode(body: bytes, charset: str) -> str:
    if body.startswith(GZIP):
        raise Unreadable(
            "内容是 gzip 压缩的,请不压缩上送", "It is compressed by gzip: send it as it is"
        )
    try:
        text = body.decode(CHARSETS[charset]).replace("\0", "")
    except UnicodeDecodeError as error:
        raise _misread(body, charset, error.start) from error
    if charset in GUESSED and not text.isascii() and _is_plainly_utf_8(body):
        raise Unreadable(
            f"内容是 utf-8 而非 {charset}:请用 utf-8 重放,并改告警源",
            f"This is utf-8, not {charset}: replay it as utf-8, and change the source",
        )
    return text


def decode_shown(body: bytes, charset: str) -> tuple[str, bool]:
    """The text with a mark in place of what is not of the charset; was there any?"""
    text = body.decode(CHARSETS[charset], errors="replace")
    return text, "\N{REPLACEMENT CHARACTER}" in text


def load_json(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        is_cut = error.pos >= len(text.rstrip())
        zh, en = ("在结尾处断了", "breaks off at its end") if is_cut else ("有误", "is wrong")
        raise Unreadable(
            f"第 {error.lineno} 行第 {error.colno} 字的 JSON {zh},请更正后重放",
            f"The JSON {en}, line {error.lineno} column {error.colno}: correct it and replay",
        ) from error


def load_objects(text: str, _: Given) -> list[Any]:
    """A JSON object, an array of them, or one on each line."""
    text = text.strip()
    if text[:1] == "{" and "\n" in text:
        try:
            told = load_json(text)
        except Unreadable:
            return _load_lines(text)
    else:
        told = load_json(text)
    return told if isinstance(told, list) else [told]


def require_object(item: Any) -> Mapping[str, Any]:
    if not isinstance(item, dict):
        raise Unreadable("须为 JSON 对象", "is not a JSON object")
    return item


def text_of(item: Mapping[str, Any], *names: str) -> str:
    """The first of these that is told, as text."""
    for name in names:
        value = item.get(name)
        if value is not None and not isinstance(value, dict | list) and str(value).strip():
            return str(value).replace("\0", "").strip()
    return ""


def object_of(device: str, part: str, given: Given) -> str:
    """ "DEVICE/part", with our code for the device where the source has a name of its own."""
    if not device:
        raise Unreadable("没有说是哪台设备", "does not say which device")
    code = given.devices.get(device, device)
    return f"{code}/{part}" if part and part != device else code


def _load_lines(text: str) -> list[Any]:
    """One on each line. A line that is none is told by whoever reads it, the others count."""
    found: list[Any] = []
    for line in filter(str.strip, text.splitlines()):
        try:
            found.append(load_json(line))
        except Unreadable as error:
            found.append(error)
    if all(isinstance(one, Unreadable) for one in found):
        load_json(text)  # not lines at all: tells where the whole breaks
    return found


def _misread(body: bytes, charset: str, place: int) -> Unreadable:
    for other in TELLTALE:
        if CHARSETS[charset].removesuffix("-sig") != other and _fits(body, other):
            name = "gbk" if other == "gb18030" else other
            return Unreadable(
                f"第 {place} 字节起不是 {charset},像是 {name}:请用 {name} 重放,并改告警源",
                f"Byte {place} is not {charset}; it looks like {name}: replay it as {name}, and "
                "change the source",
            )
    return Unreadable(
        f"第 {place} 字节起不是 {charset},请查看原文后更正重放",
        f"Byte {place} is not {charset}: look at the body, correct it and replay",
    )


def _is_plainly_utf_8(body: bytes) -> bool:
    """Text of another charset is next to never utf-8, and then hardly Chinese."""
    try:
        return HANZI.search(body.decode("utf-8")) is not None
    except UnicodeDecodeError:
        return False


def _fits(body: bytes, charset: str) -> bool:
    try:
        body.decode(charset)
    except UnicodeDecodeError:
        return False
    return True
