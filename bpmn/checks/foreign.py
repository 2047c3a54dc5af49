"""Settings of other engines that are still in a file: they do nothing here, and are named.

What can be converted, `bpmn/imports` has converted before.
"""

from collections.abc import Iterator

from bpmn.checks.drawing import BPMN, Node, Scope, Xml
from bpmn.checks.saying import warning
from bpmn.findings import Finding

CAMUNDA = "http://camunda.org/schema/1.0/bpmn"
ZEEBE = "http://camunda.org/schema/zeebe/1.0"
FLOWABLE = "http://flowable.org/bpmn"
ACTIVITI = "http://activiti.org/bpmn"
ENGINES = {
    CAMUNDA: "Camunda 7",
    ZEEBE: "Camunda 8",
    FLOWABLE: "Flowable",
    ACTIVITI: "Activiti",
}
LATER = "async asyncBefore asyncAfter exclusive jobPriority userTask"
LISTED = "versionTag historyTimeToLive isStartableInTasklist"
MODELED = "modelerTemplate modelerTemplateVersion modelerTemplateIcon"
HARMLESS = frozenset(f"{LATER} {LISTED} {MODELED}".split())  # how it is done, not what


def leftovers(scope: Scope) -> Iterator[Finding]:
    for at in (scope, *scope.nodes.values()):
        names = sorted({*_settings(at.xml), *(_inside(at) if isinstance(at, Node) else ())})
        if names:
            yield warning(
                "not-converted",
                at,
                f"“{at.shown}”的 {'、'.join(names)} 是其他引擎的设置，这里不起作用，"
                "请用本系统的方式重新填写，再删除它们。",
                f"{', '.join(names)} of “{at.shown}” are settings of another engine and do "
                "nothing here: fill them in our way, then remove them.",
            )


def _inside(node: Node) -> Iterator[str]:
    for xml in node.xml.iterchildren(f"{{{BPMN}}}*"):
        if xml.tag.endswith(("EventDefinition", "Characteristics")):
            yield from _settings(xml)


def _settings(xml: Xml) -> Iterator[str]:
    """Attributes, and elements below extensionElements."""
    names = [*xml.attrib, *(each.tag for each in xml.iterfind(f"{{{BPMN}}}extensionElements/*"))]
    for space, _, name in (each[1:].partition("}") for each in names if each[0] == "{"):
        if space in ENGINES and name not in HARMLESS:
            yield f"{ENGINES[space]} {name}"
