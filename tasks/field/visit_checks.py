"""What the policy "visits" must be. Called when one is published (policy_checks.py).

That its skills and tools are those of the policy "crews" is asked where a visit is planned.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from tasks.field.crew_checks import check_days
from tasks.findings import Finding, expect_known, expect_map, expect_names, expect_number

NUMBERS = {
    "without_approval": (1, 20),
    "by_dispatcher": (1, 20),
    "longest_hours": (1, 72),
    "farthest_days": (1, 730),
    "call_hours": (0, 720),
}
OF_A_JOB = {"minutes": (1, 1_440), "people": (1, 20), "merge_hours": (0, 24 * 365)}
LISTS = ("skills", "tools", "prepare")
KNOWN = frozenset({"zh", "en", "is_explained", *OF_A_JOB, *LISTS})
Map = Mapping[str, Any]


def check_visits(content: Map) -> Iterator[Finding]:
    yield from expect_known("", content, {*NUMBERS, "remind_hours", "jobs", "prepare"})
    for key, (least, most) in NUMBERS.items():
        yield from expect_number(key, content.get(key), least, most, is_whole=True)
    yield from check_days("remind_hours", content.get("remind_hours"), most=24 * 90)
    for part in ("prepare", "jobs"):
        yield from expect_map(part, content.get(part))
    prepare = _map(content.get("prepare"))
    for key, each in prepare.items():
        yield from _names(f"prepare.{key}", each)
    for key, job in _map(content.get("jobs")).items():
        yield from _names(f"jobs.{key}", job)
        yield from _job(f"jobs.{key}", _map(job), prepare)


def _names(path: str, each: Any) -> Iterator[Finding]:
    if isinstance(each, Mapping):
        yield from expect_names(path, each)
    else:
        yield Finding(path, "请写明 zh 和 en", "Give it zh and en")


def _job(path: str, job: Map, prepare: Map) -> Iterator[Finding]:
    yield from expect_known(path, job, KNOWN)
    for key, (least, most) in OF_A_JOB.items():
        yield from expect_number(f"{path}.{key}", job.get(key), least, most, is_whole=True)
    if not isinstance(job.get("is_explained"), bool):
        yield Finding(f"{path}.is_explained", "应为 true 或 false", "This is true or false")
    for key in LISTS:
        yield from _texts(f"{path}.{key}", job.get(key))
    named = job.get("prepare")
    for each in named if isinstance(named, list) else ():
        if isinstance(each, str) and each not in prepare:
            zh = f"没有“{each}”这一项准备,请先在 prepare 里写明"
            yield Finding(f"{path}.prepare", zh, f"“{each}” is not in prepare: add it there first")


def _texts(path: str, given: Any) -> Iterator[Finding]:
    if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
        yield Finding(path, "应为文字的列表", "This is a list of texts")


def _map(content: Any) -> Map:
    """What is no map has been said already."""
    return content if isinstance(content, Mapping) else {}
