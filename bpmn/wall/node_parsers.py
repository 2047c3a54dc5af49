"""Reads one element of a diagram into its node: a small class for each kind of element.

`parser.py` says which class reads which element; the XML inside elements is read in `elements.py`.
"""

from typing import Any

from lxml import etree  # type: ignore[import-untyped]  # lxml brings no types along
from SpiffWorkflow.bpmn.parser.event_parsers import EventDefinitionParser
from SpiffWorkflow.bpmn.parser.task_parsers import ConditionalGatewayParser, SubprocessParser
from SpiffWorkflow.spiff.parser.task_spec import SpiffTaskParser

from bpmn.wall import events, loops, subprocesses
from bpmn.wall.elements import BPMN, read_extensions, read_trigger
from bpmn.wall.troubles import BadDiagram

BESIDE = {"message", "signal", "timer", "error", "escalation"}  # what an event may wait for
ALWAYS_STOPS = {"error", "cancel"}  # whatever the diagram says


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

    def handles_multiple_outgoing(self) -> bool:
        """Several flows out of a step are a parallel split."""
        return True

    def connect_outgoing(self, outgoing_task: Any, flow: Any, is_default: bool) -> None:
        if self.parse_condition(flow) is not None:
            raise BadDiagram(
                f"连线 {flow.get('id')} 的条件在这里不起作用；请在前面加一个排他或包容网关。",
                f"The condition on the flow {flow.get('id')} has no effect here; put an exclusive "
                "or inclusive gateway in front.",
                flow.get("id"),
            )
        super().connect_outgoing(outgoing_task, flow, is_default)

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
    connect_outgoing = ConditionalGatewayParser.connect_outgoing

    def create_task(self) -> Any:
        return self.named(self.spec_class(self.spec, self.bpmn_id, **self.bpmn_attributes))


class ParallelParser(NodeParser):
    create_task = GatewayParser.create_task


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
    kinds = {"message", "signal", "timer"}

    def create_task(self) -> Any:
        if self.process_parser.node.get("triggeredByEvent") == "true":
            self.kinds, self.may_be_none = BESIDE, False
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
    kinds = BESIDE | {"cancel"}

    def more(self, found: dict[str, Any]) -> dict[str, Any]:
        kind = read_trigger(self.node, self.kinds).kind
        stops = self.node.get("cancelActivity", "true") != "false"
        return {"cancel_activity": stops or kind in ALWAYS_STOPS}


class MessageParser(EventParser):
    """Send and receive tasks: the message is named by an attribute."""

    def more(self, found: dict[str, Any]) -> dict[str, Any]:
        return {"prescript": found.get("preScript"), "postscript": found.get("postScript")}
