"""XML to nodes: SpiffWorkflow's parser with our node classes, in document order, without recursion.

`blueprints.py` calls it. What an element may not be is the gate's matter (`bpmn/checks`); this
refuses only what it would otherwise read wrongly.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from lxml import etree  # type: ignore[import-untyped]  # lxml brings no types along
from SpiffWorkflow.bpmn.parser.BpmnParser import BpmnParser
from SpiffWorkflow.bpmn.parser.event_parsers import EventDefinitionParser
from SpiffWorkflow.bpmn.parser.ProcessParser import ProcessParser
from SpiffWorkflow.bpmn.parser.task_parsers import ConditionalGatewayParser, SubprocessParser
from SpiffWorkflow.bpmn.parser.util import full_tag
from SpiffWorkflow.spiff.parser.task_spec import SpiffTaskParser

from bpmn.wall import events, gateways, loops, nodes, rules, service_steps, signals, subprocesses
from bpmn.wall.elements import BPMN, read_extensions, read_trigger
from bpmn.wall.troubles import BadDiagram


class NodeParser(SpiffTaskParser):
    """One element and what leads on from it."""

    STANDARD_LOOP_CLASS = loops.StandardLoop
    PARALLEL_MI_CLASS = loops.ParallelInstances
    SEQUENTIAL_MI_CLASS = loops.SequentialInstances
    EVENT_SUBPROCESS_CLASS = subprocesses.EventSubprocessStep

    def create_task(self) -> Any:
        found = self.parse_extensions()
        scripts = {"prescript": found.get("preScript"), "postscript": found.get("postScript")}
        spec = self.spec_class(
            self.spec, self.bpmn_id, **self.more(found), **scripts, **self.bpmn_attributes
        )
        return self.named(spec)

    def more(self, found: dict[str, Any]) -> dict[str, Any]:
        """What the node's class wants beside the usual."""
        return {}

    def named(self, spec: Any) -> Any:
        spec.kind = etree.QName(self.node).localname
        if not self.process_parser.get_outgoing_sequence_flows(self.bpmn_id):
            self.end_here(spec)
        return spec

    def end_here(self, spec: Any) -> None:
        """Nothing follows: the token ends."""
        spec.connect(self.spec.end)

    def parse_extensions(self, node: Any = None) -> dict[str, Any]:
        return read_extensions(self.node if node is None else node)

    def parse_io_spec(self) -> None:
        """Drawn only: SpiffWorkflow would drop every fact that a step does not list."""

    def parse_incoming_data_references(self) -> list[Any]:
        """Drawn only, as outgoing ones: facts reach every step anyway."""
        return []

    parse_outgoing_data_references = parse_incoming_data_references

    def get_position(self, node: Any = None) -> dict[str, float]:
        """The same for all: flows count in the order of the document, not of the drawing."""
        return {"x": 0.0, "y": 0.0}

    def _copy_task_attrs(self, original: Any, loop_characteristics: Any) -> None:
        super()._copy_task_attrs(original, loop_characteristics)
        self.task.bpmn_name, self.task.lane = original.bpmn_name, original.lane
        self.task.extensions, self.task.kind = original.extensions, "loop"
        original.loop = self.task.name

    def _add_boundary_event(self, children: list[Any]) -> Any:
        split = events.BoundarySplit(self.spec, f"{self.bpmn_id}.BoundaryEventSplit")
        split.main, self.task.guard = self.task.name, split.name
        split.connect(self.task)
        for event in children:
            split.connect(self.process_parser.parse_node(event))
        return split


class UserParser(NodeParser):
    def more(self, found: dict[str, Any]) -> dict[str, Any]:
        return {"variable": found.get("variableName")}


class ScriptParser(NodeParser):
    def more(self, found: dict[str, Any]) -> dict[str, Any]:
        return {"script": self.node.findtext(f"{BPMN}script") or ""}


class ServiceParser(NodeParser):
    def more(self, found: dict[str, Any]) -> dict[str, Any]:
        operator = found.get("serviceTaskOperator")
        if not operator or not operator["name"]:
            raise BadDiagram(
                f"服务任务 {self.bpmn_id} 没有指定服务；请选择一个。",
                f"The service task {self.bpmn_id} names no service; choose one.",
                self.bpmn_id,
            )
        return {
            "operation_name": operator["name"],
            "operation_params": operator["parameters"],
            "result_variable": operator["resultVariable"],
            "retries": operator["retries"],
            "retry_backoff_base": operator["backoff"],
        }


class RuleParser(NodeParser):
    def create_task(self) -> Any:
        spec = super().create_task()
        found = self.parse_extensions()
        spec.decision_id = found.get("calledDecisionId")
        spec.result_variable = found.get("properties", {}).get("resultVariable")
        spec.table = self.process_parser.parser.decisions.get(spec.decision_id)
        if spec.table is None:
            raise BadDiagram(
                f"业务规则任务 {self.bpmn_id} 引用的决策表 {spec.decision_id} 不存在；请重新选择。",
                f"The rule task {self.bpmn_id} asks the decision {spec.decision_id}, which is not "
                "there; choose another or add it.",
                self.bpmn_id,
            )
        return spec


class SubprocessNodeParser(NodeParser):
    def create_task(self) -> Any:
        if self.node.get("triggeredByEvent") == "true":
            self.spec_class = self.EVENT_SUBPROCESS_CLASS
        else:
            self.check_start()
        return super().create_task()

    def more(self, found: dict[str, Any]) -> dict[str, Any]:
        return {"subworkflow_spec": SubprocessParser.get_subprocess_spec(self)}

    def check_start(self) -> None:
        for start in self.node.iterfind(f"{BPMN}startEvent"):
            read_trigger(start, set())


class CallParser(NodeParser):
    def more(self, found: dict[str, Any]) -> dict[str, Any]:
        return {"subworkflow_spec": SubprocessParser.get_call_activity_spec(self)}


class GatewayParser(NodeParser, ConditionalGatewayParser):
    def create_task(self) -> Any:
        return self.named(self.spec_class(self.spec, self.bpmn_id, **self.bpmn_attributes))


class ParallelParser(NodeParser):
    create_task = GatewayParser.create_task

    def handles_multiple_outgoing(self) -> bool:
        return True


class ByEventParser(ParallelParser):
    def create_task(self) -> Any:
        more = self.bpmn_attributes
        return self.named(self.spec_class(self.spec, self.bpmn_id, event_definition=None, **more))


class EventParser(NodeParser, EventDefinitionParser):
    """Events, send and receive tasks. `kinds` is what an event at this place may be."""

    kinds: set[str] = set()
    may_be_none = False

    def create_task(self) -> Any:
        trigger = read_trigger(self.node, self.kinds)
        if trigger.kind == "none" and not self.may_be_none:
            raise BadDiagram(
                f"元素 {self.bpmn_id} 没有说明等待或发送什么；请选择消息、信号或时间。",
                f"The element {self.bpmn_id} does not say what it waits for or sends; choose one.",
                self.bpmn_id,
            )
        spec = self.spec_class(
            self.spec,
            self.bpmn_id,
            event_definition=trigger,
            **self.more(self.parse_extensions()),
            **self.bpmn_attributes,
        )
        return self.named(spec)

    def get_description(self) -> str:
        return str(self.node.tag)


class StartParser(EventParser):
    may_be_none = True
    kinds = {"message", "signal", "timer", "error", "escalation"}

    def create_task(self) -> Any:
        spec = super().create_task()
        self.spec.start.connect(spec)
        return spec


class EndParser(EventParser):
    may_be_none = True
    kinds = {"message", "signal", "error", "escalation", "terminate", "cancel"}


class CatchParser(EventParser):
    kinds = {"message", "signal", "timer", "link"}


class ThrowParser(EventParser):
    may_be_none = True
    kinds = {"message", "signal", "escalation", "link"}

    def end_here(self, spec: Any) -> None:
        if spec.event_definition.kind != "link":
            super().end_here(spec)


class BoundaryParser(EventParser):
    kinds = {"message", "signal", "timer", "error", "escalation", "cancel"}

    def more(self, found: dict[str, Any]) -> dict[str, Any]:
        return {"cancel_activity": self.node.get("cancelActivity", "true") != "false"}


class MessageParser(EventParser):
    """Send and receive tasks: the message is named by an attribute."""

    def more(self, found: dict[str, Any]) -> dict[str, Any]:
        return {"prescript": found.get("preScript"), "postscript": found.get("postScript")}


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
        trigger = read_trigger(start, StartParser.kinds)
        listener = subprocesses.Listener(
            self.spec,
            start.get("id"),
            event_definition=trigger,
            cancel_activity=start.get("isInterrupting", "true") != "false",
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
            "startEvent": (StartParser, subprocesses.StartEvent),
            "endEvent": (EndParser, signals.EndEvent),
            "intermediateCatchEvent": (CatchParser, events.CatchEvent),
            "intermediateThrowEvent": (ThrowParser, signals.ThrowEvent),
            "boundaryEvent": (BoundaryParser, events.BoundaryEvent),
            "receiveTask": (MessageParser, events.ReceiveStep),
            "sendTask": (MessageParser, signals.SendStep),
            "task": (NodeParser, nodes.PlainStep),
            "manualTask": (NodeParser, nodes.ManualStep),
            "userTask": (UserParser, nodes.UserStep),
            "scriptTask": (ScriptParser, nodes.ScriptStep),
            "serviceTask": (ServiceParser, service_steps.ServiceStep),
            "businessRuleTask": (RuleParser, rules.RuleStep),
            "subProcess": (SubprocessNodeParser, subprocesses.EmbeddedStep),
            "transaction": (SubprocessNodeParser, subprocesses.TransactionStep),
            "callActivity": (CallParser, subprocesses.CallStep),
            "exclusiveGateway": (GatewayParser, gateways.Exclusive),
            "inclusiveGateway": (GatewayParser, gateways.Inclusive),
            "parallelGateway": (ParallelParser, gateways.Parallel),
            "eventBasedGateway": (ByEventParser, gateways.ByEvent),
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
