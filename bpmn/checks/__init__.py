"""The deploy gate: what keeps a diagram from publication, and what its owner should know.

`check` is called by `python -m bpmn check` and by the library when a version is published. It never
raises for what is in a bundle: whatever is wrong with it is a finding.
"""

from collections.abc import Callable, Iterable, Iterator

from bpmn.checks import (
    code,
    cycles,
    files,
    foreign,
    gateways,
    identity,
    ladders,
    limits,
    loops,
    messages,
    names,
    places,
    references,
    responses,
    structure,
    timers,
)
from bpmn.checks.drawing import Drawing, Part, Scope
from bpmn.checks.reading import read_drawing
from bpmn.checks.references import Bundled, Known
from bpmn.checks.saying import error
from bpmn.checks.smoke import smoke
from bpmn.findings import Finding
from bpmn.wall import Bundle

__all__ = ["Finding", "Known", "check", "is_publishable"]

MOST_FILES = 100
OF_A_SCOPE: tuple[Callable[[Scope], Iterator[Finding]], ...] = (
    identity.ids,
    identity.clashes,
    identity.spellings,
    places.unsupported,
    places.events,
    places.ignored_attributes,
    places.data_links,
    structure.begins,
    structure.ends,
    structure.loose_flows,
    structure.wrong_ways,
    structure.hidden_splits,
    structure.loose_boundaries,
    structure.unreachable,
    structure.dead_ends,
    cycles.without_choice,
    cycles.without_rest,
    cycles.joins_fed_by_themselves,
    cycles.joins_after_choices,
    cycles.tokens_taken_away,
    gateways.missing_defaults,
    gateways.missing_conditions,
    gateways.wrong_defaults,
    gateways.idle_conditions,
    gateways.event_gateways,
    messages.references,
    messages.links,
    messages.boundaries,
    messages.cancel_ends,
    messages.uncaught_errors,
    loops.instances,
    loops.rounds,
    loops.event_subprocesses,
    code.compiles,
    code.languages,
    code.idle_scripts,
    names.variables,
    timers.times,
    timers.literals,
    foreign.leftovers,
)
OF_A_BUNDLE: tuple[Callable[[Scope, Bundled], Iterator[Finding]], ...] = (
    references.services,
    references.decisions,
    references.forms,
    references.calls,
    references.lanes,
    references.roles,
    references.settings,
    names.misspelt,
    limits.limits,
    limits.rungs,
)
ORDER = {"error": 0, "warning": 1, "note": 2}


def check(bundle: Bundle, known: Known) -> list[Finding]:
    """The findings, errors first. Rules see only files that can be read; the engine, only a bundle
    without errors."""
    if len(bundle) > MOST_FILES:
        return [_too_many_files(len(bundle))]
    findings, drawings = _draw(bundle)
    beside = [_read(name, bundle[name]) for name in sorted(bundle) if not is_diagram(name)]
    findings += [found for each in beside for found in each.findings]
    if is_publishable(findings):
        findings += _apply(_bundled(bundle, known, drawings, beside))
        findings += [found for each in beside for found in ladders.rungs(each.tables, known)]
        findings += [found for each in beside for found in responses.responses(each.tables)]
    if is_publishable(findings):
        findings += smoke(bundle)
    return sorted(dict.fromkeys(findings), key=lambda found: ORDER[found.severity])


def is_publishable(findings: Iterable[Finding]) -> bool:
    return all(found.severity != "error" for found in findings)


def is_diagram(name: str) -> bool:
    return name.endswith(".bpmn")


def _draw(bundle: Bundle) -> tuple[list[Finding], list[Drawing]]:
    """In the order of names, so that the same bundle has the same findings."""
    findings: list[Finding] = []
    drawings: list[Drawing] = []
    for name in sorted(filter(is_diagram, bundle)):
        drawing, found = read_drawing(name, bundle[name])
        findings += found
        drawings += [drawing] if drawing else []
    return findings, drawings


def _read(name: str, content: bytes) -> files.Read:
    if name.endswith(".dmn"):
        return files.read_tables(name, content)
    if name.endswith(".json"):
        return files.read_form(name, content)
    return files.Read([_unknown_file(name)])


def _bundled(
    bundle: Bundle, known: Known, drawings: list[Drawing], beside: list[files.Read]
) -> Bundled:
    return Bundled(
        known,
        drawings,
        tables=[table for each in beside for table in each.tables.values()],
        forms=[name for name in bundle if name.endswith(".json")],
        facts=frozenset().union(*(each.facts for each in beside)),
    )


def _apply(bundled: Bundled) -> Iterator[Finding]:
    yield from identity.one_process(bundled.drawings)
    yield from identity.across(bundled.drawings)
    for drawing in bundled.drawings:
        yield from places.outside(drawing)
        for scope in drawing.scopes():
            for rule in OF_A_SCOPE:
                yield from rule(scope)
            for of_bundle in OF_A_BUNDLE:
                yield from of_bundle(scope, bundled)


def _too_many_files(count: int) -> Finding:
    return error(
        "too-many-files",
        Part(None, "", ""),
        f"一次上传了 {count} 个文件，上限是 {MOST_FILES} 个。",
        f"{count} files at once are too many: at most {MOST_FILES}.",
    )


def _unknown_file(name: str) -> Finding:
    return error(
        "unknown-file",
        Part(None, "", name),
        f"文件 {name} 不是图（.bpmn）、决策表（.dmn）或表单（.json），请去掉。",
        f"The file {name} is no diagram (.bpmn), decision table (.dmn) or form (.json): "
        "leave it out.",
    )
