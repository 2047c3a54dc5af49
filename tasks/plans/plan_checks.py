"""Whether a plan has its four parts (启动判别、流程与关键节点、各方权责、所需资源). Pure.

Called before a version is published: bpmn/plans.py reads the diagram, the table, the groups and the
stock, and passes them in. Each finding names the part, and says what to do.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tasks.findings import Finding

Map = Mapping[str, Any]
PARTS = ("criteria", "flow", "parties", "resources")
TIMES = {  # minutes: bounds, and what counts where a plan says nothing
    "confirm": (1, 1_440, 5),  # §4.2 (3)
    "ack": (1, 1_440, 10),
    "note": (5, 1_440, 30),  # §4.2 (3)
    "inform": (5, 1_440, 30),
    "restore": (5, 43_200, 240),
}
PLACES = ("city", "any")  # where a resource has to be: in the city of the fault, or anywhere
MODES = {"auto", "propose", ""}


@dataclass(frozen=True)
class Around:
    """What a plan is held against. `members`, `stock`: None where that is not to be looked at."""

    nodes: Sequence[Map] | None  # key nodes of its diagram; None: no such diagram
    modes: set[Any] | None  # what the table can answer as `mode`; None: no such table
    powers: Map
    kinds: Map
    members: Mapping[str, int] | None  # active people by group; a group that is not here is none
    stock: Mapping[str, int] | None  # by kind: what is ready, has a place and a keeper


def find_wrong(content: Map, around: Around) -> list[Finding]:
    return [
        *_criteria(content, around),
        *_flow(around),
        *_parties(content, around),
        *_resources(content, around),
        *_times(content.get("times") or {}),
    ]


def times_of(content: Map) -> dict[str, int]:
    """Minutes that count."""
    told = content.get("times") or {}
    return {key: told.get(key, usual) for key, (_, _, usual) in TIMES.items()}


def _criteria(content: Map, around: Around) -> Iterator[Finding]:
    table = content.get("table") or ""
    if not table:
        zh = "缺少“启动判别”:请写明用哪张决策表判断何时启动"
        yield Finding("criteria", zh, "The activation criteria are missing: name a decision table")
    elif around.modes is None:
        zh = f"“启动判别”:预案的流程图里没有决策表“{table}”,请在图上加一个业务规则任务调用它"
        en = f"Activation criteria: the diagram has no table “{table}”: call it in the diagram"
        yield Finding("criteria", zh, en)
    elif not {"auto", "propose"} & around.modes or around.modes - MODES:
        zh = f"“启动判别”:表“{table}”须有输出 mode,取值 auto、propose 或空"
        en = f"Activation criteria: “{table}” needs an output mode: auto, propose or empty"
        yield Finding("criteria", zh, en)


def _flow(around: Around) -> Iterator[Finding]:
    if around.nodes is None:
        zh = "缺少“处理流程”:请选一张已发布的流程图"
        yield Finding("flow", zh, "The flow is missing: choose a diagram that is published")
    elif not around.nodes:
        zh = "“处理流程”没有关键节点:请在图上把至少一个用户任务的 key_node 设为 true"
        en = "The flow has no key node: set key_node to true at a user task of the diagram"
        yield Finding("flow", zh, en)
    for node in around.nodes or ():
        yield from _node(node)


def _node(node: Map) -> Iterator[Finding]:
    at = f"flow.{node['element']}"
    if not node["group"]:
        zh, en = "没有负责班组,请放进泳道", "It has no group: put it into a lane"
        yield Finding(at, f"关键节点“{node['title']}”{zh}", f"Key node “{node['title']}”: {en}")
    if node["limit"] is None:
        zh, en = "没有时限,请填属性 limit(启动后多少分钟)", "give it limit, minutes from the start"
        yield Finding(at, f"关键节点“{node['title']}”{zh}", f"Key node “{node['title']}”: {en}")
    for field in ("evidence", "customer_told"):
        if field not in node["asks"]:
            zh, en = (
                f"的表单没有必填项 {field},请换用 plan_node.json",
                "use the form plan_node.json",
            )
            yield Finding(at, f"关键节点“{node['title']}”{zh}", f"Key node “{node['title']}”: {en}")


def _parties(content: Map, around: Around) -> Iterator[Finding]:
    parties = content.get("parties") or []
    if not parties:
        zh = "缺少“各方权责”:请写明谁参加、各做什么、有什么权力"
        yield Finding("parties", zh, "The parties are missing: say who does what, and may do what")
        return
    for number, party in enumerate(parties):
        yield from _party(f"parties.{number}", party, around)
    given = {power for party in parties for power in party.get("powers", ())}
    for power in ("command", "speak"):
        if power not in given:
            zh, en = around.powers[power]["zh"], around.powers[power]["en"]
            yield Finding("parties", f"没有任何一方可以“{zh}”", f"No party may {en}: say which")
    yield from _without_party(parties, around)
    for key, times in Counter(party.get("key") for party in parties).items():
        if times > 1:
            yield Finding("parties", f"“{key}”写了两次", f"“{key}” is there twice: keep one")


def _party(at: str, party: Map, around: Around) -> Iterator[Finding]:
    name = party.get("zh") or party.get("key") or ""
    group = party.get("group") or ""
    members = around.members
    if not group or (members is not None and group not in members):
        zh, en = (
            f"“{name}”没有对应的班组,权责落不到人",
            f"“{name}” is nobody: name a group that is there",
        )
        yield Finding(f"{at}.group", zh, en)
    elif members is not None and not members[group]:
        zh = f"“{name}”的班组“{group}”里没有人,请先配人或换一个班组"
        yield Finding(
            f"{at}.group", zh, f"“{name}”: nobody is in {group}: staff it or choose another"
        )
    if not any(str(duty).strip() for duty in party.get("duties") or ()):
        yield Finding(
            f"{at}.duties", f"“{name}”没有写职责", f"“{name}” has no duty: write what they do"
        )
    for power in party.get("powers") or ():
        if power not in around.powers:
            some = ", ".join(around.powers)
            yield Finding(f"{at}.powers", f"没有“{power}”这项权力,可用:{some}", f"There are {some}")


def _without_party(parties: Sequence[Map], around: Around) -> Iterator[Finding]:
    """Key nodes whose group has no duty in this plan."""
    groups = {party.get("group") for party in parties}
    for node in around.nodes or ():
        if node["group"] and node["group"] not in groups:
            zh = f"关键节点“{node['title']}”由“{node['group']}”负责,但权责里没有这一方"
            en = f"{node['group']} does “{node['title']}”, and is no party of the plan: add it"
            yield Finding("parties", zh, en)


def _resources(content: Map, around: Around) -> Iterator[Finding]:
    needs = content.get("resources") or []
    if not needs:
        zh = "缺少“所需资源”:请写明要什么、多少、在哪里"
        yield Finding("resources", zh, "The resources are missing: say what, how many, and where")
    for number, need in enumerate(needs):
        yield from _need(f"resources.{number}", need, around)


def _need(at: str, need: Map, around: Around) -> Iterator[Finding]:
    kind, quantity = str(need.get("kind")), need.get("quantity")
    if kind not in around.kinds:
        some = ", ".join(around.kinds)
        yield Finding(f"{at}.kind", f"没有“{kind}”这类资源,可用:{some}", f"There are {some}")
        return
    name = around.kinds[kind]["zh"]
    if type(quantity) is not int or not 1 <= quantity <= 1_000_000:
        yield Finding(f"{at}.quantity", f"“{name}”要多少?请填整数", "How many? Give a whole number")
        return
    if need.get("place") not in PLACES:
        zh, en = "须为 city(故障所在城市)或 any(任何地方)", "This is city or any"
        yield Finding(f"{at}.place", zh, en)
    there = quantity if around.stock is None else around.stock.get(kind, 0)
    if there < quantity:
        zh = f"“{name}”要 {quantity},在库有地点、有保管人的只有 {there},请先登记资源"
        en = f"{quantity} of {kind} are needed, {there} are kept somewhere by somebody: add them"
        yield Finding(f"{at}.quantity", zh, en)


def _times(times: Map) -> Iterator[Finding]:
    for key, value in times.items():
        least, most, _ = TIMES.get(key, (0, -1, 0))
        if type(value) is not int or not least <= value <= most:
            zh, en = f"应为 {least} 至 {most} 分钟", f"This is from {least} to {most} minutes"
            yield Finding(f"times.{key}", zh, en)
