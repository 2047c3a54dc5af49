"""Runs as an event log (XES, IEEE 1849-2016), as programs that mine processes read it.

One trace for each run, one event for each step that was done, scheduled, taken, suspended … Called
by api/pages/history.py with entries of runs; pure.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple, Protocol
from xml.etree.ElementTree import Element, SubElement, indent, tostring

NAMESPACE = "http://www.xes-standard.org/"
EXTENSIONS = (
    ("Concept", "concept"),
    ("Lifecycle", "lifecycle"),
    ("Organizational", "org"),
    ("Time", "time"),
)
OF_STEP = {"done": "complete", "cancelled": "ate_abort", "failed": "ate_abort"}
OF_ORDER = {
    "claimed": "assign",
    "reassigned": "reassign",
    "accepted": "start",
    "suspended": "suspend",
    "waiting internal": "suspend",
    "resumed": "resume",
}
BY_HAND = ("userTask", "manualTask")
SYSTEM = "system"
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Entry(Protocol):
    subject: str
    at: datetime
    by: str
    verb: str
    particulars: dict[str, Any]


class Happened(NamedTuple):
    at: datetime
    element: str
    name: str
    transition: str
    by: str
    kind: str = ""
    step: int | None = None


def write_log(entries: Iterable[Entry], about: Mapping[str, Mapping[str, str]]) -> bytes:
    """`entries`: of runs, those of one run together and in their order; `about`: further words on a
    run, by its subject ("run:7")."""
    log = Element("log", {"xes.version": "1849-2016", "xes.features": "", "xmlns": NAMESPACE})
    for name, prefix in EXTENSIONS:
        uri = f"{NAMESPACE}{prefix}.xesext"
        SubElement(log, "extension", name=name, prefix=prefix, uri=uri)
    _add_defaults(log)
    for subject, told in groupby(entries, key=lambda entry: entry.subject):
        _add_trace(log, subject, list(happened(told)), about.get(subject, {}))
    indent(log)
    written: bytes = tostring(log, encoding="utf-8", xml_declaration=True)
    return written


def happened(entries: Iterable[Entry]) -> Iterator[Happened]:
    """What one run did. Gateways without a name are left out."""
    names: dict[str, str] = {}
    for entry in entries:
        told = entry.particulars
        for order in told.get("orders", ()):
            names[order["element"]] = order["title"]
            yield Happened(entry.at, order["element"], order["title"], "schedule", SYSTEM)
        if transition := OF_ORDER.get(entry.verb):
            element = told.get("element", "")
            yield Happened(entry.at, element, names.get(element, element), transition, entry.by)
        for step in told.get("steps", ()):
            transition = OF_STEP.get(step["state"])
            if transition and step.get("name"):
                by = entry.by if step["kind"] in BY_HAND else SYSTEM
                named = (step["element"], step["name"], transition, by)
                yield Happened(entry.at, *named, step["kind"], step["step"])


def _add_defaults(log: Element) -> None:
    trace, each = (SubElement(log, "global", scope=scope) for scope in ("trace", "event"))
    _add(trace, "string", "concept:name", "")
    for key, value in (("concept:name", ""), ("lifecycle:transition", "complete")):
        _add(each, "string", key, value)
    _add(each, "date", "time:timestamp", "1970-01-01T00:00:00+00:00")
    keys = "concept:name lifecycle:transition"
    SubElement(log, "classifier", name="Step and transition", keys=keys)


def _add_trace(log: Element, subject: str, told: list[Happened], about: Mapping[str, str]) -> None:
    trace = SubElement(log, "trace")
    _add(trace, "string", "concept:name", subject)
    for key, value in about.items():
        _add(trace, "string", f"baton:{key}", value)
    for one in told:
        each = SubElement(trace, "event")
        _add(each, "string", "concept:name", one.name)
        _add(each, "string", "lifecycle:transition", one.transition)
        _add(each, "date", "time:timestamp", one.at.isoformat(timespec="milliseconds"))
        _add(each, "string", "org:resource", one.by)
        _add(each, "string", "baton:element", one.element)
        if one.step is not None:
            _add(each, "string", "baton:kind", one.kind)
            _add(each, "int", "baton:step", str(one.step))


def _add(place: Element, kind: str, key: str, value: str) -> None:
    SubElement(place, kind, key=key, value=_NOT_XML.sub("", value))
