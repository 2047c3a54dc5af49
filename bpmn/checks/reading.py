"""From bytes to a drawing: size, encoding, hostile XML and the BPMN schema. First in the gate.

Nothing here follows an entity, opens a file or the network; what cannot be read is a finding.
"""

import re
from collections import Counter
from collections.abc import Iterator

from lxml import etree  # type: ignore[import-untyped]  # lxml brings no types along

from bpmn.checks.drawing import BPMN, NODES, Drawing, Part, Xml, draw, local, part
from bpmn.checks.saying import error
from bpmn.findings import Finding
from bpmn.wall import schema

LARGEST = 2 * 1024 * 1024  # bytes of one file
MOST_ELEMENTS = 5_000  # nodes and flows of one file
MOST_TAGS = 100_000  # of any kind: labels, shapes, extensions
MOST_TOLD = 20  # breaches of the schema in one file
FACTS = ("inputDataItem", "outputDataItem")  # their id is the name of a fact
DECLARED = re.compile(r"\ufeff?\s*<\?xml[^>]*?encoding\s*=\s*[\"']([\w.:-]+)[\"']")


def read_drawing(file: str, content: bytes) -> tuple[Drawing | None, list[Finding]]:
    """The drawing, or None and why not. A file that breaks the schema is not looked at further."""
    where = Part(None, "", file)
    findings = list(_unsafe(where, content))
    if findings:
        return None, findings
    root, findings = _parsed(where, content)
    if root is None:
        return None, findings
    findings = [*_repeated(root)] or [*_too_many(where, root)] or [*_breaches(root)]
    return (None, findings) if findings else (draw(file, root), [])


def _unsafe(where: Part, content: bytes) -> Iterator[Finding]:
    if len(content) > LARGEST:
        yield error(
            "too-large",
            where,
            f"文件 {where.name} 超过 2 MB,请拆成几张图。",
            f"The file {where.name} is larger than 2 MB: split it into several diagrams.",
        )
        return
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        yield _not_utf8(where)
        return
    declared = DECLARED.match(text)
    if declared and declared[1].lower() not in ("utf-8", "us-ascii", "ascii"):
        yield _not_utf8(where)
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        yield error(
            "doctype",
            where,
            f"文件 {where.name} 含有 DOCTYPE 或实体声明，可能有害，请删除后再上传。",
            f"The file {where.name} has a DOCTYPE or entities, which can do harm: remove them.",
        )
    if text.count("<") > MOST_TAGS:
        yield _too_complex(where)


def _not_utf8(where: Part) -> Finding:
    return error(
        "not-utf-8",
        where,
        f"文件 {where.name} 不是 UTF-8 编码，请另存为 UTF-8。",
        f"The file {where.name} is not encoded as UTF-8: save it as UTF-8.",
    )


def _too_complex(where: Part) -> Finding:
    return error(
        "too-many-elements",
        where,
        f"文件 {where.name} 的元素太多（上限 {MOST_ELEMENTS} 个步骤和连线），请拆成几张图。",
        f"The file {where.name} has too many elements (at most {MOST_ELEMENTS} steps and flows): "
        "split it into several diagrams.",
    )


def _parsed(where: Part, content: bytes) -> tuple[Xml | None, list[Finding]]:
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        huge_tree=False,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as problem:
        return None, [_malformed(where, problem)]
    if root is None or local(root) != "definitions":
        return None, [_not_bpmn(where)]
    return root, []


def _malformed(where: Part, problem: etree.XMLSyntaxError) -> Finding:
    line, said = problem.lineno or 1, problem.msg or "empty"
    return error(
        "malformed-xml",
        where,
        f"文件 {where.name} 第 {line} 行不是有效的 XML({said}),请从建模工具重新导出。",
        f"Line {line} of {where.name} is not well-formed XML ({said}): export it again.",
    )


def _not_bpmn(where: Part) -> Finding:
    return error(
        "not-bpmn",
        where,
        f"文件 {where.name} 不是 BPMN 2.0 的图，请选择 .bpmn 文件。",
        f"The file {where.name} is not a BPMN 2.0 diagram: choose a .bpmn file.",
    )


def _too_many(where: Part, root: Xml) -> Iterator[Finding]:
    elements = sum(1 for e in root.iter(f"{{{BPMN}}}*") if local(e) in NODES | {"sequenceFlow"})
    if elements > MOST_ELEMENTS:
        yield _too_complex(where)


def _repeated(root: Xml) -> Iterator[Finding]:
    """Before the schema, which would say the same less plainly."""
    elements = [e for e in root.iter(f"{{{BPMN}}}*") if e.get("id") and local(e) not in FACTS]
    counts = Counter(e.get("id") for e in elements)
    for xml in elements:
        if counts.pop(xml.get("id"), 0) > 1:
            yield error(
                "duplicate-id",
                part(xml),
                f"编号 {xml.get('id')} 用了不止一次，请改掉其中一个。",
                f"The id {xml.get('id')} is used more than once: change one of them.",
            )


def _breaches(root: Xml) -> Iterator[Finding]:
    for breach in schema.breaches(root)[:MOST_TOLD]:
        at = _nearest(root, breach.path)
        yield error(
            "schema",
            at,
            f"第 {breach.line} 行不符合 BPMN 2.0 规范（{breach.said}），"
            "请在建模工具中改正并重新保存。",
            f"Line {breach.line} breaks the BPMN 2.0 schema ({breach.said}): "
            "correct it in the modeler and save again.",
        )


def _nearest(root: Xml, path: str) -> Part:
    """The element at the path, or the nearest one round it that has an id."""
    try:
        found = root.xpath(path, namespaces={k: v for k, v in root.nsmap.items() if k})
    except etree.XPathError:
        found = []
    at = found[0] if found else root
    while at.get("id") is None and at.getparent() is not None:
        at = at.getparent()
    return part(at)
