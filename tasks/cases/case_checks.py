"""What the policy "cases" must be. Called when one is published."""

from collections.abc import Iterator, Mapping
from typing import Any

from tasks.findings import Finding, Types, expect_known, expect_map, expect_names, expect_types

Map = Mapping[str, Any]
MOST_JARGON = 1_000


def check_cases(content: Map) -> Iterator[Finding]:
    yield from expect_known("", content, {"channels", "parties", "jargon"})
    parts: dict[str, Types] = {"channels": {"is_press": bool}, "parties": {"skills": list}}
    for part, types in parts.items():
        yield from expect_map(part, content.get(part))
        yield from _named(part, content.get(part), types)
    yield from _jargon(content.get("jargon"))


def _named(part: str, entries: Any, types: Types) -> Iterator[Finding]:
    for key, each in entries.items() if isinstance(entries, Mapping) else ():
        if not isinstance(each, Mapping):
            yield Finding(f"{part}.{key}", "这里应当是一个对象", "This must be an object")
            continue
        yield from expect_known(f"{part}.{key}", each, {"zh", "en", *types})
        yield from expect_names(f"{part}.{key}", each)
        yield from expect_types(f"{part}.{key}", each, types)


def _jargon(jargon: Any) -> Iterator[Finding]:
    if not isinstance(jargon, Mapping) or len(jargon) > MOST_JARGON:
        yield Finding("jargon", "应为不多于 1000 项的对象", "This is an object of 1000 at most")
        return
    for word, plain in jargon.items():
        if not word.strip() or not isinstance(plain, str) or not plain.strip():
            yield Finding(f"jargon.{word}", "请写出通俗说法", "Say what to say instead")
