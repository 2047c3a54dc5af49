"""A small diagram given to the gate, as if it came with all that it needs. For test_checks*.py."""

import random
import re

from bpmn.checks import Finding, Known, check
from records.region.groups import GROUPS
from tests.diagram_maker import bundle, node

KNOWN = Known(
    services={"op", "echo", "later", "fails"},
    groups=GROUPS,
    roles={"dispatcher"},
    diagrams={"published"},
)
BY_HAND = re.compile(r'<bpmn:(?:userTask|manualTask|task) id="(\w+)"')
NAMED = (
    node("message", "msg")
    + node("signal", "sig")
    + node("error", "err", errorCode="E1")
    + node("escalation", "esc", escalationCode="X1")
)


def found(nodes, *flows, **given) -> list[Finding]:
    """The findings of a diagram whose steps are all in one lane."""
    return check(drawn(nodes, *flows, **given), KNOWN)


def drawn(nodes, *flows, extra="", more="", tail="", lane="noc", files=None) -> dict[str, bytes]:
    text = bundle(nodes, *flows, extra=NAMED + extra, more=more)["p.bpmn"].decode()
    refs = "".join(f"<bpmn:flowNodeRef>{name}</bpmn:flowNodeRef>" for name in BY_HAND.findall(text))
    lanes = node("laneSet", "ls", node("lane", "l", refs).replace('name="l"', f'name="{lane}"'))
    text = re.sub(r'(<bpmn:process id="p"[^>]*>)', rf"\1{lanes if lane else ''}", text)
    text = text.replace("</bpmn:process>", f"{tail}</bpmn:process>", 1)
    return {"p.bpmn": text.encode(), **(files or {})}


VALUES, PIECES = re.compile(rb'"[\w.]*"'), re.compile(rb'"[^"]*"|<[^>]*>|\w+')


def spoil(text: bytes, chance: random.Random) -> bytes:
    """The file with pieces left out, doubled or swapped."""
    for _ in range(chance.randint(1, 4)):
        kind = chance.choice((VALUES, VALUES, VALUES, PIECES))
        pieces = [match.span() for match in kind.finditer(text)]
        (a, b), (c, d) = sorted(chance.sample(pieces, 2))
        how = chance.randrange(4) if kind is PIECES else chance.randrange(2, 4)
        if how == 0:
            text = text[:a] + text[b:]
        elif how == 1:
            text = text[:a] + text[a:b] + text[a:]
        elif how == 2:
            text = text[:a] + text[c:d] + text[b:]
        elif b <= c:
            text = text[:a] + text[c:d] + text[b:c] + text[a:b] + text[d:]
    return text
