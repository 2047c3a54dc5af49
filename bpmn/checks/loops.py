"""Steps that run several times: multi-instance and standard loops."""

import re
from collections.abc import Iterator

from bpmn.checks.drawing import ACTIVITIES, Node, Scope, Xml, child, is_fact_name
from bpmn.checks.saying import error
from bpmn.findings import Finding

MOST_ROUNDS = 1_000
INSTANCES, LOOP = "multiInstanceLoopCharacteristics", "standardLoopCharacteristics"


def instances(scope: Scope) -> Iterator[Finding]:
    for node in _steps(scope):
        xml = child(node.xml, INSTANCES)
        if xml is not None:
            yield from _collection(node, xml)
            yield from _names(node, xml)


def rounds(scope: Scope) -> Iterator[Finding]:
    for node in _steps(scope):
        xml = child(node.xml, LOOP)
        if xml is not None and not _is_bounded(xml):
            yield error(
                "loop-without-end",
                node,
                f"“{node.shown}”的循环没有次数上限也没有条件，"
                f"请填写 1 到 {MOST_ROUNDS} 的上限或条件。",
                f"The loop of “{node.shown}” has neither a maximum nor a condition: "
                f"give it a maximum from 1 to {MOST_ROUNDS}, or a condition.",
            )


def event_subprocesses(scope: Scope) -> Iterator[Finding]:
    for node in scope.nodes.values():
        if node.is_event_subprocess and node.is_repeated:
            yield error(
                "repeated-event-subprocess",
                node,
                f"事件子流程“{node.shown}”每次触发都会执行，不能再设循环或多实例，请去掉。",
                f"The event subprocess “{node.shown}” runs at every event: "
                "take its loop or multi-instance marker away.",
            )


def _collection(node: Node, xml: Xml) -> Iterator[Finding]:
    counted, listed = child(xml, "loopCardinality"), child(xml, "loopDataInputRef")
    if (counted is None) == (listed is None):
        yield error(
            "instances-of-nothing",
            node,
            f"多实例“{node.shown}”要么按集合，要么按数量，请填写其中一个。",
            f"The multi-instance step “{node.shown}” goes through a collection or a number: "
            "fill in one of the two.",
        )


def _names(node: Node, xml: Xml) -> Iterator[Finding]:
    """The engine takes the id of an item, and the text of a reference, as the name of a fact."""
    items = (child(xml, tag) for tag in ("inputDataItem", "outputDataItem"))
    refs = (child(xml, tag) for tag in ("loopDataInputRef", "loopDataOutputRef"))
    names = [item.get("id") or "" for item in items if item is not None]
    names += [ref.text or "" for ref in refs if ref is not None]
    for name in names:
        if not is_fact_name(name):
            yield error(
                "no-fact-name",
                node,
                f"多实例“{node.shown}”中的“{name}”不是数据名称，请以文字开头，只用文字、数字和下划线。",
                f"“{name}” in the multi-instance step “{node.shown}” is no name of a fact: "
                "use letters, digits and underscores.",
            )
    if child(xml, "loopDataOutputRef") is not None and child(xml, "outputDataItem") is None:
        yield error(
            "instances-without-output",
            node,
            f"多实例“{node.shown}”要收集结果，却没有说明每个实例给出哪项数据，请填写输出项。",
            f"The multi-instance step “{node.shown}” collects results, but not of which fact: "
            "fill in the output item.",
        )


def _steps(scope: Scope) -> list[Node]:
    return [node for node in scope.nodes.values() if node.tag in ACTIVITIES]


def _is_bounded(xml: Xml) -> bool:
    most = xml.get("loopMaximum")
    if most is not None:
        return bool(re.fullmatch(r"\d{1,4}", most)) and 1 <= int(most) <= MOST_ROUNDS
    condition = child(xml, "loopCondition")
    return condition is not None and bool((condition.text or "").strip())
