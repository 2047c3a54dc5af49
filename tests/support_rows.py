"""A row of docs/bpmn-support.md: a small diagram that is run, or seen to be refused.

How a row that runs is driven is a script: `A B` these steps wait for people (`-`: nobody), `do A`,
`again A 9` do it so often, `hear msg`, `signal sig`, `answer X 7` a service, `wait 2` hours, `told
sig` it left the run, `done X 2` so often, `x=1` a fact, `end e` the run is over and reached these.
"""

from dataclasses import dataclass, field
from typing import Any

from tests.diagram_maker import (
    extended,
    node,
    on,
    subprocess,
)

LINK = '<bpmn:linkEventDefinition name="x"/>'
COMPENSATE = "<bpmn:compensateEventDefinition/>"
CONDITION = "<bpmn:conditionalEventDefinition><bpmn:condition>x</bpmn:condition></bpmn:conditionalEventDefinition>"  # noqa: E501 (one tag)
SEVERAL = on("message", "msg") + on("signal", "sig")
REFERENCE = "<bpmn:eventDefinitionRef>somewhere</bpmn:eventDefinitionRef>"
LOOP = "standardLoopCharacteristics"
MULTI = "multiInstanceLoopCharacteristics"
DECIDES = extended("<spiffworkflow:calledDecisionId>limit</spiffworkflow:calledDecisionId>")
TABLE = b"""<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" namespace="x">
<decision id="limit"><decisionTable hitPolicy="FIRST">
<input><inputExpression><text>grade</text></inputExpression></input><output name="hours"/>
<rule id="r1"><inputEntry><text>"AA"</text></inputEntry>
<outputEntry><text>4</text></outputEntry></rule>
<rule id="r2"><inputEntry><text>-</text></inputEntry>
<outputEntry><text>8</text></outputEntry></rule>
</decisionTable></decision></definitions>"""


@dataclass(frozen=True)
class Row:
    """`refused`: the code of the gate's finding; else `script` is what the run must do."""

    name: str
    nodes: list[str]
    flows: tuple[Any, ...]
    script: str = ""
    refused: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    more: str = ""
    extra: str = ""
    tail: str = ""  # behind the flows
    files: dict[str, bytes] = field(default_factory=dict)


def runs(name: str, nodes: list[str], *flows: Any, does: str, **given: Any) -> Row:
    return Row(name, nodes, flows, script=does, **given)


def refused(name: str, code: str, nodes: list[str], *flows: Any, **given: Any) -> Row:
    return Row(name, nodes, flows, refused=code, **given)


def start(definition: str = "", name: str = "s", **attributes: str) -> str:
    return node("startEvent", name, definition, **attributes)


def end(definition: str, name: str = "e") -> str:
    return node("endEvent", name, definition)


def loop(inside: str = "", **attributes: str) -> str:
    given = "".join(f' {key}="{value}"' for key, value in attributes.items())
    return f"<bpmn:{LOOP}{given}>{inside}</bpmn:{LOOP}>"


def transaction(name: str, nodes: list[str], *flows: Any) -> str:
    return subprocess(name, nodes, *flows).replace("bpmn:subProcess", "bpmn:transaction")
