"""Small diagrams in a few words, and a Walk through them that is saved and restored at each step.

Elements that a flow names but nobody declared are made: s… start events, e… end events, other
capital letters user tasks.
"""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from bpmn import wall

NOW = datetime(2026, 8, 1, 2, 0, tzinfo=UTC)
HEAD = (
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'xmlns:spiffworkflow="http://spiffworkflow.org/bpmn/schema/1.0/core" '
    'id="definitions" targetNamespace="http://baton">'
)
CALLS = "客户来电 / Customer calls"
EXTRA = (
    f'<bpmn:message id="m" name="{CALLS}"/><bpmn:message id="m2" name="other"/>'
    '<bpmn:signal id="sg" name="emergency"/>'
    '<bpmn:escalation id="es" name="up" escalationCode="UP"/>'
    '<bpmn:error id="er" name="bad" errorCode="E1"/>'
    '<bpmn:error id="er2" name="bad" errorCode="E2"/>'
)
Flow = str | tuple[str, str, str]  # "a b c" is a chain, (a, b, condition) a conditional flow


def read(nodes: list[str], *flows: Flow, extra: str = EXTRA, more: str = "") -> wall.Blueprint:
    """A blueprint of process p; `extra` stands beside the process, `more` holds other processes."""
    return wall.read_blueprint(bundle(nodes, *flows, extra=extra, more=more), "p")


def bundle(nodes: list[str], *flows: Flow, extra: str = EXTRA, more: str = "") -> dict[str, bytes]:
    return {
        "p.bpmn": f"{HEAD}{extra}{process('p', nodes, *flows)}{more}</bpmn:definitions>".encode()
    }


def process(name: str, nodes: list[str], *flows: Flow) -> str:
    inside = contents(name, nodes, *flows)
    return f'<bpmn:process id="{name}" name="{name}" isExecutable="true">{inside}</bpmn:process>'


def contents(prefix: str, nodes: list[str], *flows: Flow) -> str:
    """Declared nodes, the ones that the flows imply, and the flows."""
    pairs = [pair for flow in flows for pair in _pairs(flow)]
    text = "".join(nodes)
    for name in dict.fromkeys(end for a, b, _ in pairs for end in (a, b)):
        if f' id="{name}"' not in text:
            text += node(_tag(name), name)
    return text + "".join(_flow(f"{prefix}_{i}", *pair) for i, pair in enumerate(pairs))


def node(tag: str, name: str, inside: str = "", **attributes: str) -> str:
    given = "".join(f' {key}="{value}"' for key, value in attributes.items())
    return f'<bpmn:{tag} id="{name}" name="{name}"{given}>{inside}</bpmn:{tag}>'


def script(name: str, source: str) -> str:
    return node("scriptTask", name, f"<bpmn:script>{_escaped(source)}</bpmn:script>")


def gate(name: str, kind: str = "exclusive", default: str = "") -> str:
    """`default`: the element that the default flow leads to."""
    return node(f"{kind}Gateway", name, **({"default": f"{name}__{default}"} if default else {}))


def service(
    name: str, operation: str = "op", result: str = "r", inside: str = "", **params: str
) -> str:
    given = "".join(
        f'<spiffworkflow:parameter id="{key}" value="{_escaped(value)}"/>'
        for key, value in params.items()
    )
    operator = (
        f'<spiffworkflow:serviceTaskOperator id="{operation}" resultVariable="{result}">'
        f"<spiffworkflow:parameters>{given}</spiffworkflow:parameters>"
        "</spiffworkflow:serviceTaskOperator>"
    )
    return node("serviceTask", name, extended(operator + inside))


def extended(inside: str) -> str:
    return f"<bpmn:extensionElements>{inside}</bpmn:extensionElements>"


def properties(beside: str = "", **given: str) -> str:
    inside = "".join(
        f'<spiffworkflow:property name="{key}" value="{_escaped(value)}"/>'
        for key, value in given.items()
    )
    return extended(f"<spiffworkflow:properties>{inside}</spiffworkflow:properties>{beside}")


def boundary(name: str, at: str, definition: str, *, interrupting: bool = True) -> str:
    stops = str(interrupting).lower()
    return node("boundaryEvent", name, definition, attachedToRef=at, cancelActivity=stops)


def catch(name: str, definition: str) -> str:
    return node("intermediateCatchEvent", name, definition)


def throw(name: str, definition: str) -> str:
    return node("intermediateThrowEvent", name, definition)


def duration(text: str) -> str:
    return _timer("timeDuration", text)


def date(text: str) -> str:
    return _timer("timeDate", text)


def cycle(text: str) -> str:
    return _timer("timeCycle", text)


def on(kind: str, ref: str = "") -> str:
    """An event definition: on("message", "m"), on("terminate")."""
    given = f' {kind}Ref="{ref}"' if ref else ""
    return f"<bpmn:{kind}EventDefinition{given}/>"


def subprocess(name: str, nodes: list[str], *flows: Flow, **attributes: str) -> str:
    return node("subProcess", name, contents(name, nodes, *flows), **attributes)


def on_event(name: str, definition: str, nodes: list[str], *flows: Flow, stops: bool = True) -> str:
    """An event subprocess; its start event is called s_<name>."""
    start = node("startEvent", f"s_{name}", definition, isInterrupting=str(stops).lower())
    return subprocess(name, [start, *nodes], *flows, triggeredByEvent="true")


def several(
    over: str = "", *, into: str = "", times: str = "", until: str = "", in_turn: bool = False
) -> str:
    """Multi-instance over a collection (item `item`, output item `out`) or a number of times."""
    inside = f"<bpmn:loopCardinality>{times}</bpmn:loopCardinality>" if times else ""
    inside += f"<bpmn:loopDataInputRef>{over}</bpmn:loopDataInputRef>" if over else ""
    inside += f"<bpmn:loopDataOutputRef>{into}</bpmn:loopDataOutputRef>" if into else ""
    inside += '<bpmn:inputDataItem id="item" name="item"/>'
    inside += '<bpmn:outputDataItem id="out" name="out"/>' if into else ""
    if until:
        inside += f"<bpmn:completionCondition>{_escaped(until)}</bpmn:completionCondition>"
    tag = "multiInstanceLoopCharacteristics"
    return f'<bpmn:{tag} isSequential="{str(in_turn).lower()}">{inside}</bpmn:{tag}>'


class Walk:
    """A run of which every step is pruned, saved and restored before the next command."""

    def __init__(
        self, blueprint: wall.Blueprint, data: Any = None, services: Any = None, **options: Any
    ) -> None:
        self.blueprint, self.now = blueprint, NOW
        self.services = services or (lambda request: {})
        self.journal: list[wall.Trace] = []
        self.thrown: list[wall.Thrown] = []
        self.state = b""
        self.live = wall.begin(blueprint, data or {}, now=NOW, services=self.services, **options)
        self.live.advance()
        self.reload()

    @property
    def open(self) -> list[str]:
        """The elements that wait for people."""
        return sorted(order.element_id for order in self.live.orders())

    @property
    def troubled(self) -> list[tuple[str, str]]:
        return [(trouble.element_id, trouble.kind) for trouble in self.live.troubles()]

    @property
    def done(self) -> list[str]:
        return [trace.element_id for trace in self.journal if trace.state == "done"]

    def facts(self, element: str) -> dict[str, Any]:
        return next(o.data for o in self.live.orders() if o.element_id == element)

    def do(self, *elements: str, **answers: Any) -> None:
        for element in elements:
            orders = self.live.orders()
            self.live.complete(next(o.step_id for o in orders if o.element_id == element), answers)
            self.reload()

    def hear(
        self, name: str, kind: Any = "message", key: str | None = None, **payload: Any
    ) -> bool:
        heard = self.live.signal(kind, name, payload, key)
        self.reload()
        return heard

    def wait(self, **time: float) -> None:
        self.now += timedelta(**time)
        self.reload()
        self.live.wake()
        self.reload()

    def retry(self, element: str, **data: Any) -> None:
        self.live.retry(self.trouble(element).step_id, data)
        self.reload()

    def skip(self, element: str) -> None:
        self.live.skip(self.trouble(element).step_id)
        self.reload()

    def trouble(self, element: str) -> wall.Trouble:
        return next(t for t in self.live.troubles() if t.element_id == element)

    def reload(self) -> None:
        self.journal += self.live.journal
        self.thrown += self.live.thrown
        self.state = self.live.save()
        self.live = wall.restore(self.blueprint, self.state, now=self.now, services=self.services)


def _pairs(flow: Flow) -> list[tuple[str, str, str]]:
    if isinstance(flow, tuple):
        return [flow]
    names = flow.split()
    return [(a, b, "") for a, b in pairwise(names)]


def _flow(name: str, source: str, target: str, condition: str) -> str:
    kind = "conditionExpression"
    text = f'<bpmn:{kind} xsi:type="bpmn:tFormalExpression">{_escaped(condition)}</bpmn:{kind}>'
    inside = text if condition else ""
    return (
        f'<bpmn:sequenceFlow id="{source}__{target}" sourceRef="{source}" targetRef="{target}">'
        f"{inside}</bpmn:sequenceFlow>"
    )


def _tag(name: str) -> str:
    return {"s": "startEvent", "e": "endEvent"}.get(name[0], "userTask")


def _timer(tag: str, text: str) -> str:
    inside = f'<bpmn:{tag} xsi:type="bpmn:tFormalExpression">{_escaped(text)}</bpmn:{tag}>'
    return f"<bpmn:timerEventDefinition>{inside}</bpmn:timerEventDefinition>"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
