"""A small diagram given to the gate, as if it came with all that it needs. For test_checks*.py."""

import re

from bpmn.checks import Finding, Known, check
from records.region.groups import GROUPS
from tests.diagram_maker import bundle, node

KNOWN = Known(services={"op"}, groups=GROUPS, roles={"dispatcher"}, diagrams={"published"})
BY_HAND = re.compile(r'<bpmn:(?:userTask|manualTask|task) id="(\w+)"')
NAMED = (
    node("message", "msg")
    + node("signal", "sig")
    + node("error", "err", errorCode="E1")
    + node("escalation", "esc", escalationCode="X1")
)


def found(nodes, *flows, extra="", more="", lane="noc", files=None) -> list[Finding]:
    """The findings of a diagram whose steps are all in one lane."""
    text = bundle(nodes, *flows, extra=NAMED + extra, more=more)["p.bpmn"].decode()
    refs = "".join(f"<bpmn:flowNodeRef>{name}</bpmn:flowNodeRef>" for name in BY_HAND.findall(text))
    lanes = node("laneSet", "ls", node("lane", "l", refs).replace('name="l"', f'name="{lane}"'))
    text = re.sub(r'(<bpmn:process id="p"[^>]*>)', rf"\1{lanes if lane else ''}", text)
    return check({"p.bpmn": text.encode(), **(files or {})}, KNOWN)
