"""What a check of a diagram or a decision table found: one sentence per finding, in both languages.

The decision tables (`bpmn/dmn.py`) and the gate (`bpmn/checks.py`) make them; pages and JSON show them.
"""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "note"]  # only an error keeps a version from being published


@dataclass(frozen=True)
class Finding:
    """`element` is the id in the XML, `name` what the owner called it; `zh` and `en` say what to do."""

    severity: Severity
    code: str
    element: str
    name: str
    zh: str
    en: str
