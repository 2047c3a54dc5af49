"""Files of other modelers, met half way: what is clear is converted, and each conversion is named.

`convert` is called before `checks.check` when a file is uploaded. What is not clear stays in the
file, and the gate names it.
"""

from collections.abc import Callable, Iterator

from bpmn.checks.drawing import Xml
from bpmn.findings import Finding
from bpmn.imports import code, pools, repeats, services, steps
from bpmn.imports.tree import as_utf8, parse, written

CONVERSIONS: tuple[Callable[[Xml], Iterator[Finding]], ...] = (
    pools.spellings,
    pools.prefixes,
    pools.executable,
    steps.groups,
    steps.forms,
    steps.called,
    steps.decisions,
    services.jobs,
    services.inputs,
    services.keys,
    repeats.instances,
    code.scripts,
    code.conditions,
    code.times,
)


def convert(xml: bytes) -> tuple[bytes, list[Finding]]:
    """The file as Baton reads it, and what was changed. Without a change it is the same bytes, but
    for the encoding; what cannot be read at all comes back as it is."""
    text = as_utf8(xml)
    root = None if text is None else parse(text)
    if text is None or root is None:
        return xml, []
    findings = [found for conversion in CONVERSIONS for found in conversion(root)]
    return (written(root) if findings else text), findings
