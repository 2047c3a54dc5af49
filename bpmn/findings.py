"""What a check of a diagram or a decision table found: one sentence each, in both languages.

The decision tables (`bpmn/dmn.py`) and the gate (`bpmn/checks.py`) make them; the doors show them.
"""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "note"]  # only an error keeps a version from publication


@dataclass(frozen=True)
class Finding:
    """`element` is the id in the XML, `name` the owner's word; `zh` and `en` say what to do."""

    severity: Severity
    code: str
    element: str
    name: str
    zh: str
    en: str
