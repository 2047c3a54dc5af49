"""Conversions of steps for people, of called diagrams and of decisions."""

import re
from collections.abc import Iterator

from bpmn.checks.drawing import Xml
from bpmn.findings import Finding
from bpmn.imports.expressions import inside
from bpmn.imports.tree import converted, drop, extend, foreign, nodes, set_property, take, zeebe

PLAIN = re.compile(r"[\w./-]+")
BY_HAND = ("userTask", "manualTask", "task")


def groups(root: Xml) -> Iterator[Finding]:
    """One group by name is clear. Several, people or expressions are left for the gate to name."""
    for xml in nodes(root, *BY_HAND):
        assigned = zeebe(xml, "assignmentDefinition")
        if assigned is not None and _is_plain(assigned.get("candidateGroups")):
            group = assigned.attrib.pop("candidateGroups")
            if not assigned.attrib:
                drop(assigned)
        else:
            group = _take_plain(xml, "candidateGroups")
        if group:
            set_property(xml, "group", group)
            yield converted(xml, f"候选组改为班组 {group}", f"it is given to the group {group}")


def forms(root: Xml) -> Iterator[Finding]:
    for xml in nodes(root, *BY_HAND):
        defined = zeebe(xml, "formDefinition")
        form = defined.get("formId") or defined.get("formKey") if defined is not None else None
        if defined is not None and _is_plain(form):
            drop(defined)
        elif not (form := _take_plain(xml, "formRef") or _take_plain(xml, "formKey")):
            continue
        name = f"{str(form).removesuffix('.json').removesuffix('.form').split('/')[-1]}.json"
        set_property(xml, "form", name)
        yield converted(xml, f"表单改为 {name}", f"its form is now {name}")


def called(root: Xml) -> Iterator[Finding]:
    for xml in nodes(root, "callActivity"):
        meant = zeebe(xml, "calledElement")
        if meant is not None and _is_plain(meant.get("processId")):
            xml.set("calledElement", meant.get("processId"))
            drop(meant)
            key = xml.get("calledElement")
            yield converted(xml, f"调用的图为 {key}", f"it calls the diagram {key}")


def decisions(root: Xml) -> Iterator[Finding]:
    for xml in nodes(root, "businessRuleTask"):
        meant = zeebe(xml, "calledDecision")
        if meant is not None and _is_plain(meant.get("decisionId")):
            decision, result = meant.get("decisionId"), meant.get("resultVariable")
            drop(meant)
        elif decision := _take_plain(xml, "decisionRef"):
            result = take(xml, "resultVariable")
        else:
            continue
        extend(xml, "calledDecisionId", decision)
        if result:
            set_property(xml, "resultVariable", result)
        yield converted(xml, f"决策表为 {decision}", f"it asks the decision {decision}")


def _take_plain(xml: Xml, name: str) -> str | None:
    """An attribute of Camunda 7 or a cousin, if it is a name and no expression."""
    return take(xml, name) if _is_plain(foreign(xml, name)) else None


def _is_plain(value: str | None) -> bool:
    return bool(value and PLAIN.fullmatch(value) and inside(value) is None)
