"""Makes findings: an error keeps a version from publication, a warning and a note do not."""

from bpmn.checks.drawing import Part
from bpmn.findings import Finding


def error(code: str, at: Part, zh: str, en: str) -> Finding:
    return Finding("error", code, at.id, at.name, zh, en)


def warning(code: str, at: Part, zh: str, en: str) -> Finding:
    return Finding("warning", code, at.id, at.name, zh, en)


def note(code: str, at: Part, zh: str, en: str) -> Finding:
    return Finding("note", code, at.id, at.name, zh, en)
