"""A bundle from files: a diagram, and what it names beside it. Called by `python -m bpmn`.

Decisions and forms are looked for in ../decisions, ../forms and the same folder, called diagrams in
the same folder. Files of other modelers are converted on the way.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

from bpmn.findings import Finding
from bpmn.imports import convert

CALLED = re.compile(rb'calledElement="([^"]+)"')
DECISION = re.compile(rb'<(?:\w+:)?decision\b[^>]*?\bid="([^"]+)"')
PROCESS = re.compile(rb'<(?:\w+:)?process\b[^>]*?\bid="([^"]+)"')


@dataclass
class Gathered:
    """The files by name, and what was converted in them."""

    files: dict[str, bytes] = field(default_factory=dict)
    conversions: list[Finding] = field(default_factory=list)


def gather(path: Path) -> Gathered:
    """Raises OSError if the diagram itself cannot be read."""
    gathered = Gathered()
    pending = [path]
    while pending:
        diagram = pending.pop()
        if diagram.name not in gathered.files:
            text, conversions = convert(diagram.read_bytes())
            gathered.files[diagram.name] = text
            gathered.conversions += conversions
            pending += _called(path.parent, text)
    _add_beside(gathered, path.parent)
    return gathered


def _called(folder: Path, text: bytes) -> list[Path]:
    wanted = set(CALLED.findall(text))
    if not wanted:
        return []
    return [
        path
        for path in sorted(folder.glob("*.bpmn"))
        if wanted & set(PROCESS.findall(path.read_bytes()))
    ]


def _add_beside(gathered: Gathered, folder: Path) -> None:
    text = b"".join(gathered.files.values())
    for place in (folder, folder.parent / "decisions", folder.parent / "forms"):
        for path in sorted([*place.glob("*.dmn"), *place.glob("*.json")]):
            content = path.read_bytes()
            names = DECISION.findall(content) if path.suffix == ".dmn" else [path.name.encode()]
            if any(b">%s<" % name in text or b'"%s"' % name in text for name in names):
                gathered.files.setdefault(path.name, content)
