"""The BPMN 2.0 schema that SpiffWorkflow ships, with its extensions. Asked by `bpmn/checks`."""

from copy import deepcopy
from dataclasses import dataclass
from threading import Lock
from typing import Any

from SpiffWorkflow.spiff.parser.process import VALIDATOR

from bpmn.wall.elements import BPMN

LONGEST = 300  # characters of what the schema says
_one_at_a_time = Lock()  # the error log belongs to the schema, not to the call


@dataclass(frozen=True)
class Breach:
    """`path` is an XPath to the element."""

    line: int
    path: str
    said: str


def breaches(root: Any) -> list[Breach]:
    """Where the document breaks the schema, in document order."""
    root = deepcopy(root)
    VALIDATOR.preprocess(root)  # allows what bpmn-js writes for correlations
    for item in root.iter(f"{BPMN}inputDataItem", f"{BPMN}outputDataItem"):
        item.attrib.pop("id", None)  # the name of a fact, which other steps may use as well
    with _one_at_a_time:
        VALIDATOR.validator.validate(root)
        log = [(e.line, e.path, e.message) for e in VALIDATOR.validator.error_log]
    return [Breach(line, path or "/*", said[:LONGEST]) for line, path, said in log]
