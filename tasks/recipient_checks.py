"""What the policy "recipients" must be: rules that find somebody, and a way up from each."""

from collections.abc import Iterator, Mapping
from typing import Any

from tasks.access.roles import ROLES
from tasks.findings import Finding, Types, expect_known, expect_map, expect_names, expect_types

SETTINGS = frozenset({"zh", "en", "last", "levels", "rules", "skills", "actions"})
OF_A_RULE = frozenset(
    {
        "zh",
        "en",
        "level",
        "group",
        "role",
        "of_customer",
        "same_city",
        "same_crew",
        "otherwise",
    }
)
TYPES: Types = {"level": str, "group": str, "role": str, "otherwise": str}
TYPES |= {"of_customer": bool, "same_city": bool, "same_crew": bool}
Map = Mapping[str, Any]
WAYS = ("group", "role", "of_customer")  # one of them a rule needs, to find anybody


def check_recipients(content: Mapping[str, Any]) -> Iterator[Finding]:
    yield from expect_known("", content, SETTINGS)
    for part in ("levels", "rules", "actions"):
        yield from expect_map(part, content.get(part))
        yield from _named(part, content.get(part))
    rules, levels = _map(content.get("rules")), _map(content.get("levels"))
    for key, rule in rules.items():
        if isinstance(rule, Mapping):
            yield from _rule(f"rules.{key}", key, rule, rules, levels)
    yield from _last(content, rules)
    yield from _skills(content.get("skills", {}))


def _named(part: str, content: Any) -> Iterator[Finding]:
    for key, each in content.items() if isinstance(content, Mapping) else ():
        if isinstance(each, Mapping):
            yield from expect_names(f"{part}.{key}", each)
        else:
            yield Finding(f"{part}.{key}", "这里应当是一个对象", "This must be an object")


def _rule(path: str, key: str, rule: Map, rules: Map, levels: Map) -> Iterator[Finding]:
    yield from expect_known(path, rule, OF_A_RULE)
    yield from expect_types(path, rule, TYPES)
    if str(rule.get("level")) not in levels:
        known = ", ".join(levels)
        yield Finding(f"{path}.level", f"级别应为 {known} 之一", f"The level is one of {known}")
    if not any(rule.get(way) for way in WAYS):
        yield Finding(
            path,
            "这条规则找不到任何人,请填 group、role 或 of_customer",
            "This rule finds nobody: give it a group, a role or of_customer",
        )
    if str(rule.get("role", "administrator")) not in ROLES:
        known = ", ".join(ROLES)
        yield Finding(f"{path}.role", f"角色应为 {known} 之一", f"The role is one of {known}")
    yield from _way_up(path, key, rules)


def _way_up(path: str, key: str, rules: Mapping[str, Any]) -> Iterator[Finding]:
    """The ways up end somewhere, and all their steps exist."""
    seen, at = {key}, rules[key].get("otherwise")
    while at and isinstance(at, str):
        if not isinstance(rules.get(at), Mapping):
            yield Finding(
                f"{path}.otherwise", f"没有升级对象“{at}”", f"There is no recipient “{at}”"
            )
            return
        if at in seen:
            yield Finding(
                f"{path}.otherwise",
                f"“{at}”又绕了回来,请断开循环",
                f"“{at}” leads back here: break the circle",
            )
            return
        seen.add(at)
        at = rules[at].get("otherwise")


def _last(content: Mapping[str, Any], rules: Mapping[str, Any]) -> Iterator[Finding]:
    """Who is told when nobody else is: by role, so that there always is somebody."""
    last = rules.get(str(content.get("last")))
    if not isinstance(last, Mapping) or not last.get("role") or last.get("same_city"):
        yield Finding(
            "last",
            "最后的对象必须是按角色查找的一条规则,如 administrators",
            "The last recipient must be a rule that finds a role, such as administrators",
        )


def _skills(skills: Any) -> Iterator[Finding]:
    if not isinstance(skills, Mapping):
        yield Finding(
            "skills", "请写成 专业: 技能的列表", "Write it as specialty: a list of skills"
        )
    for key, wanted in _map(skills).items():
        if not isinstance(wanted, list) or not all(isinstance(each, str) for each in wanted):
            yield Finding(f"skills.{key}", "这里应当是技能的列表", "This must be a list of skills")


def _map(content: Any) -> Map:
    """What is no map has been said already."""
    return content if isinstance(content, Mapping) else {}
