"""Reads a foreign file into a tree that can be changed, whatever its encoding, and finds its parts.

For the conversions of this package. Comments, layout and unknown extensions stay in the tree.
"""

import codecs
import re
from collections.abc import Iterator

from lxml import etree  # type: ignore[import-untyped]  # lxml brings no types along

from bpmn.checks.drawing import BPMN, NODES, SPIFF, Part, Xml, child, local, part
from bpmn.checks.foreign import ACTIVITI, CAMUNDA, FLOWABLE, ZEEBE
from bpmn.checks.reading import DECLARED, LARGEST, MOST_TAGS
from bpmn.checks.saying import note
from bpmn.findings import Finding

COUSINS = (CAMUNDA, FLOWABLE, ACTIVITI)  # the same words in three namespaces
AS_DECLARED = re.compile(r"(^\s*<\?xml[^>]*?encoding\s*=\s*[\"'])[\w.:-]+([\"'])")
MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
ENCODINGS = frozenset(  # those in which a tag is written in the same bytes as in ASCII
    ["utf-8", "us-ascii", "iso-8859-1", "windows-1252", "gbk", "gb2312", "gb18030", "big5"]
)


def as_utf8(content: bytes) -> bytes | None:
    """The same text in UTF-8; None where the encoding is not certain."""
    if len(content) > LARGEST:
        return None
    encoding = next((name for mark, name in MARKS if content.startswith(mark)), "")
    if not encoding:
        declared = DECLARED.match(content[:200].decode("ascii", "replace"))
        encoding = declared[1].lower() if declared else "utf-8"
        if encoding not in ENCODINGS:
            return None
    try:
        text = content.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError:
        return None
    return AS_DECLARED.sub(r"\1UTF-8\2", text, count=1).encode()


def parse(content: bytes) -> Xml | None:
    """None for what the gate will refuse anyway."""
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content or content.count(b"<") > MOST_TAGS:
        return None
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    return root if root is not None and local(root) == "definitions" else None


def written(root: Xml) -> bytes:
    return bytes(etree.tostring(root.getroottree(), xml_declaration=True, encoding="UTF-8"))


def nodes(root: Xml, *tags: str) -> Iterator[Xml]:
    for xml in list(root.iter(f"{{{BPMN}}}*")):
        if local(xml) in (tags or NODES):
            yield xml


def foreign(xml: Xml, *names: str) -> str | None:
    """An attribute of Camunda 7 or one of its cousins."""
    places = [f"{{{space}}}{name}" for name in names for space in COUSINS]
    return next((xml.get(place) for place in places if xml.get(place)), None)


def take(xml: Xml, *names: str) -> str | None:
    """The same, and it is taken out."""
    value = foreign(xml, *names)
    for name in names:
        for space in COUSINS:
            xml.attrib.pop(f"{{{space}}}{name}", None)
    return value


def zeebe(xml: Xml, name: str) -> Xml | None:
    return xml.find(f"{{{BPMN}}}extensionElements/{{{ZEEBE}}}{name}")


def drop(xml: Xml) -> None:
    """Take an element out; the one before keeps the place of the end tag behind it."""
    before = xml.getprevious()
    if before is not None and xml.getnext() is None:
        before.tail = xml.tail
    xml.getparent().remove(xml)


def extend(xml: Xml, name: str, text: str | None = None, **attributes: str) -> Xml:
    """A new element of ours below extensionElements."""
    inside = child(xml, "extensionElements")
    if inside is None:
        inside = etree.Element(f"{{{BPMN}}}extensionElements")
        xml.insert(len(xml.findall(f"{{{BPMN}}}documentation")), inside)
    made = etree.SubElement(inside, f"{{{SPIFF}}}{name}", nsmap={"spiffworkflow": SPIFF})
    made.text = text
    for key, value in attributes.items():
        made.set(key, value)
    return made


def set_property(xml: Xml, name: str, value: str) -> None:
    """A property that is there already stays as it is."""
    found = xml.find(f"{{{BPMN}}}extensionElements/{{{SPIFF}}}properties")
    found = extend(xml, "properties") if found is None else found
    if all(each.get("name") != name for each in found):
        etree.SubElement(found, f"{{{SPIFF}}}property", name=name, value=value)


def converted(xml: Xml, zh: str, en: str) -> Finding:
    at: Part = part(xml)
    return note("conversion", at, f"“{at.shown}”：{zh}。", f"“{at.shown}”: {en}.")
