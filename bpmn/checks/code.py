"""Author code: all of it compiles in the sandbox. What a timer's text is worth: timers.py.

`sources` knows every place in a diagram where code can stand.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bpmn import sandbox
from bpmn.checks.drawing import (
    ACTIVITIES,
    SPIFF,
    Node,
    Part,
    Scope,
    Xml,
    child,
    extension,
    properties,
)
from bpmn.checks.saying import error
from bpmn.findings import Finding

ELSEWHERE = re.compile(r"\s*(?:[=#$]\{|=[^=])")  # how Camunda and Flowable begin an expression
BESIDE = {"preScript": "前置脚本", "postScript": "后置脚本"}  # of a step, not of an event
LANGUAGES = ("", "python", "text/x-python", "application/x-python")


@dataclass(frozen=True)
class Source:
    """`what` in Chinese and English; `at` is what the finding points at."""

    at: Part
    what: tuple[str, str]
    text: str
    is_script: bool = False
    clock: str = ""  # timeDate, timeDuration or timeCycle


def compiles(scope: Scope) -> Iterator[Finding]:
    for source in sources(scope):
        if not source.text.strip():
            yield _empty(source)
        elif ELSEWHERE.match(source.text) and not source.is_script:
            yield _foreign(source)
        else:
            yield from _compiled(source)


def languages(scope: Scope) -> Iterator[Finding]:
    for node in scope.of("scriptTask"):
        language = node.xml.get("scriptFormat", "")
        if language.lower() not in LANGUAGES:
            yield error(
                "other-language",
                node,
                f"“{node.shown}”的脚本语言是 {language}，请改写为 Python。",
                f"The script of “{node.shown}” is in {language}: write it in Python.",
            )


def idle_scripts(scope: Scope) -> Iterator[Finding]:
    for node in scope.nodes.values():
        for name in () if node.tag in ACTIVITIES else BESIDE:
            if extension(node.xml, name) is not None:
                yield error(
                    "idle-script",
                    node,
                    f"“{node.shown}”上的 {name} 不会执行，请改用它前后的脚本任务。",
                    f"The {name} of “{node.shown}” is never run: draw a script task instead.",
                )


def sources(scope: Scope) -> Iterator[Source]:
    for flow in scope.flows:
        if flow.condition is not None:
            yield Source(flow, ("条件", "condition"), flow.condition)
    for node in scope.nodes.values():
        yield from _scripts(node)
        yield from _repeats(node)
        yield from _parameters(node)
        yield from _events(node)


def _scripts(node: Node) -> Iterator[Source]:
    if node.tag == "scriptTask":
        yield Source(node, ("脚本", "script"), text_of(child(node.xml, "script")), is_script=True)
    for name, zh in BESIDE.items():
        found = extension(node.xml, name)
        if found is not None:
            yield Source(node, (zh, name), text_of(found), is_script=True)


def _repeats(node: Node) -> Iterator[Source]:
    words = {
        "loopCardinality": ("实例数量", "number of instances"),
        "completionCondition": ("完成条件", "completion condition"),
        "loopCondition": ("循环条件", "loop condition"),
    }
    for tag in ("multiInstance", "standard"):
        loop = child(node.xml, f"{tag}LoopCharacteristics")
        for name, what in words.items() if loop is not None else ():
            found = child(loop, name)
            if found is not None:
                yield Source(node, what, text_of(found))


def _parameters(node: Node) -> Iterator[Source]:
    operator = extension(node.xml, "serviceTaskOperator") if node.tag == "serviceTask" else None
    for each in operator.iter(f"{{{SPIFF}}}parameter") if operator is not None else ():
        name = each.get("id") or ""
        yield Source(node, (f"参数 {name}", f"parameter {name}"), each.get("value") or "")


def _events(node: Node) -> Iterator[Source]:
    if "correlationKey" in properties(node.xml):
        key = properties(node.xml)["correlationKey"]
        yield Source(node, ("关联键", "correlation key"), key)
    for xml in (node.xml, *node.definitions):
        for place in (xml, *meant(node, xml)):
            for name in ("messagePayload", "payloadExpression"):
                found = extension(place, name)
                if found is not None:
                    yield Source(node, ("发送内容", "payload"), text_of(found))
        for clock in ("timeDate", "timeDuration", "timeCycle"):
            found = child(xml, clock)
            if found is not None:
                yield Source(node, ("时间", "time"), text_of(found), clock=clock)


def meant(node: Node, xml: Xml) -> Iterator[Xml]:
    for kind in ("message", "signal", "error", "escalation"):
        found = node.scope.drawing.named(xml.get(f"{kind}Ref"), kind)
        if found is not None:
            yield found


def _empty(source: Source) -> Finding:
    return error(
        "empty-code",
        source.at,
        f"“{source.at.shown}”的{source.what[0]}是空的，请填写。",
        f"The {source.what[1]} of “{source.at.shown}” is empty: write it.",
    )


def _foreign(source: Source) -> Finding:
    return error(
        "other-language",
        source.at,
        f"“{source.at.shown}”的{source.what[0]}是其他引擎的写法（{source.text.strip()[:80]}），"
        "请改写为 Python 表达式。",
        f"The {source.what[1]} of “{source.at.shown}” is in another engine's language "
        f"({source.text.strip()[:80]}): write it as a Python expression.",
    )


def _compiled(source: Source) -> Iterator[Finding]:
    compile_it = sandbox.check_script if source.is_script else sandbox.check_expression
    try:
        compile_it(source.text)
    except sandbox.ScriptRefused as refused:
        yield error(
            "does-not-compile",
            source.at,
            f"“{source.at.shown}”的{source.what[0]}不能执行：{refused.zh}",
            f"The {source.what[1]} of “{source.at.shown}” cannot be run: {refused.en}",
        )


def text_of(xml: Xml | None) -> str:
    return "" if xml is None else xml.text or ""
