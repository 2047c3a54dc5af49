"""What the policy "archives" must be. Called when one is published (policy_checks.py)."""

from collections.abc import Iterator, Mapping
from typing import Any

from records.circuits import MANAGEABILITY
from records.customers import GRADES
from tasks.archive.completeness import CHECKS
from tasks.findings import Finding, expect_known, expect_map, expect_names, expect_number

Map = Mapping[str, Any]
SECTIONS = ("business", "topology", "contacts", "consent", "history", "plans")
NUMBERS = {  # least, most of what stands in each part
    "work": {"each_night": (0, 100_000), "ahead_days": (0, 90), "retry_days": (1, 365)},
    "audit": {"each_month": (0, 100_000), "pause_days": (0, 3_650)},
    "readiness": {"history_days": (1, 3_650), "audited_least": (0, 1_000)},
}
LISTS: dict[str, dict[str, tuple[str, ...]]] = {
    "work": {"grades": GRADES},
    "replacement": {"manageability": MANAGEABILITY},
}
RISKS = (*GRADES, "unmanaged", "discrepancy", "never_audited")
WEIGHTS = {  # part, and place in it: what has a weight
    ("readiness", "reach"): MANAGEABILITY,
    ("readiness", "linkage"): ("account_manager", "contact", "tickets"),
    ("audit", "weights"): RISKS,
    ("replacement", "weights"): GRADES,
}
KNOWN = {"sections", "contacts_wanted", "scopes", "work", "readiness", "audit", "replacement"}


def check_archives(content: Map) -> Iterator[Finding]:
    yield from expect_known("", content, KNOWN)
    for part in sorted(KNOWN):
        yield from expect_map(part, content.get(part))
    yield from _sections(_map(content.get("sections")))
    yield from _weights("contacts_wanted", content.get("contacts_wanted"), GRADES)
    for key, scope in _map(content.get("scopes")).items():
        yield from expect_names(f"scopes.{key}", _map(scope))
        most = _map(scope).get("most_days")
        yield from expect_number(f"scopes.{key}.most_days", most, 1, 3_650, is_whole=True)
    for (part, place), known in WEIGHTS.items():
        yield from _weights(f"{part}.{place}", _map(content.get(part)).get(place), known)
    yield from _numbers(content)
    yield from _lists(content)


def _sections(sections: Map) -> Iterator[Finding]:
    yield from expect_known("sections", sections, set(SECTIONS))
    for key, told in sections.items():
        section, path = _map(told), f"sections.{key}"
        yield from expect_names(path, section)
        yield from expect_known(path, section, {"zh", "en", "confirm_days", "checks", "kept"})
        checks = section.get("checks")
        yield from expect_map(f"{path}.checks", checks)
        yield from _weights(f"{path}.checks", checks or {}, CHECKS)
        yield from expect_known(
            f"{path}.confirm_days", _map(section.get("confirm_days")), {*GRADES}
        )
        for grade, days in _map(section.get("confirm_days")).items():
            place = f"{path}.confirm_days.{grade}"
            yield from expect_number(place, days, 1, 3_650, is_whole=True)
        for name, kept in _map(section.get("kept")).items():
            yield from expect_names(f"{path}.kept.{name}", _map(kept))


def _weights(path: str, given: Any, known: Any) -> Iterator[Finding]:
    yield from expect_known(path, _map(given), set(known))
    for key, weight in _map(given).items():
        yield from expect_number(f"{path}.{key}", weight, 0, 1_000)


def _numbers(content: Map) -> Iterator[Finding]:
    for part, numbers in NUMBERS.items():
        for key, (least, most) in numbers.items():
            given = _map(content.get(part)).get(key)
            yield from expect_number(f"{part}.{key}", given, least, most, is_whole=True)


def _lists(content: Map) -> Iterator[Finding]:
    for part, lists in LISTS.items():
        for key, known in lists.items():
            given = _map(content.get(part)).get(key)
            if not isinstance(given, list) or not set(map(str, given)) <= set(known):
                some = ", ".join(known)
                zh, en = f"应为这些之中的若干个:{some}", f"This is a list of some of {some}"
                yield Finding(f"{part}.{key}", zh, en)


def _map(content: Any) -> Map:
    """What is no map has been said already."""
    return content if isinstance(content, Mapping) else {}
