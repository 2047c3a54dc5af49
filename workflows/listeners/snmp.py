"""A datagram becomes one JSON object for each SNMP notification: {agent, version, uptime, trap_oid,
received_at, varbinds: [{oid, value}]}. v1 and v2c here; v3: usm.py for traps, informs.py for both.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from workflows.listeners import ber
from workflows.listeners.ber import INTEGER, OCTETS, SEQUENCE, Item, Unreadable

TRAP_V1, INFORM, TRAP, RESPONSE = 0xA4, 0xA6, 0xA7, 0xA2
VERSIONS = {0: "1", 1: "2c", 3: "3"}
UPTIME, TRAP_OID = "1.3.6.1.2.1.1.3.0", "1.3.6.1.6.3.1.1.4.1.0"
FORWARDED = "1.3.6.1.6.3.18.1.3.0"  # snmpTrapAddress: whose it was, where a proxy sent it
GENERIC = "1.3.6.1.6.3.1.1.5"  # coldStart … of RFC 3584 §3.1
MOST = 1_000  # varbinds


@dataclass
class Heard:
    """`told` is the JSON; without it there is only something to answer."""

    told: dict[str, Any] | None = None
    community: str = ""
    user: str = ""
    replies: list[bytes] = field(default_factory=list)  # sent when it has been kept
    refusal: tuple[str, str] | None = None  # why there is nothing told, where somebody should look


Read = Callable[[bytes, str, datetime], Heard]


def read(datagram: bytes, agent: str, at: datetime, read_v3: Read | None = None) -> Heard:
    """Raises Unreadable. `agent` sent it, and is whose it is unless it names another one."""
    whole = ber.read_item(datagram, 0, len(datagram))
    if whole[0] != SEQUENCE:
        raise Unreadable("不是 SNMP 报文", "it is no SNMP")
    version, *rest = ber.read_sequence(datagram, whole, INTEGER)
    name = VERSIONS.get(ber.number(datagram, version), "")
    if not name or len(rest) < 2:
        raise Unreadable("不认识的 SNMP 版本", "a version of SNMP that is not known")
    elif name != "3":
        return _read_plain(datagram, name, rest, agent, at)
    elif read_v3 is None:
        raise Unreadable(
            "收到 SNMP v3,但没有设置用户",
            "SNMP v3, and no user is known: name them in BATON_LISTEN",
        )
    return read_v3(datagram, agent, at)


def read_notification(data: bytes, pdu: Item, agent: str, at: datetime) -> dict[str, Any]:
    """What an SNMPv2 trap or inform says."""
    parts = ber.read_sequence(data, pdu, INTEGER, INTEGER, INTEGER, SEQUENCE)
    return tell(read_bound(data, parts[3]), agent, at)


def tell(bound: list[dict[str, Any]], agent: str, at: datetime) -> dict[str, Any]:
    """The first two variables say when, and which notification it is (RFC 3416 §4.2.6)."""
    named = {one["oid"]: one.get("value") for one in bound[:2]}
    if list(named) != [UPTIME, TRAP_OID]:
        raise Unreadable("没有 snmpTrapOID", "it does not say which notification it is")
    return _told(agent, named[UPTIME], named[TRAP_OID], at, bound[2:])


def read_bound(data: bytes, bindings: Item) -> list[dict[str, Any]]:
    inside = ber.read_items(data, bindings[1], bindings[2])
    if len(inside) > MOST:
        raise Unreadable(f"变量超过 {MOST} 个", f"more than {MOST} variables")
    bound = []
    for one in inside:
        pair = ber.read_sequence(data, one, ber.OID)
        if len(pair) != 2:
            raise Unreadable("变量没有值", "a variable without a value")
        bound.append({"oid": ber.oid(data, pair[0]), **ber.value(data, pair[1])})
    return bound


def _read_plain(data: bytes, version: str, rest: list[Item], agent: str, at: datetime) -> Heard:
    name, pdu = rest[0], rest[1]
    if name[0] != OCTETS:
        raise Unreadable("没有 community", "no community")
    if pdu[0] == TRAP_V1 and version == "1":
        told = _read_v1(data, pdu, agent, at)
    elif pdu[0] in (TRAP, INFORM) and version == "2c":
        told = read_notification(data, pdu, agent, at)
    else:
        raise Unreadable("不是通知(trap 或 inform)", "it asks or answers, but is no notification")
    community = data[name[1] : name[2]].decode("utf-8", "backslashreplace")
    replies = [_acknowledge(data, rest)] if pdu[0] == INFORM else []
    return Heard({**told, "version": version}, community, replies=replies)


def _read_v1(data: bytes, pdu: Item, agent: str, at: datetime) -> dict[str, Any]:
    tags = ber.OID, ber.ADDRESS, INTEGER, INTEGER, 0x43, SEQUENCE
    enterprise, address, generic, specific, uptime, bound = ber.read_sequence(data, pdu, *tags)[:6]
    kind = ber.number(data, generic)
    own = f"{ber.oid(data, enterprise)}.0.{ber.number(data, specific)}"  # RFC 3584 §3.1
    told = own if kind == 6 else f"{GENERIC}.{kind + 1}"
    whose = ber.value(data, address)["value"]
    found = _told(agent, ber.number(data, uptime), told, at, read_bound(data, bound))
    if whose not in ("0.0.0.0", agent):
        found |= {"agent": whose, "sent_by": agent}
    return found


def _told(
    agent: str, uptime: Any, trap_oid: Any, at: datetime, bound: list[dict[str, Any]]
) -> dict[str, Any]:
    told = {
        "agent": agent,
        "version": "3",
        "uptime": uptime,
        "trap_oid": trap_oid,
        "received_at": at.isoformat(),
        "varbinds": bound,
    }
    whose = next((one["value"] for one in bound if one["oid"] == FORWARDED), agent)
    return told if whose == agent else told | {"agent": whose, "sent_by": agent}


def _acknowledge(data: bytes, rest: list[Item]) -> bytes:
    """An inform is answered by itself, as a response: what differs is one byte, the tag."""
    at = rest[0][2]  # where the community ends, the inform begins
    return data[:at] + bytes([RESPONSE]) + data[at + 1 :]
