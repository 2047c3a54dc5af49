"""What a policy of suspensions must be. Called when one is published (policy_checks.py)."""

from collections.abc import Iterator, Mapping
from typing import Any

from tasks.findings import Finding, expect_known, expect_map, expect_names

HOURS = {"max_hours": 24 * 31, "dispatcher_hours": 24 * 31, "renewals": 100}  # and their bounds


def check_suspensions(content: Mapping[str, Any]) -> Iterator[Finding]:
    yield from expect_known("", content, {*HOURS, "reasons", "never"})
    for key, most in HOURS.items():
        yield from _number(key, content.get(key), most)
    for kind in ("reasons", "never"):
        yield from expect_map(kind, content.get(kind))
        yield from _reasons(kind, content.get(kind))
    for key in sorted(set(_of(content, "reasons")) & set(_of(content, "never"))):
        zh, en = f"“{key}”既可停表又不可停表", f"“{key}” both stops the clock and never does"
        yield Finding(f"never.{key}", zh, en)


def _number(key: str, given: Any, most: int) -> Iterator[Finding]:
    is_number = isinstance(given, int | float) and not isinstance(given, bool)
    if not is_number or not 0 < given <= most:
        yield Finding(key, f"应为 0 与 {most} 之间的数", f"This is a number up to {most}, above 0")


def _reasons(path: str, reasons: Any) -> Iterator[Finding]:
    for key, names in reasons.items() if isinstance(reasons, Mapping) else ():
        if isinstance(names, Mapping):
            yield from expect_names(f"{path}.{key}", names)
            yield from expect_known(f"{path}.{key}", names, {"zh", "en"})
        else:
            yield Finding(f"{path}.{key}", "请写明 zh 和 en", "Give it zh and en")


def _of(content: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    found = content.get(kind)
    return found if isinstance(found, Mapping) else {}
