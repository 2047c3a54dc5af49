"""Plans with their diagrams: publish a version, ask its table. Called by the doors, at start.

The runner emergency_plan calls a plan's own diagram at the element `flow`. Which one that is, is
settled when the plan is published: runner, diagram, tables and forms are kept as one version, and
what runs by it stays with it. What a plan must have: tasks/plans/plan_checks.py.
"""

import logging
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from lxml import etree  # type: ignore[import-untyped]  # lxml brings no types along
from sqlmodel import Session, col, func, select

from bpmn import library, wall
from bpmn.checks import check, is_publishable
from bpmn.dmn import DecisionTable
from records import (
    Diagram,
    Group,
    Membership,
    Person,
    Plan,
    PlanVersion,
    Version,
    history,
)
from tasks.findings import Finding
from tasks.plans import plan_checks, plans, resources
from tasks.plans.plan_rules import rules_of
from tasks.policies import BY_BATON
from tasks.refusals import Invalid

RUNNER, FLOW = "emergency_plan", "flow"
SHIPPED = Path(plans.__file__).parent / "shipped"
BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
Facts = Mapping[str, Any]

log = logging.getLogger(__name__)


def publish(session: Session, plan: Plan, *, reason: str, by: Person, now: datetime) -> PlanVersion:
    """Let new activations begin by it. Refused where one of its four parts is missing or wrong."""
    plans.check_publishable(plan, reason, by=by)
    members, stock = _members(session), resources.stock(session)
    return _publish(session, plan, members, stock, reason=reason, by=by.login, now=now)


def keep_version(
    session: Session, plan: Plan, *, reason: str, by: str, now: datetime
) -> PlanVersion:
    """Keep a plan that was checked, with the diagrams as they are now; it counts from now on."""
    bundle = compose(session, plans.next_content(plan)["diagram"]) or {}
    told: Any = {"by": by, "now": now, "reason": f"plan: {plan.key}", "is_current": False}
    version = library.keep_version(session, bundle, [], **told)
    nodes = nodes_of(_blueprint(bundle), version.lanes)
    pinned = (version.id, version.content_hash)
    return plans.keep_version(session, plan, nodes, pinned, reason=reason, by=by, now=now)


def publish_shipped(session: Session, now: datetime) -> int:
    """What came with Baton, where that is newer and no owner has published one since; whoever
    staffs the groups and fills the stock comes later. How many were published."""
    return sum(_try(session, path, now) for path in sorted(SHIPPED.glob("*.json")))


def find_wrong(session: Session, plan: Plan) -> list[dict[str, str]]:
    """What its next version lacks of the four parts."""
    content = plans.next_content(plan)
    bundle = compose(session, content.get("diagram") or "")
    found = _look(session, content, bundle, _members(session), resources.stock(session))
    return [{"field": one.path, "zh": one.zh, "en": one.en} for one in found]


def decide(session: Session, version: PlanVersion, case: Facts) -> dict[str, Any]:
    """What the plan's own table says about a case: the row that fired, and what follows."""
    loaded = library.load(session, version.version_id, version.content_hash)
    made = loaded.blueprint.decisions[version.content["table"]].decide({"case": dict(case)})
    return {
        "table": made.table,
        "name": made.name,
        "rows": list(made.rows),
        "notes": list(made.notes),
        "inputs": made.inputs,
        "result": made.result,
        "version_id": version.version_id,
    }


def is_diagram_newer(session: Session, version: PlanVersion) -> bool:
    """Whether its diagram, or the runner, was published anew since: publish the plan to use it."""
    bundle = compose(session, version.content["diagram"])
    return bundle is not None and wall.content_hash(bundle) != version.content_hash


def compose(session: Session, diagram: str) -> dict[str, bytes] | None:
    """The runner bound to this diagram, as both are published now. None where one is not."""
    runner, own = _bundle(session, RUNNER), _bundle(session, diagram)
    if runner is None or own is None or diagram == RUNNER:
        return None
    name, text = _file_of(runner, RUNNER)
    root = wall.read_xml(name, text)
    for call in root.iter(f"{BPMN}callActivity"):
        if call.get("id") == FLOW:
            call.set("calledElement", diagram)
    bound = etree.tostring(root, encoding="UTF-8", xml_declaration=True)
    kept = {key: each for key, each in runner.items() if b'"%s"' % key.encode() in text}
    return {**kept, **own, name: bound}


def nodes_of(blueprint: wall.Blueprint, lanes: Mapping[str, str]) -> list[dict[str, Any]]:
    """The key nodes, in the order of their limits."""
    found = [
        _node(blueprint, node, lanes)
        for node in blueprint.nodes.values()
        if node.kind == "userTask" and node.properties.get("key_node") == "true"
    ]
    return sorted(found, key=lambda node: (node["limit"] or 0, node["element"]))


def _publish(
    session: Session,
    plan: Plan,
    members: dict[str, int] | None,
    stock: dict[str, int] | None,
    *,
    reason: str,
    by: str,
    now: datetime,
) -> PlanVersion:
    content = plans.next_content(plan)
    bundle = compose(session, content.get("diagram") or "") or {}
    found = _look(session, content, bundle, members, stock) or _gate(session, bundle)
    if found:
        fields = [{"field": one.path, "zh": one.zh, "en": one.en} for one in found]
        raise Invalid(
            f"预案有 {len(fields)} 处不全,补齐后再发布:{found[0].zh}",
            f"The plan lacks {len(fields)} things: mend them, then publish ({found[0].en})",
            fields=fields,
        )
    return keep_version(session, plan, reason=reason, by=by, now=now)


def _try(session: Session, path: Path, now: datetime) -> bool:
    """An owner's diagram may lack what the shipped plan wants: then theirs stays as it is."""
    try:
        with history.savepoint(session):
            return publish_one(session, path, now)
    except Invalid as refusal:
        log.warning("The plan %s was not published: %s", path.stem, refusal.en)
        return False


def publish_one(session: Session, path: Path, now: datetime) -> bool:
    content = orjson.loads(path.read_bytes())
    owner = content.pop("owner")
    plan = plans.find_by_key(session, path.stem)
    if plan is None:
        told = {"owner": owner, "created_by": BY_BATON, "created_at": now}
        plan = Plan(key=path.stem, content=content, **told)
        session.add(plan)
        session.flush()
    if not _is_newer(session, plan, content):
        return False
    plan.draft, number = content, plan.number
    _publish(session, plan, None, None, reason="shipped", by=BY_BATON, now=now)
    return plan.number != number


def _is_newer(session: Session, plan: Plan, content: Facts) -> bool:
    """Nobody has changed it, and what came with Baton says something else than what counts."""
    last = plans.find_version(session, plan, plan.number)
    if last is None:
        return plan.state == "draft"
    is_ours = last.published_by == BY_BATON and plan.state == "published" and plan.draft is None
    return is_ours and (last.content != content or is_diagram_newer(session, last))


def _look(
    session: Session,
    content: Facts,
    bundle: wall.Bundle | None,
    members: dict[str, int] | None,
    stock: dict[str, int] | None,
) -> list[Finding]:
    rules = rules_of(session)
    blueprint = _blueprint(bundle) if bundle else None
    table = blueprint.decisions.get(content.get("table") or "") if blueprint else None
    around = plan_checks.Around(
        nodes=nodes_of(blueprint, library.lanes_of(session, blueprint)) if blueprint else None,
        modes=_modes(table) if table else None,
        powers=rules["powers"], kinds=rules["kinds"], members=members, stock=stock,
    )  # fmt: skip
    return plan_checks.find_wrong(content, around)


def _blueprint(bundle: wall.Bundle) -> wall.Blueprint:
    return wall.blueprint(wall.content_hash(bundle), lambda: (bundle, None))


def _gate(session: Session, bundle: wall.Bundle) -> list[Finding]:
    """What is wrong with the runner and the diagram taken together."""
    found = check(bundle, library.known(session))
    if is_publishable(found):
        return []
    errors = [asdict(one) for one in found if one.severity == "error"]
    return [Finding("flow", one["zh"], one["en"]) for one in errors]


def _node(blueprint: wall.Blueprint, node: wall.Node, lanes: Mapping[str, str]) -> dict[str, Any]:
    told = node.properties
    schema = blueprint.forms.get(told.get("form", ""), {})
    return {
        "element": node.id,
        "title": node.name,
        "group": told.get("group") or lanes.get(node.lane or "", ""),
        "limit": _whole(told.get("limit")),
        "minutes": _whole(told.get("minutes")),  # what it usually takes: for drills
        "customer_visible": told.get("customer_visible") == "true",
        "asks": [name for name in schema.get("required", ()) if isinstance(name, str)],
    }


def _whole(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() else None


def _modes(table: DecisionTable) -> set[Any] | None:
    places = [place for place, each in enumerate(table.outputs) if each.name == "mode"]
    if not places:
        return set()
    return {row.outputs[places[0]].literal for row in table.rows}


def _bundle(session: Session, key: str) -> dict[str, bytes] | None:
    current = select(Version.bundle).join(
        Diagram, col(Diagram.current_version_id) == col(Version.id)
    )
    packed = session.exec(current.where(Diagram.key == key)).first()
    return library.unpack(packed) if packed else None


def _file_of(bundle: Mapping[str, bytes], process: str) -> tuple[str, bytes]:
    for name, text in bundle.items():
        root = wall.read_xml(name, text) if name.endswith(".bpmn") else None
        if root is not None and any(
            each.get("id") == process for each in root.iter(f"{BPMN}process")
        ):
            return name, text
    raise LookupError(process)


def _members(session: Session) -> dict[str, int]:
    """Active people by group."""
    counted = (
        select(Group.key, func.count(col(Person.id)))
        .outerjoin(Membership, col(Membership.group_id) == col(Group.id))
        .outerjoin(Person, (col(Person.id) == col(Membership.person_id)) & col(Person.active))
        .group_by(Group.key)
    )
    return dict(session.exec(counted).all())
