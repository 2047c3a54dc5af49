"""A .bpmn file as the rules see it: scopes (a process, its subprocesses) with nodes and flows.

`reading.py` makes it from bytes; every rule gets it. References are looked up as the engine does,
so a rule never finds what the engine would miss.
"""

from __future__ import annotations

import keyword
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias

Xml: TypeAlias = Any  # lxml brings no types along

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
SPIFF = "http://spiffworkflow.org/bpmn/schema/1.0/core"

EVENTS = frozenset(
    ["startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent"]
)
CHOICES = frozenset(["exclusiveGateway", "inclusiveGateway", "eventBasedGateway"])
GATEWAYS = CHOICES | {"parallelGateway", "complexGateway"}
SUBPROCESSES = frozenset(["subProcess", "transaction", "adHocSubProcess"])
BY_HAND = frozenset(["userTask", "manualTask", "task"])
BY_ITSELF = frozenset(["scriptTask", "serviceTask", "businessRuleTask", "sendTask"])
STEPS = BY_HAND | BY_ITSELF | {"receiveTask", "callActivity"}
ACTIVITIES = STEPS | SUBPROCESSES
NODES = ACTIVITIES | EVENTS | GATEWAYS


@dataclass(frozen=True, eq=False, repr=False)
class Part:
    """What a finding can point at."""

    xml: Xml
    id: str
    name: str

    @property
    def shown(self) -> str:
        return self.name or self.id


@dataclass(frozen=True, eq=False, repr=False)
class Flow(Part):
    source: str
    target: str
    scope: Scope

    @property
    def shown(self) -> str:
        ends = (self.scope.nodes.get(ref) for ref in (self.source, self.target))
        return self.name or " → ".join(node.shown if node else "?" for node in ends)

    @cached_property
    def condition(self) -> str | None:
        found = child(self.xml, "conditionExpression")
        return None if found is None else found.text or ""


@dataclass(frozen=True, eq=False, repr=False)
class Node(Part):
    tag: str
    scope: Scope
    incoming: list[Flow] = field(default_factory=list)
    outgoing: list[Flow] = field(default_factory=list)
    attached: list[Node] = field(default_factory=list)  # boundary events

    @cached_property
    def definitions(self) -> list[Xml]:
        return [e for e in children(self.xml) if local(e).endswith("EventDefinition")]

    @cached_property
    def events(self) -> list[str]:
        """What the event waits for or throws: "timer", "message" …"""
        return [local(e).removesuffix("EventDefinition") for e in self.definitions]

    @cached_property
    def host(self) -> Node | None:
        """What a boundary event is attached to."""
        return self.scope.nodes.get(self.xml.get("attachedToRef", ""))

    @property
    def is_interrupting(self) -> bool:
        return self.xml.get("cancelActivity", "true") in ("true", "1")

    @property
    def is_event_subprocess(self) -> bool:
        return self.tag == "subProcess" and self.xml.get("triggeredByEvent") in ("true", "1")

    @property
    def is_for_undoing(self) -> bool:
        """Compensation, which is refused: nothing else is to be said of it."""
        return "compensate" in self.events or self.xml.get("isForCompensation") == "true"

    @property
    def is_repeated(self) -> bool:
        return any(local(each).endswith("LoopCharacteristics") for each in children(self.xml))

    @property
    def is_split(self) -> bool:
        return self.tag in GATEWAYS and len(self.outgoing) > 1

    @property
    def next(self) -> list[Node]:
        """Where a token can go from here: along the flows, or through an event attached here."""
        targets = (self.scope.nodes.get(flow.target) for flow in self.outgoing)
        return [*(node for node in targets if node), *self.attached]

    @property
    def lane(self) -> str | None:
        """The name of the innermost lane; a subprocess hands its lane on."""
        lane = self.scope.drawing.lanes.get(self.id)
        owner = self.scope.owner
        return owner.lane if lane is None and owner else lane


@dataclass(frozen=True, eq=False, repr=False)
class Scope(Part):
    """A process, or what is inside a subprocess (its `owner`)."""

    drawing: Drawing
    owner: Node | None = None
    nodes: dict[str, Node] = field(default_factory=dict)
    flows: list[Flow] = field(default_factory=list)
    inner: list[Scope] = field(default_factory=list)
    others: list[Part] = field(default_factory=list)  # children that are no nodes and no flows

    def of(self, *tags: str) -> list[Node]:
        return [node for node in self.nodes.values() if node.tag in tags]

    @property
    def is_for_event(self) -> bool:
        return bool(self.owner and self.owner.is_event_subprocess)

    def walk(self) -> Iterator[Scope]:
        yield self
        for scope in self.inner:
            yield from scope.walk()


@dataclass(frozen=True, eq=False, repr=False)
class Drawing:
    """One file. `processes` are those that can be executed."""

    file: str
    root: Xml
    processes: list[Scope] = field(default_factory=list)
    others: list[Scope] = field(default_factory=list)  # pools that are only drawn

    @cached_property
    def ids(self) -> dict[str, Xml]:
        return {e.get("id"): e for e in self.root.iter(f"{{{BPMN}}}*") if e.get("id")}

    @cached_property
    def uses(self) -> Counter[str]:
        """How often each id stands inside the processes, whatever it is the id of."""
        inside = (e for process in children(self.root, "process") for e in process.iter("*"))
        return Counter(e.get("id") for e in inside if e.get("id"))

    @cached_property
    def lanes(self) -> dict[str, str]:
        """Node id to lane name. An inner lane comes after its outer lane, and wins."""
        return {
            (ref.text or "").strip(): ref.getparent().get("name") or ""
            for ref in self.root.iter(f"{{{BPMN}}}flowNodeRef")
        }

    def scopes(self) -> Iterator[Scope]:
        for process in self.processes:
            yield from process.walk()

    def nodes(self) -> Iterator[Node]:
        for scope in self.scopes():
            yield from scope.nodes.values()

    def named(self, ref: str | None, tag: str) -> Xml | None:
        """The root element (message, signal, error …) that a reference means."""
        found = self.ids.get((ref or "").split(":")[-1])
        return found if found is not None and local(found) == tag else None


def draw(file: str, root: Xml) -> Drawing:
    """The model of a file that follows the BPMN schema."""
    drawing = Drawing(file, root)
    for process in children(root, "process"):
        scope = _scope(process, drawing, None)
        if process.get("isExecutable", "true") not in ("true", "1"):
            drawing.others.append(scope)
        elif scope.nodes or process.get("isExecutable"):  # else a pool that is only a box
            drawing.processes.append(scope)
    return drawing


def local(xml: Xml) -> str:
    """The name of a BPMN element, "" for an element of another namespace."""
    space, _, name = xml.tag[1:].partition("}")
    return name if space == BPMN else ""


def children(xml: Xml, tag: str = "*") -> list[Xml]:
    return list(xml.iterchildren(f"{{{BPMN}}}{tag}"))


def child(xml: Xml, tag: str) -> Xml | None:
    return xml.find(f"{{{BPMN}}}{tag}")


def extension(xml: Xml, name: str) -> Xml | None:
    """An element of ours below extensionElements."""
    return xml.find(f"{{{BPMN}}}extensionElements/{{{SPIFF}}}{name}")


def properties(xml: Xml) -> dict[str, str]:
    found = extension(xml, "properties")
    members = [] if found is None else found.iter(f"{{{SPIFF}}}property")
    return {each.get("name", ""): each.get("value", "") for each in members}


def is_fact_name(text: str) -> bool:
    """Whether author code can read a fact of this name."""
    return text.isidentifier() and not text.startswith("_") and not keyword.iskeyword(text)


def part(xml: Xml) -> Part:
    return Part(xml, *said(xml))


def said(xml: Xml) -> tuple[str, str]:
    """Id and name, the name on one line."""
    return xml.get("id") or "", " ".join((xml.get("name") or "").split())


def _scope(xml: Xml, drawing: Drawing, owner: Node | None) -> Scope:
    scope = Scope(xml, *said(xml), drawing, owner)
    for each in children(xml):
        _add(scope, each)
    for flow in scope.flows:
        if flow.source in scope.nodes:
            scope.nodes[flow.source].outgoing.append(flow)
        if flow.target in scope.nodes:
            scope.nodes[flow.target].incoming.append(flow)
    for node in scope.of("boundaryEvent"):
        if node.host:
            node.host.attached.append(node)
    return scope


def _add(scope: Scope, xml: Xml) -> None:
    tag = local(xml)
    if tag == "sequenceFlow":
        ends = xml.get("sourceRef", ""), xml.get("targetRef", "")
        scope.flows.append(Flow(xml, *said(xml), *ends, scope))
    elif tag in NODES:
        node = Node(xml, *said(xml), tag, scope)
        scope.nodes[node.id or f"{tag} {len(scope.nodes)}"] = node
        if tag in SUBPROCESSES:
            scope.inner.append(_scope(xml, scope.drawing, node))
    else:
        scope.others.append(part(xml))
