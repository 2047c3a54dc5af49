"""Reads the BER of SNMP messages (RFC 3416, 3417): lengths, numbers, object identifiers.

Twenty times faster than a general ASN.1 decoder, which a storm needs: docs/decisions. No recursion,
so that no depth hurts; every length is held against what is there.
"""

from functools import lru_cache
from typing import Any

NUMBERS = {0x41, 0x42, 0x43, 0x46, 0x47}  # Counter32, Gauge32, TimeTicks, Counter64, UInteger32
NOTHING = {0x05, 0x80, 0x81, 0x82}  # null, noSuchObject, noSuchInstance, endOfMibView
INTEGER, OCTETS, OID, SEQUENCE, ADDRESS = 0x02, 0x04, 0x06, 0x30, 0x40
LONGEST_NUMBER = 9  # bytes: 64 bits and a sign
PRINTABLE = set(range(0x20, 0x7F)) | {0x09, 0x0A, 0x0D}

Item = tuple[int, int, int]  # tag, where its value starts, where it ends


class Unreadable(Exception):
    """Not what it should be: what is wrong, in Chinese and English."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


def read_item(data: bytes, at: int, end: int) -> Item:
    """The item that starts at `at`; it must be over at `end`."""
    if at + 2 > end:
        raise Unreadable("报文中途断了", "it ends in the middle")
    tag, length, start = data[at], data[at + 1], at + 2
    if length & 0x80:
        size = length & 0x7F
        if not 0 < size <= 4 or start + size > end:
            raise Unreadable("长度字段有误", "a length that SNMP does not know")
        length, start = int.from_bytes(data[start : start + size]), start + size
    if start + length > end:
        raise Unreadable("报文比它说的短", "it is shorter than it says")
    return tag, start, start + length


def read_items(data: bytes, at: int, end: int) -> list[Item]:
    items = []
    while at < end:
        items.append(read_item(data, at, end))
        at = items[-1][2]
    return items


def read_sequence(data: bytes, item: Item, *tags: int) -> list[Item]:
    """What is in a sequence, which must begin with these tags."""
    inside = read_items(data, item[1], item[2])
    if tuple(one[0] for one in inside[: len(tags)]) != tags:
        raise Unreadable("结构不是 SNMP", "its parts are not those of SNMP")
    return inside


def number(data: bytes, item: Item) -> int:
    tag, start, end = item
    if not 0 < end - start <= LONGEST_NUMBER:
        raise Unreadable("数值过长或为空", "a number of an impossible size")
    return int.from_bytes(data[start:end], signed=tag == INTEGER)


def oid(data: bytes, item: Item) -> str:
    return _oid(data[item[1] : item[2]])


@lru_cache(maxsize=20_000)  # the same few hundred again and again
def _oid(value: bytes) -> str:
    arcs, arc = [], 0
    for byte in value:
        arc = arc << 7 | byte & 0x7F
        if arc > 0xFFFFFFFF:
            raise Unreadable("OID 中的数太大", "an object identifier with too large a number")
        if not byte & 0x80:
            arcs.append(arc)
            arc = 0
    if not arcs or value[-1] & 0x80:
        raise Unreadable("OID 不完整", "half an object identifier")
    first = min(arcs[0] // 40, 2)
    return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))


def value(data: bytes, item: Item) -> dict[str, Any]:
    """As JSON: {"value": 2}, {"value": "GE1/0/7"}, {"value": "0xb6abbdd6", "hex": "b6abbdd6"}.

    The last are octets that are no plain text: only their source's character set can tell.
    """
    tag, start, end = item
    if tag == INTEGER or tag in NUMBERS:
        return {"value": number(data, item)}
    elif tag == OID:
        return {"value": oid(data, item)}
    elif tag in NOTHING:
        return {"value": None}
    elif tag == ADDRESS and end - start == 4:
        return {"value": ".".join(map(str, data[start:end]))}
    return octets(data[start:end])


def octets(raw: bytes) -> dict[str, Any]:
    if PRINTABLE.issuperset(raw):
        return {"value": raw.decode("ascii")}
    return {"value": f"0x{raw.hex()}", "hex": raw.hex()}
