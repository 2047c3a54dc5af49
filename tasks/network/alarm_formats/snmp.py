"""SNMP traps and informs as JSON, as the listener or snmptrapd makes them of each.

Which trap says what, and which field means what, is the policy “snmp”. A source may name its
mapping; else the trap's OID finds it.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from records.policies import Policed
from tasks.network.alarm_formats.mappings import mappings_of
from tasks.network.alarm_formats.names import cause_of, severity_of, type_of
from tasks.network.alarm_formats.reading import (
    Given,
    Sign,
    Unreadable,
    decode,
    object_of,
    require_object,
    text_of,
)
from tasks.network.alarm_formats.times import read_time
from tasks.network.alarm_reports import Report

SIGNS = ("heartbeat", "resync wanted", "resync running", "resync over")


def tell(item: Any, given: Given) -> Report | Sign:
    trap = require_object(item)
    oid = text_of(trap, "trap_oid", "snmpTrapOID").strip(".")
    if not oid:
        raise Unreadable("没有 trap_oid", "has no trap_oid")
    found = _find(mappings_of("snmp", given), oid, given.mapping)
    if found is None:
        return Sign("other")  # a trap that is nobody's alarm; the delivery keeps it
    mapping, meaning = found
    fields = _fields(trap, mapping, given.charset)
    says = meaning["says"]
    if says == "as flagged":
        says = mapping["flags"].get(fields.get("flag", "").lower(), "other")
    if says not in ("raise", "clear") or _is_no_fault(mapping, fields):
        return Sign(says if says in SIGNS else "other")
    return _report(trap, mapping, meaning, fields, says == "clear", given)


def _report(
    trap: Mapping[str, Any],
    mapping: Mapping[str, Any],
    meaning: Mapping[str, str],
    fields: Mapping[str, str],
    is_clear: bool,
    given: Given,
) -> Report:
    severity = severity_of(
        fields.get("severity") or meaning.get("severity", ""), mapping.get("severities")
    )
    specific = fields.get("specific") or meaning.get("specific", "")
    told_at = fields.get("time") or text_of(trap, "received_at")
    return Report(
        source=given.source,
        object=object_of(*_thing(trap, mapping, fields), given),
        cause=cause_of(meaning.get("cause") or fields.get("cause", "")),
        raised_at=read_time(told_at, given.zone, given.now),
        is_clear=is_clear or severity == "cleared",
        severity="indeterminate" if severity == "cleared" else severity,
        external_id=fields.get("external", ""),
        text=fields.get("text", specific)[:2_000],
        alarm_type=type_of(fields.get("type", ""), mapping.get("types")),
        specific_problem=specific[:200],
        raw=dict(trap),
    )


def _thing(
    trap: Mapping[str, Any], mapping: Mapping[str, Any], fields: Mapping[str, str]
) -> tuple[str, str]:
    """Device and part. Without a device the agent is it, by its address."""
    if "object" in fields:
        device, _, part = fields["object"].partition(mapping["split"])
        return device.strip(), part.strip()
    part = fields.get("part", "")
    if part and part == fields.get("index"):
        part = f"ifIndex {part}"
    return fields.get("device") or text_of(trap, "agent"), part


def _is_no_fault(mapping: Mapping[str, Any], fields: Mapping[str, str]) -> bool:
    """Somebody switched the port off: no fault. Once it is on again, linkUp says so anyway."""
    rules = mapping.get("is_no_fault", {})
    return any(fields.get(name) in values for name, values in rules.items())


def _fields(trap: Mapping[str, Any], mapping: Mapping[str, Any], charset: str) -> dict[str, str]:
    """The first variable that is told, of those that may be each field; whatever its index."""
    told = [(text_of(one, "oid").strip(".") + ".", one) for one in trap.get("varbinds") or []]
    fields = {}
    for name, oids in mapping["fields"].items():
        found = (one for oid in oids for at, one in told if at.startswith(f"{oid}."))
        values = (_value(one, charset, is_time=name == "time") for one in found)
        fields[name] = next(filter(None, values), "")
    return {name: value for name, value in fields.items() if value}


def _value(told: Mapping[str, Any], charset: str, is_time: bool) -> str:
    """Octets that were no plain text come as hex too: text in the source's charset, if they are.

    What is of another charset is refused: an object that nobody can name would be nobody's.
    """
    octets = told.get("hex")
    if not isinstance(octets, str) or is_time:
        return text_of(told, "value")
    text = decode(bytes.fromhex(octets).rstrip(b"\0"), charset).strip()
    return text if text.isprintable() else text_of(told, "value")


@lru_cache(maxsize=2_000)
def _find(
    known: Policed, oid: str, wanted: str
) -> tuple[Mapping[str, Any], Mapping[str, str]] | None:
    """The mapping that knows the trap, and what the trap says there."""
    for name, mapping in known.content.items():
        for prefix, meaning in mapping["traps"].items():
            is_wanted = wanted in ("", name) or name == "if-mib"
            if is_wanted and f"{oid}.".startswith(f"{prefix}."):
                return mapping, meaning
    return None
