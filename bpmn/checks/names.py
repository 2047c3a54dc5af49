"""Names of facts: those that events write, and those in conditions that look misspelt.

Facts that a run begins with are not known here, so an unknown name as such says nothing.
"""

import difflib
import re
from collections.abc import Iterator

from bpmn import sandbox
from bpmn.checks.code import meant, sources
from bpmn.checks.drawing import BPMN, SPIFF, Drawing, Flow, Scope, extension, is_fact_name
from bpmn.checks.references import Bundled
from bpmn.checks.saying import error, warning
from bpmn.findings import Finding

SHORTEST = 4  # letters; shorter names look alike by chance
ALIKE = 0.8
ASSIGNED = re.compile(r"^\s*(\w+)\s*[-+*/|&%]{0,2}=(?!=)", re.MULTILINE)


def misspelt(scope: Scope, bundled: Bundled) -> Iterator[Finding]:
    made = set(bundled.facts).union(*(_made(drawing) for drawing in bundled.drawings))
    for source in sources(scope):
        for name in sorted(_needed(source.text)) if isinstance(source.at, Flow) else ():
            near = difflib.get_close_matches(name, sorted(made), n=1, cutoff=ALIKE)
            if name not in made and len(name) >= SHORTEST and near:
                yield warning(
                    "misspelt",
                    source.at,
                    f"“{source.at.shown}”的条件里的 {name} 没有任何步骤给出，是否应为 {near[0]}？",
                    f"No step makes the fact {name} in the condition of “{source.at.shown}”: "
                    f"is {near[0]} meant?",
                )


def variables(scope: Scope) -> Iterator[Finding]:
    """Where a payload or the answers of a step are put."""
    for node in scope.nodes.values():
        places = [
            each for xml in (node.xml, *node.definitions) for each in (xml, *meant(node, xml))
        ]
        for place in places:
            for name in ("messageVariable", "variableName"):
                found = extension(place, name)
                if found is not None and not is_fact_name((found.text or "").strip()):
                    yield error(
                        "no-fact-name",
                        node,
                        f"“{node.shown}”的 {name} 不是数据名称，"
                        "请以文字开头，只用文字、数字和下划线。",
                        f"The {name} of “{node.shown}” is no name of a fact: begin with a letter, "
                        "use letters, digits and underscores.",
                    )


def _made(drawing: Drawing) -> set[str]:
    """Facts that scripts, services, events and instances write."""
    names = set[str]()
    for scope in drawing.scopes():
        for source in sources(scope):
            names |= set(ASSIGNED.findall(source.text)) if source.is_script else set()
    for xml in drawing.root.iter(f"{{{SPIFF}}}*", f"{{{BPMN}}}inputDataItem"):
        places = (xml.get("resultVariable"), xml.get("id"), xml.text)
        names |= {place for place in places if place and is_fact_name(place.strip())}
    return names


def _needed(text: str) -> set[str]:
    try:
        return sandbox.names(text)
    except sandbox.ScriptRefused:
        return set()
