"""What a diagram names outside itself: services, decisions, forms, diagrams, groups, roles."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from bpmn.checks.drawing import (
    BY_HAND,
    SPIFF,
    Drawing,
    Node,
    Scope,
    Xml,
    extension,
    is_fact_name,
    properties,
)
from bpmn.checks.saying import error
from bpmn.dmn import DecisionTable
from bpmn.findings import Finding

YES_OR_NO = ("true", "false")
SETTINGS = {  # property of a step: its values
    "priority": ("1", "2", "3", "4", "5"),
    "segment": ("queue", "travel", "work", "wait_internal", "wait_customer", "verify"),
    "on_site": YES_OR_NO,
    "key_node": YES_OR_NO,
    "customer_visible": YES_OR_NO,
}


@dataclass(frozen=True)
class Known:
    """What a diagram may refer to. None: not known here, so not checked."""

    services: Collection[str] | None = None
    groups: Mapping[str, tuple[str, str]] | None = None  # key: Chinese and English name
    roles: Collection[str] | None = None
    diagrams: Collection[str] = ()  # keys of published diagrams
    forms: Collection[str] = ()  # beside those in the bundle
    recipients: Mapping[str, tuple[str, str]] | None = None  # whom a ladder may name
    actions: Mapping[str, tuple[str, str]] | None = None  # what a rung may ask of them
    calendars: Collection[str] | None = None  # by which a limit may count
    clocks: Collection[str] | None = None  # whose ladder it may be


@dataclass(frozen=True)
class Bundled:
    """What the rules look up: what is known, and what comes in the bundle itself."""

    known: Known
    drawings: list[Drawing] = field(default_factory=list)
    tables: Collection[DecisionTable] = ()
    forms: Collection[str] = ()
    facts: Collection[str] = ()  # that decisions and forms make

    @property
    def decisions(self) -> set[str]:
        return {table.id for table in self.tables}

    def process(self, key: str) -> Scope | None:
        processes = (process for drawing in self.drawings for process in drawing.processes)
        return next((process for process in processes if process.id == key), None)


def services(scope: Scope, bundled: Bundled) -> Iterator[Finding]:
    for node in scope.of("serviceTask"):
        operator = extension(node.xml, "serviceTaskOperator")
        service = "" if operator is None else operator.get("id") or ""
        if not service:
            yield error(
                "no-service",
                node,
                f"“{node.shown}”没有指定服务，请选择一个。",
                f"“{node.shown}” names no service: choose one.",
            )
        elif bundled.known.services is not None and service not in bundled.known.services:
            yield error(
                "unknown-service",
                node,
                f"“{node.shown}”调用的服务 {service} 不存在，请从服务列表中选择。",
                f"“{node.shown}” calls the service {service}, which is not there: "
                "choose one from the list.",
            )
        else:
            yield from _call(node, operator)


def _call(node: Node, operator: Xml) -> Iterator[Finding]:
    if not is_fact_name(operator.get("resultVariable") or ""):
        yield error(
            "no-result-name",
            node,
            f"“{node.shown}”没有说明结果放在哪项数据里，请填写结果变量（字母、数字、下划线）。",
            f"“{node.shown}” does not say which fact takes the result: fill in the result "
            "variable (letters, digits, underscores).",
        )
    for each in operator.iter(f"{{{SPIFF}}}parameter"):
        if not is_fact_name(each.get("id") or ""):
            yield error(
                "parameter-without-name",
                node,
                f"“{node.shown}”有一个参数没有名称，请填写。",
                f"A parameter of “{node.shown}” has no name: give it one.",
            )


def decisions(scope: Scope, bundled: Bundled) -> Iterator[Finding]:
    for node in scope.of("businessRuleTask"):
        found = extension(node.xml, "calledDecisionId")
        decision = "" if found is None else (found.text or "")
        if decision not in bundled.decisions:
            yield error(
                "unknown-decision",
                node,
                f"“{node.shown}”引用的决策表“{decision}”不存在，请选择或一并上传。",
                f"“{node.shown}” asks the decision “{decision}”, which is not there: "
                "choose one or upload it with the diagram.",
            )


def forms(scope: Scope, bundled: Bundled) -> Iterator[Finding]:
    for node in scope.nodes.values():
        form = properties(node.xml).get("form", "")
        if form and form not in bundled.forms and form not in bundled.known.forms:
            yield error(
                "unknown-form",
                node,
                f"“{node.shown}”的表单 {form} 不存在，请选择或一并上传（文件名如 judge.json）。",
                f"“{node.shown}” uses the form {form}, which is not there: choose one or upload "
                "it with the diagram (a file name such as judge.json).",
            )


def calls(scope: Scope, bundled: Bundled) -> Iterator[Finding]:
    for node in scope.of("callActivity"):
        called = node.xml.get("calledElement") or ""
        if bundled.process(called) is None:
            yield _not_there(node, called, called in bundled.known.diagrams)
        elif _calls(bundled, called, _process_of(scope)):
            yield error(
                "calls-itself",
                node,
                f"“{node.shown}”调用 {called}，而它又会调用回来，请改用循环。",
                f"“{node.shown}” calls {called}, which calls back: draw a loop instead.",
            )


def _not_there(node: Node, called: str, is_published: bool) -> Finding:
    if is_published:
        return error(
            "called-not-bundled",
            node,
            f"“{node.shown}”调用的图 {called} 已发布，但不在这一包里，请一并上传。",
            f"“{node.shown}” calls the diagram {called}, which is published but not in this "
            "bundle: upload it as well.",
        )
    return error(
        "unknown-diagram",
        node,
        f"“{node.shown}”调用的图“{called}”不存在，请选择或一并上传。",
        f"“{node.shown}” calls the diagram “{called}”, which is not there: choose one or upload "
        "it as well.",
    )


def lanes(scope: Scope, bundled: Bundled) -> Iterator[Finding]:
    """Every step for a person must be somebody's."""
    for node in scope.of(*BY_HAND):
        given = properties(node.xml)
        if given.get("group"):
            yield from _group(node, given["group"], bundled.known)
        elif node.lane:
            yield from _lane(node, node.lane, bundled.known)
        elif not _is_called(scope, bundled):
            yield error(
                "nobody",
                node,
                f"“{node.shown}”不在任何泳道里，没有人会收到它，请放进班组的泳道，"
                "或填写 group 属性。",
                f"“{node.shown}” is in no lane, so nobody will get it: put it into a group's lane "
                "or fill in the property group.",
            )


def _group(node: Node, group: str, known: Known) -> Iterator[Finding]:
    if known.groups is not None and group not in known.groups:
        yield error(
            "unknown-group",
            node,
            f"“{node.shown}”的班组 {group} 不存在，请填写班组的代号。",
            f"“{node.shown}” is given to the group {group}, which is not there: "
            "fill in the key of a group.",
        )


def _lane(node: Node, lane: str, known: Known) -> Iterator[Finding]:
    if known.groups is not None and lane not in group_names(known):
        yield error(
            "unknown-group",
            node,
            f"“{node.shown}”所在的泳道“{lane}”不是任何班组的名称，"
            "请改成班组名称（如 判断 / Judge）。",
            f"The lane “{lane}” of “{node.shown}” is the name of no group: "
            "give it the name or the key of a group.",
        )


def group_names(known: Known) -> set[str]:
    """A lane names a group by its key, its Chinese or English name, or by both."""
    names = set[str]()
    for key, (zh, en) in (known.groups or {}).items():
        names |= {key, zh, en, f"{zh} / {en}"}
    return names


def roles(scope: Scope, bundled: Bundled) -> Iterator[Finding]:
    for node in scope.nodes.values():
        role = properties(node.xml).get("role", "")
        if role and bundled.known.roles is not None and role not in bundled.known.roles:
            yield error(
                "unknown-role",
                node,
                f"“{node.shown}”要求的角色 {role} 不存在，请改正。",
                f"“{node.shown}” asks for the role {role}, which is not there: correct it.",
            )


def settings(scope: Scope, bundled: Bundled) -> Iterator[Finding]:
    """Properties whose value is read when a work order is opened."""
    for node in scope.nodes.values():
        for name, value in properties(node.xml).items():
            wanted = SETTINGS.get(name, ())
            if wanted and value not in wanted:
                yield error(
                    "bad-setting",
                    node,
                    f"“{node.shown}”的属性 {name} 不能是“{value}”，可用：{'、'.join(wanted)}。",
                    f"The property {name} of “{node.shown}” cannot be “{value}”: "
                    f"use one of {', '.join(wanted)}.",
                )


def _process_of(scope: Scope) -> Scope:
    while scope.owner:
        scope = scope.owner.scope
    return scope


def _called_by(process: Scope) -> set[str]:
    calls = (node for scope in process.walk() for node in scope.of("callActivity"))
    return {node.xml.get("calledElement") or "" for node in calls}


def _calls(bundled: Bundled, key: str, wanted: Scope) -> bool:
    """Whether the called process comes back to the wanted one."""
    seen, pending = set[str](), [key]
    while pending:
        key = pending.pop()
        process = bundled.process(key)
        if key not in seen and process:
            seen.add(key)
            pending += _called_by(process)
    return wanted.id in seen


def _is_called(scope: Scope, bundled: Bundled) -> bool:
    """A called process takes the lane of the step that calls it."""
    wanted = _process_of(scope).id
    processes = (process for drawing in bundled.drawings for process in drawing.processes)
    return any(wanted in _called_by(process) for process in processes)
