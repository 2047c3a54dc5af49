"""XML to scopes of nodes: SpiffWorkflow's parser, in document order and without recursion.

`blueprints.py` calls it. What an element may not be is the gate's matter (`bpmn/checks`); this
refuses only what it would otherwise read wrongly.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from SpiffWorkflow.bpmn.parser.BpmnParser import BpmnParser
from SpiffWorkflow.bpmn.parser.ProcessParser import ProcessParser
from SpiffWorkflow.bpmn.parser.util import full_tag

from bpmn.wall import events, gateways, nodes, rules, service_steps, signals, subprocesses
from bpmn.wall import node_parsers as read
from bpmn.wall.elements import BPMN, read_trigger
from bpmn.wall.troubles import BadDiagram


class ScopeParser(ProcessParser):
    """A process or subprocess."""

    def create_spec(self) -> Any:
        if not self.process_executable:
            raise BadDiagram(
                f"流程 {self.bpmn_id} 标记为不可执行；请将 isExecutable 设为 true。",
                f"The process {self.bpmn_id} is not executable; set isExecutable to true.",
                self.bpmn_id,
            )
        return nodes.Scope(name=self.bpmn_id, description=self.get_name(), filename=self.filename)

    def _parse(self) -> None:
        """Without data objects and stores, which are drawn only."""
        self.spec = self.create_spec()
        if self.node.find(f"{BPMN}ioSpecification") is not None:
            self.spec.io_specification = self.parse_io_spec()
        self.add_tasks()

    def add_tasks(self) -> None:
        for node in reversed([*self._along_the_flow()]):  # so that no element waits for the next
            self.parse_node(node)
        if not self.spec.start.outputs:
            raise BadDiagram(
                f"流程 {self.bpmn_id} 没有开始事件；请添加一个。",
                f"The process {self.bpmn_id} has no start event; add one.",
                self.bpmn_id,
            )
        self._join_links()
        for node in self.node.iterfind(f"{BPMN}subProcess[@triggeredByEvent='true']"):
            self._listen(node)
        self.spec.look_around()

    def _along_the_flow(self) -> Iterator[Any]:
        seen: dict[str, Any] = {}
        pending = [*self.node.iterfind(f"{BPMN}startEvent"), *self._link_catches()]
        while pending:
            node = pending.pop(0)
            if node.get("id") not in seen:
                seen[node.get("id")] = node
                pending += self._after(node)
        yield from seen.values()

    def _after(self, node: Any) -> Iterator[Any]:
        yield from self.get_boundary_events(node.get("id"))
        for flow in self.get_outgoing_sequence_flows(node.get("id")):
            target = self.get_node_by_id(flow.get("targetRef"))
            if target is None:
                raise BadDiagram(
                    f"连线 {flow.get('id')} 没有连到任何元素；请重新连接。",
                    f"The flow {flow.get('id')} leads nowhere; connect it again.",
                    flow.get("id"),
                )
            yield target

    def _link_catches(self) -> Iterator[Any]:
        for node in self.node.iterfind(f"{BPMN}intermediateCatchEvent"):
            if node.find(f"{BPMN}linkEventDefinition") is not None:
                yield node

    def _join_links(self) -> None:
        links = [
            spec
            for spec in self.spec.task_specs.values()
            if getattr(getattr(spec, "event_definition", None), "kind", "") == "link"
        ]
        targets = {s.event_definition.name: s for s in links if isinstance(s, events.CatchEvent)}
        for spec in links:
            if isinstance(spec, signals.ThrowEvent):
                if spec.event_definition.name not in targets:
                    raise BadDiagram(
                        f"链接 {spec.event_definition.name} 没有对应的接收事件；请添加。",
                        f"The link {spec.event_definition.name} has no catching event; add one.",
                        spec.name,
                    )
                spec.connect(targets[spec.event_definition.name])

    def _listen(self, node: Any) -> None:
        """Arm an event subprocess when the scope begins."""
        step = self.parse_node(node)
        start = node.find(f"{BPMN}startEvent")
        trigger = read_trigger(start, read.BESIDE)
        stops = start.get("isInterrupting", "true") != "false"
        listener = subprocesses.Listener(
            self.spec,
            start.get("id"),
            event_definition=trigger,
            cancel_activity=stops or trigger.kind in read.ALWAYS_STOPS,
            bpmn_name=start.get("name"),
        )
        listener.kind = "startEvent"
        listener.connect(step)
        self.spec.start.listeners.append(listener.name)


class DiagramParser(BpmnParser):
    """One bundle. `decisions` are the tables that rule tasks may ask."""

    PROCESS_PARSER_CLASS = ScopeParser
    OVERRIDE_PARSER_CLASSES = {
        full_tag(tag): pair
        for tag, pair in {
            "startEvent": (read.StartParser, subprocesses.StartEvent),
            "endEvent": (read.EndParser, signals.EndEvent),
            "intermediateCatchEvent": (read.CatchParser, events.CatchEvent),
            "intermediateThrowEvent": (read.ThrowParser, signals.ThrowEvent),
            "boundaryEvent": (read.BoundaryParser, events.BoundaryEvent),
            "receiveTask": (read.MessageParser, events.ReceiveStep),
            "sendTask": (read.MessageParser, signals.SendStep),
            "task": (read.NodeParser, nodes.PlainStep),
            "manualTask": (read.NodeParser, nodes.ManualStep),
            "userTask": (read.UserParser, nodes.UserStep),
            "scriptTask": (read.ScriptParser, nodes.ScriptStep),
            "serviceTask": (read.ServiceParser, service_steps.ServiceStep),
            "businessRuleTask": (read.RuleParser, rules.RuleStep),
            "subProcess": (read.SubprocessNodeParser, subprocesses.EmbeddedStep),
            "transaction": (read.SubprocessNodeParser, subprocesses.TransactionStep),
            "callActivity": (read.CallParser, subprocesses.CallStep),
            "exclusiveGateway": (read.GatewayParser, gateways.Exclusive),
            "inclusiveGateway": (read.GatewayParser, gateways.Inclusive),
            "parallelGateway": (read.ParallelParser, gateways.Parallel),
            "eventBasedGateway": (read.ParallelParser, gateways.ByEvent),
        }.items()
    }
    PARSER_CLASSES = OVERRIDE_PARSER_CLASSES  # anything else is refused

    def __init__(self, decisions: Mapping[str, Any]) -> None:
        super().__init__()
        self.decisions = decisions

    def _add_data_stores(self, bpmn: Any) -> None:
        """Drawn only."""

    def _add_diagram_indexes(self, bpmn: Any) -> None:
        super()._add_diagram_indexes(bpmn)
        lanes = self.document_lanes[self._document_key(bpmn)]
        for ref in bpmn.iter(f"{BPMN}flowNodeRef"):  # an inner lane comes after its outer lane
            lanes[(ref.text or "").strip()] = ref.getparent().get("name")
