"""What the policies “snmp” and “syslog” must be: how traps and lines of each vendor are read.

Called when one is published (policy_checks.py). Used by alarm_formats/snmp.py, syslog.py.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from jsonschema_rs import Draft202012Validator, RegexOptions, ValidationError

from tasks.findings import Finding, expect_known, expect_map, expect_names, expect_types
from tasks.network.alarm_reports import SEVERITIES

KEY = re.compile(r"[a-z][a-z0-9-]{0,39}")
OID = re.compile(r"\d{1,10}(\.\d{1,10}){1,127}")
SAYS = ("raise", "clear", "as flagged", "other", "heartbeat")
RESYNCS = ("resync wanted", "resync running", "resync over")
TYPES = (
    *("communicationsAlarm", "processingErrorAlarm", "environmentalAlarm"),
    *("qualityOfServiceAlarm", "equipmentAlarm"),
)
SEVERE = (*SEVERITIES, "cleared")
FIELDS = (
    *("device", "part", "object", "index", "admin", "oper", "time", "type", "cause"),
    *("severity", "text", "flag", "external", "specific"),
)
OF_SNMP = {
    *("zh", "en", "traps", "fields", "flags", "split", "severities", "types", "is_no_fault"),
}
OF_TRAP: dict[str, type] = {"says": str, "cause": str, "specific": str, "severity": str}
GROUPS = {"part", "state", "module"}
LONGEST = 500  # characters of a pattern
SIZES = RegexOptions(size_limit=128 * 1024, dfa_size_limit=256 * 1024)  # bytes, compiled


def check_snmp(content: Mapping[str, Any]) -> Iterator[Finding]:
    for key, mapping in content.items():
        yield from _key(key, mapping, OF_SNMP)
        if isinstance(mapping, Mapping):
            yield from _snmp(key, mapping)


def check_syslog(content: Mapping[str, Any]) -> Iterator[Finding]:
    for key, mapping in content.items():
        yield from _key(key, mapping, {"zh", "en", "patterns"})
        if not isinstance(mapping, Mapping):
            continue
        patterns = mapping.get("patterns")
        if not isinstance(patterns, list) or not patterns:
            yield Finding(f"{key}.patterns", "请至少写一个模式", "Give it one pattern at least")
            continue
        for place, each in enumerate(patterns):
            yield from _pattern(f"{key}.patterns.{place}", each)


def _key(key: str, mapping: Any, known: set[str]) -> Iterator[Finding]:
    if not KEY.fullmatch(key):
        zh = "名称须为 1 至 40 个小写字母、数字、横线,以字母开头"
        en = "A name is 1 to 40 lower-case letters, digits and -, from a letter"
        yield Finding(key[:LONGEST], zh, en)
    if not isinstance(mapping, Mapping):
        yield Finding(key[:LONGEST], "须为 JSON 对象", "This has to be a JSON object")
        return
    yield from expect_names(key, mapping)
    yield from expect_known(key, mapping, known)


def _snmp(key: str, mapping: Mapping[str, Any]) -> Iterator[Finding]:
    fields, traps = mapping.get("fields"), mapping.get("traps")
    yield from expect_map(f"{key}.fields", fields)
    yield from expect_map(f"{key}.traps", traps)
    if not isinstance(fields, Mapping) or not isinstance(traps, Mapping):
        return
    yield from _fields(f"{key}.fields", fields)
    for oid, meaning in traps.items():
        yield from _oid(f"{key}.traps.{oid}", oid)
        yield from _trap(f"{key}.traps.{oid}", meaning, mapping)
    if "object" in fields and not _is_text(mapping.get("split")):
        zh, en = (
            "请写明 object 中设备与部件之间的分隔符",
            "Say what parts device and part in object",
        )
        yield Finding(f"{key}.split", zh, en)
    yield from _words(f"{key}.severities", mapping.get("severities", {}), SEVERE)
    yield from _words(f"{key}.types", mapping.get("types", {}), TYPES)
    yield from _flags(f"{key}.flags", mapping.get("flags", {}))
    yield from _no_fault(f"{key}.is_no_fault", mapping.get("is_no_fault", {}), fields)


def _fields(path: str, fields: Mapping[str, Any]) -> Iterator[Finding]:
    yield from expect_known(path, fields, set(FIELDS))
    for name, oids in fields.items():
        if not isinstance(oids, list) or not oids:
            zh, en = "请列出变量的 OID,先者优先", "List the OIDs of variables, the best first"
            yield Finding(f"{path}.{name}", zh, en)
            continue
        for place, oid in enumerate(oids):
            yield from _oid(f"{path}.{name}.{place}", oid)


def _trap(path: str, meaning: Any, mapping: Mapping[str, Any]) -> Iterator[Finding]:
    if not isinstance(meaning, Mapping):
        yield Finding(path, "请写明 says", "Say what it says: {“says”: “raise”}")
        return
    yield from expect_known(path, meaning, set(OF_TRAP))
    yield from expect_types(path, meaning, OF_TRAP)
    says = meaning.get("says")
    yield from _one_of(f"{path}.says", says, (*SAYS, *RESYNCS))
    if "severity" in meaning:
        yield from _one_of(f"{path}.severity", meaning["severity"], SEVERE)
    if says == "as flagged" and not (mapping.get("flags") and "flag" in mapping["fields"]):
        zh = "“as flagged”要有 flags,以及 fields 中的 flag"
        yield Finding(f"{path}.says", zh, "“as flagged” needs flags, and flag among the fields")
    has_cause = _is_text(meaning.get("cause")) or "cause" in mapping["fields"]
    if says in ("raise", "clear", "as flagged") and not has_cause:
        zh = "没有说明告警原因:请写 cause,或在 fields 中给出 cause"
        yield Finding(f"{path}.cause", zh, "Its cause is nowhere: give it one, or a field “cause”")


def _words(path: str, words: Any, known: tuple[str, ...]) -> Iterator[Finding]:
    if not isinstance(words, Mapping):
        yield Finding(path, "须为对照表", "This is a map")
        return
    for told, meant in words.items():
        yield from _one_of(f"{path}.{told}", meant, known)


def _flags(path: str, flags: Any) -> Iterator[Finding]:
    yield from _words(path, flags, SAYS)
    for told in flags if isinstance(flags, Mapping) else ():
        if told != told.lower():
            yield Finding(f"{path}.{told}", "请用小写", "Write it in lower case")


def _no_fault(path: str, rules: Any, fields: Mapping[str, Any]) -> Iterator[Finding]:
    if not isinstance(rules, Mapping):
        yield Finding(path, "须为对照表", "This is a map")
        return
    yield from expect_known(path, rules, set(fields))
    lists: dict[str, type] = dict.fromkeys(rules, list)
    yield from expect_types(path, rules, lists)


def _pattern(path: str, given: Any) -> Iterator[Finding]:
    if not isinstance(given, Mapping) or not _is_text(given.get("match")):
        yield Finding(path, "请写明 match 和 cause", "Give it match and cause")
        return
    yield from expect_known(path, given, {"match", "cause"})
    if not _is_text(given.get("cause")):
        yield Finding(f"{path}.cause", "请写明告警原因", "Say the cause")
    for zh, en in _wrong_pattern(given["match"]):
        yield Finding(f"{path}.match", zh, en)


def _wrong_pattern(pattern: str) -> Iterator[tuple[str, str]]:
    """Lines come from outside: none may keep us busy, whatever the pattern."""
    if len(pattern) > LONGEST:
        yield f"最多 {LONGEST} 字", f"has at most {LONGEST} characters"
        return
    try:
        groups = re.compile(pattern, re.IGNORECASE).groupindex
        as_filter(pattern)
    except (re.error, ValidationError, RecursionError, OverflowError) as error:
        why = str(error).splitlines()[0][:200] if isinstance(error, re.error) else ""
        yield (
            f"不是可用的正则表达式(不支持前后查找和反向引用) {why}".strip(),
            f"is no pattern that can be used: no look-arounds, no back-references {why}".strip(),
        )
        return
    if unknown := sorted(groups.keys() - GROUPS):
        some = ", ".join(sorted(GROUPS))
        yield f"没有名为 {unknown[0]} 的项,可用:{some}", f"There is no {unknown[0]}: use {some}"
    if _repeats_a_group(pattern):
        yield "括号后不能用 *、+ 或 {n,}", "A group is not repeated by *, + or {n,}"


@lru_cache(maxsize=500)
def as_filter(pattern: str) -> Draft202012Validator:
    """Whether a line has the pattern at all, in time that grows with the line and no faster."""
    plain = re.sub(r"\(\?P<\w+>", "(?:", pattern)
    schema = {"type": "string", "pattern": f"(?i){plain}"}
    return Draft202012Validator(schema, pattern_options=SIZES)


def _repeats_a_group(pattern: str) -> bool:
    plain = re.sub(r"\\.", "x", pattern, flags=re.DOTALL)
    plain = re.sub(r"\[\^?\]?[^\]]*\]", "x", plain)
    return re.search(r"\)(?:[*+]|\{\d*,\})", plain) is not None


def _oid(path: str, oid: Any) -> Iterator[Finding]:
    if not isinstance(oid, str) or not OID.fullmatch(oid):
        yield Finding(path, "须为 OID,如 1.3.6.1.2.1.2.2.1.2", "is an OID, as 1.3.6.1.2.1.2.2.1.2")


def _one_of(path: str, given: Any, known: tuple[str, ...]) -> Iterator[Finding]:
    if given not in known:
        some = ", ".join(known)
        yield Finding(path, f"应为 {some} 之一", f"This is one of {some}")


def _is_text(given: Any) -> bool:
    return isinstance(given, str) and 0 < len(given) <= LONGEST
