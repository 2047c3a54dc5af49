"""A parsed diagram: shared by all runs and threads of a process, never stored, never changed.

`read_blueprint` parses a bundle, `blueprint` keeps the latest ones by content hash.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, TypeAlias

import orjson
from lxml import etree  # type: ignore[import-untyped]  # lxml brings no types along

from bpmn import dmn
from bpmn.wall.elements import BPMN
from bpmn.wall.parser import DiagramParser
from bpmn.wall.triggers import Trigger
from bpmn.wall.troubles import BadDiagram

Bundle: TypeAlias = Mapping[str, bytes]  # file name -> content: .bpmn, .dmn, forms as .json

MAX_FILE_BYTES = 5 * 1024 * 1024
MOST_KEPT = 200
_KEPT: "OrderedDict[str, Blueprint]" = OrderedDict()
_LOCK = Lock()


@dataclass(frozen=True)
class Node:
    """An element of the diagram. `lane` is the name of the innermost lane."""

    id: str
    name: str
    kind: str
    lane: str | None
    properties: Mapping[str, str]


@dataclass(frozen=True)
class Start:
    """How the process may begin: `kind` none, message, signal or timer, with the timer's text."""

    element_id: str
    kind: str
    name: str
    expression: str | None


@dataclass(frozen=True)
class Blueprint:
    process_id: str
    name: str
    spec: Any = field(repr=False)
    scopes: Mapping[str, Any] = field(repr=False)
    nodes: Mapping[str, Node] = field(repr=False)
    starts: tuple[Start, ...]
    decisions: Mapping[str, dmn.DecisionTable] = field(repr=False)
    forms: Mapping[str, Any] = field(repr=False)


def blueprint(content_hash: str, load: Callable[[], tuple[Bundle, str | None]]) -> Blueprint:
    """The blueprint of this content, parsed at most once while it is among the latest used."""
    with _LOCK:
        if content_hash in _KEPT:
            _KEPT.move_to_end(content_hash)
            return _KEPT[content_hash]
    parsed = read_blueprint(*load())
    with _LOCK:
        _KEPT[content_hash] = parsed
        while len(_KEPT) > MOST_KEPT:
            _KEPT.popitem(last=False)
    return parsed


def content_hash(bundle: Bundle) -> str:
    """SHA-256 over names and contents, whatever their order."""
    digest = hashlib.sha256()
    for name in sorted(bundle):
        digest.update(orjson.dumps([name, len(bundle[name])]) + bundle[name])
    return digest.hexdigest()


def read_blueprint(bundle: Bundle, process_id: str | None = None) -> Blueprint:
    """Parse; raises BadDiagram. Without `process_id` it must be clear which process is meant."""
    decisions = _read_decisions(bundle)
    parser = DiagramParser(decisions)
    roots = {name: read_xml(name, bundle[name]) for name in bundle if name.endswith(".bpmn")}
    try:
        for name, root in roots.items():
            parser.add_bpmn_xml(root, name)
        process_id = process_id or _only_process(roots.values())
        spec, scopes = parser.get_spec(process_id), parser.get_subprocess_specs(process_id)
    except BadDiagram:
        raise
    except Exception as problem:  # SpiffWorkflow's parser meets odd XML with any exception
        raise _unreadable(problem) from problem
    specs = [spec, *(scope for scope in scopes.values() if scope is not spec)]
    return Blueprint(
        process_id,
        spec.description or process_id,
        spec,
        scopes,
        _collect_nodes(specs),
        tuple(_starts(spec)),
        decisions,
        {name: _read_form(name, bundle[name]) for name in bundle if name.endswith(".json")},
    )


def read_xml(name: str, content: bytes) -> Any:
    """The root element; no entities, no network, no document type, no giants."""
    if len(content) > MAX_FILE_BYTES:
        raise BadDiagram(
            f"文件 {name} 超过 {MAX_FILE_BYTES // 1024 // 1024} MB；请拆分。",
            f"The file {name} is over {MAX_FILE_BYTES // 1024 // 1024} MB; split it.",
        )
    reader = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        huge_tree=False,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(content, reader)
    except etree.XMLSyntaxError as problem:
        raise BadDiagram(
            f"文件 {name} 不是有效的 XML：{problem}",
            f"The file {name} is not well-formed XML: {problem}",
        ) from problem
    if root.getroottree().docinfo.doctype:
        raise BadDiagram(
            f"文件 {name} 含有 DOCTYPE；请删除后重新上传。",
            f"The file {name} has a DOCTYPE; remove it and upload again.",
        )
    return root


def _read_decisions(bundle: Bundle) -> dict[str, dmn.DecisionTable]:
    found: dict[str, dmn.DecisionTable] = {}
    for name in sorted(bundle):
        if name.endswith(".dmn"):
            found |= _tables_of(name, bundle[name])
    return found


def _tables_of(name: str, content: bytes) -> dict[str, dmn.DecisionTable]:
    try:
        return dmn.read_tables(content)
    except dmn.BadDecisions as problem:
        raise BadDiagram(f"{name}：{problem.zh}", f"{name}: {problem.en}") from problem


def _read_form(name: str, content: bytes) -> Any:
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError as problem:
        raise BadDiagram(
            f"表单 {name} 不是有效的 JSON：{problem}", f"The form {name} is not JSON: {problem}"
        ) from problem


def _only_process(roots: Any) -> str:
    processes = [process for root in roots for process in root.iter(f"{BPMN}process")]
    called = {
        call.get("calledElement") for root in roots for call in root.iter(f"{BPMN}callActivity")
    }
    runnable = [p.get("id") for p in processes if p.get("isExecutable", "true") == "true"]
    top = [process for process in runnable if process not in called] or runnable
    if len(top) == 1:
        return str(top[0])
    raise BadDiagram(
        f"文件中有 {len(top)} 个可执行流程；请只保留一个，或指明要运行哪一个。",
        f"There are {len(top)} executable processes here; keep one, or say which is meant.",
    )


def _collect_nodes(specs: list[Any]) -> dict[str, Node]:
    found: dict[str, Node] = {}
    owners: dict[str, Any] = {}
    for scope in specs:
        for spec in scope.task_specs.values():
            if spec.bpmn_id is None or spec.loop or spec.is_listener:
                continue
            if owners.setdefault(spec.bpmn_id, scope) is not scope:
                raise BadDiagram(
                    f"编号 {spec.bpmn_id} 用了两次；请改掉其中一个。",
                    f"The id {spec.bpmn_id} is used twice; change one of them.",
                    spec.bpmn_id,
                )
            found[spec.bpmn_id] = _node(spec, scope)
    return found


def _node(spec: Any, scope: Any) -> Node:
    kind = scope.task_specs[spec.task_spec].kind if spec.kind == "loop" else spec.kind
    properties = spec.extensions.get("properties", {})
    return Node(spec.bpmn_id, spec.bpmn_name or "", kind, spec.lane, properties)


def _starts(spec: Any) -> Iterator[Start]:
    for node in spec.start.outputs:
        trigger: Trigger = node.event_definition
        yield Start(node.bpmn_id, trigger.kind, trigger.name, trigger.expression)


def _unreadable(problem: Exception) -> BadDiagram:
    if isinstance(problem.__context__, BadDiagram):
        return problem.__context__  # ours, which SpiffWorkflow's parser has wrapped
    element = getattr(problem, "id", None) or ""
    said = str(problem).split("\n")[0] or type(problem).__name__
    return BadDiagram(
        f"图无法读取（{element}）：{said}",
        f"The diagram cannot be read ({element}): {said}",
        element,
    )
