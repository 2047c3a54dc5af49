"""Ids, and the spelling of yes and no: what the engine takes by the letter."""

import re
from collections.abc import Iterator

from bpmn.checks.drawing import Drawing, Part, Scope, part
from bpmn.checks.saying import error
from bpmn.findings import Finding

RESERVED = re.compile(  # the engine's own nodes are called so
    r"Start|End|Root|StartEventSplit|StartEventJoin|"
    r".*\.(EndJoin|BoundaryEventSplit|BoundaryEventJoin)|.* \[child\]"
)
LONGEST_NAME = 300  # characters
PLAIN = re.compile(r"[^\s:/\\]{1,100}")
YES_OR_NO = [
    "isExecutable",
    "isInterrupting",
    "cancelActivity",
    "triggeredByEvent",
    "isSequential",
    "testBefore",
    "parallelMultiple",
    "isForCompensation",
    "instantiate",
]


def ids(scope: Scope) -> Iterator[Finding]:
    for each in (scope, *scope.nodes.values(), *scope.flows):
        if not each.id:
            yield error(
                "no-id",
                each,
                f"“{each.name}”没有编号，请在建模工具中重新保存。",
                f"“{each.name}” has no id: save the diagram again in the modeler.",
            )
        elif len(each.name) > LONGEST_NAME:
            yield error(
                "long-name",
                each,
                f"编号 {each.id} 的名称超过 {LONGEST_NAME} 个字，请缩短，说明可写在文档里。",
                f"The name of {each.id} is longer than {LONGEST_NAME} characters: shorten it, and "
                "put explanations into the documentation.",
            )
        elif RESERVED.fullmatch(each.id) or not PLAIN.fullmatch(each.id):
            yield error(
                "reserved-id",
                each,
                f"编号 {each.id} 不能使用，请换一个。",
                f"The id {each.id} cannot be used: choose another.",
            )


def spellings(scope: Scope) -> Iterator[Finding]:
    for each in (scope, *scope.nodes.values()):
        for xml in (each.xml, *each.xml):
            for name in YES_OR_NO:
                if xml.get(name, "true") not in ("true", "false"):
                    yield error(
                        "true-or-false",
                        each,
                        f"“{each.shown}”的 {name} 应写成 true 或 false，请改正。",
                        f"{name} of “{each.shown}” must be spelt true or false: correct it.",
                    )


def clashes(scope: Scope) -> Iterator[Finding]:
    """Parameters and items have ids as well, and the engine looks all of them up in one place."""
    for node in scope.nodes.values():
        if scope.drawing.uses[node.id] > 1:
            yield error(
                "duplicate-id",
                node,
                f"“{node.shown}”的编号 {node.id} 也是参数或多实例数据项的名称，请改掉其中一个。",
                f"The id {node.id} of “{node.shown}” is the name of a parameter or an item as "
                "well: change one of them.",
            )


def across(drawings: list[Drawing]) -> Iterator[Finding]:
    """The same id in two files of a bundle."""
    seen: dict[str, str] = {}
    for drawing in drawings:
        for scope in drawing.scopes():
            for each in (scope, *scope.nodes.values()):
                if seen.setdefault(each.id, drawing.file) != drawing.file:
                    yield _twice(each, seen[each.id])


def one_process(drawings: list[Drawing]) -> Iterator[Finding]:
    """A bundle is one diagram, and what it calls."""
    processes = [process for drawing in drawings for process in drawing.processes]
    called = {n.xml.get("calledElement") for d in drawings for n in d.nodes()}
    tops = [process for process in processes if process.id not in called]
    drawn = [process for drawing in drawings for process in drawing.others if process.nodes]
    if not processes and drawn:
        yield error(
            "not-executable",
            drawn[0],
            f"流程“{drawn[0].shown}”标记为不可执行，请在要运行的那个流程上勾选“可执行”。",
            f"The process “{drawn[0].shown}” is marked as not executable: tick “executable” for "
            "the one that is to run.",
        )
    elif not processes:
        yield error(
            "no-process",
            part(drawings[0].root) if drawings else Part(None, "", ""),
            "图里没有流程，请画一个。",
            "There is no process in the diagram: draw one.",
        )
    for extra in tops[1:]:
        yield error(
            "several-processes",
            extra,
            f"“{tops[0].shown}”和“{extra.shown}”都可执行，请分成两张图，或只让一个可执行。",
            f"“{tops[0].shown}” and “{extra.shown}” can both be executed: make two diagrams of "
            "them, or let only one be executable.",
        )


def _twice(at: Part, file: str) -> Finding:
    return error(
        "duplicate-id",
        at,
        f"编号 {at.id} 在文件 {file} 里已经用过，请改掉其中一个。",
        f"The id {at.id} is used in {file} already: change one of them.",
    )
