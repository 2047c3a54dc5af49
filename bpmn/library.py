"""The library of diagrams: publish a version, find it, load it for the engine.

A published version never changes; a run keeps the one that it began with. Called by runs.py and
the edges. What must hold before publishing is in bpmn/checks.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from sqlmodel import Session, col, func, select

from bpmn import forms, wall
from bpmn.bundles import gather
from bpmn.checks import Finding, Known, check, is_publishable
from records import Diagram, Group, Version, history
from tasks import recipients
from tasks.access.roles import ROLES
from tasks.policies import BY_BATON
from tasks.refusals import Invalid, NotFound, wrong
from tasks.services import SERVICES
from tasks.sla import clocks

SHIPPED = Path(__file__).parent
MOST_LOADED = 256  # versions kept parsed in one process
_LOADED: dict[tuple[int, str], "Loaded"] = {}


@dataclass(frozen=True)
class Loaded:
    """A version as the engine uses it. Cached: nothing in it may be changed."""

    version_id: int
    number: int
    content_hash: str
    blueprint: wall.Blueprint
    lanes: Mapping[str, str]
    forms: Mapping[str, forms.Form]


def publish(
    session: Session,
    bundle: wall.Bundle,
    *,
    by: str,
    now: datetime,
    reason: str = "",
    conversions: Iterable[Finding] = (),
) -> Version:
    """Make the bundle's diagram what new runs use. The same content again is the same version.

    `conversions`: what was changed in it on its way here, kept beside the gate's findings.
    """
    findings = [*check(bundle, known(session)), *conversions]
    if not is_publishable(findings):
        errors = [asdict(found) for found in findings if found.severity == "error"]
        raise Invalid(
            f"图有 {len(errors)} 处错误,改好后再发布",
            f"The diagram has {len(errors)} errors: mend them, then publish",
            findings=errors,
        )
    told = [asdict(found) for found in findings]
    return keep_version(session, bundle, told, by=by, now=now, reason=reason)


def keep_version(
    session: Session,
    bundle: wall.Bundle,
    findings: list[dict[str, Any]],
    *,
    by: str,
    now: datetime,
    reason: str = "",
    is_current: bool = True,
) -> Version:
    """Keep a bundle that was checked, and let new runs use it; those alone that name it where it is
    not to be current."""
    blueprint = wall.read_blueprint(bundle)
    diagram = _diagram(session, blueprint)
    digest = wall.content_hash(bundle)
    same = _same(session, diagram, digest)
    if same:
        diagram.current_version_id = same.id if is_current else diagram.current_version_id
        return same
    version = Version(
        diagram_id=diagram.id,
        number=_last_number(session, diagram) + 1,
        content_hash=digest,
        bundle=pack(bundle),
        lanes=lanes_of(session, blueprint),
        findings=findings,
        published_at=now,
        published_by=by,
        reason=reason,
    )
    session.add(version)
    session.flush()
    diagram.current_version_id = version.id if is_current else diagram.current_version_id
    history.record(
        session,
        "published",
        subject=f"diagram:{diagram.key}",
        by=by,
        at=now,
        version=version.number,
        content_hash=digest,
        reason=reason,
    )
    return version


def current(session: Session, key: str) -> Loaded:
    """The version that a new run of this diagram uses."""
    version = select(Version.id, Version.content_hash).join(
        Diagram, col(Diagram.current_version_id) == col(Version.id)
    )
    found = session.exec(version.where(Diagram.key == key)).first()
    if found is None:
        raise _unknown(key)
    return load(session, *found)


def current_version(session: Session, key: str) -> Version:
    found = session.exec(
        select(Version)
        .join(Diagram, col(Diagram.current_version_id) == col(Version.id))
        .where(Diagram.key == key)
    ).first()
    if found is None:
        raise _unknown(key)
    return found


def find_version(session: Session, key: str, number: int) -> Version:
    found = session.exec(
        select(Version)
        .join(Diagram, col(Diagram.id) == col(Version.diagram_id))
        .where(Diagram.key == key, Version.number == number)
    ).first()
    if found is None:
        raise NotFound(f"“{key}”没有第 {number} 版", f"“{key}” has no version {number}")
    return found


def roll_back(
    session: Session, key: str, number: int, *, reason: str, by: str, now: datetime
) -> Version:
    """Let new runs use an earlier version again, if the gate still lets it pass."""
    if not reason.strip():
        raise wrong("reason", "请写明为什么要回退", "Say why it goes back")
    bundle = unpack(find_version(session, key, number).bundle)
    version = publish(session, bundle, by=by, now=now)
    told = {"version": version.number, "reason": reason}
    history.record(session, "rolled back", subject=f"diagram:{key}", by=by, at=now, **told)
    return version


def file_of(bundle: wall.Bundle, key: str) -> str:
    """The file of the bundle that has the diagram with this key."""
    named = re.compile(rb'<(?:\w+:)?process\b[^>]*?\bid="%s"' % re.escape(key.encode()))
    for name, text in bundle.items():
        if name.endswith(".bpmn") and named.search(text):
            return name
    raise wrong(
        "diagram",
        f"文件里没有流程“{key}”:流程标识不能改",
        f"There is no process “{key}” in it: its id has to stay",
    )


def load(session: Session, version_id: int, content_hash: str) -> Loaded:
    """A version, parsed once in each process."""
    place = (version_id, content_hash)
    if place not in _LOADED:
        if len(_LOADED) >= MOST_LOADED:
            _LOADED.pop(next(iter(_LOADED)))
        _LOADED[place] = _read(session.get_one(Version, version_id))
    return _LOADED[place]


def known(session: Session) -> Known:
    """What a diagram may refer to, as of now."""
    groups = session.exec(select(Group)).all()
    return Known(
        services=frozenset(SERVICES),
        groups={group.key: (group.name, group.name_en) for group in groups},
        roles=ROLES.keys(),
        diagrams=frozenset(session.exec(select(Diagram.key))),
        calendars=clocks.calendars(session).keys(),
        clocks=clocks.definitions(session).keys(),
        **recipients.names(recipients.content(session)),
    )


def shipped(folder: Path = SHIPPED) -> list[dict[str, bytes]]:
    """A bundle for each diagram that comes with Baton."""
    return [gather(path).files for path in sorted((folder / "diagrams").glob("*.bpmn"))]


def is_newer(session: Session, bundle: wall.Bundle) -> bool:
    """Of a bundle that comes with Baton: nobody has it, or only an older one that came so."""
    key = wall.read_blueprint(bundle).process_id
    now = select(Version.published_by, Version.content_hash).join(
        Diagram, col(Diagram.current_version_id) == col(Version.id)
    )
    found = session.exec(now.where(Diagram.key == key)).first()
    if found is None:
        return True
    by, digest = found
    return by == BY_BATON and digest != wall.content_hash(bundle)


def pack(bundle: wall.Bundle) -> bytes:
    texts = {name: content.decode() for name, content in bundle.items()}
    return orjson.dumps(texts, option=orjson.OPT_SORT_KEYS)


def unpack(packed: bytes) -> dict[str, bytes]:
    return {name: text.encode() for name, text in orjson.loads(packed).items()}


def _read(version: Version) -> Loaded:
    blueprint = wall.read_blueprint(unpack(version.bundle))
    return Loaded(
        version_id=version.id,
        number=version.number,
        content_hash=version.content_hash,
        blueprint=blueprint,
        lanes=version.lanes,
        forms=forms.readers(blueprint.forms),
    )


def _unknown(key: str) -> NotFound:
    return NotFound(f"没有发布过“{key}”这张图", f"No diagram “{key}” has been published")


def _diagram(session: Session, blueprint: wall.Blueprint) -> Diagram:
    key = blueprint.process_id
    diagram = session.exec(select(Diagram).where(Diagram.key == key)).first()
    if diagram is None:
        diagram = Diagram(key=key, name=blueprint.name)
        session.add(diagram)
        session.flush()
    diagram.name = blueprint.name
    return diagram


def _same(session: Session, diagram: Diagram, digest: str) -> Version | None:
    same = select(Version).where(Version.diagram_id == diagram.id, Version.content_hash == digest)
    return session.exec(same).first()


def _last_number(session: Session, diagram: Diagram) -> int:
    last = select(func.max(Version.number)).where(Version.diagram_id == diagram.id)
    return session.exec(last).one() or 0


def lanes_of(session: Session, blueprint: wall.Blueprint) -> dict[str, str]:
    """The group that each lane names: by its key, its Chinese or its English name, or both."""
    groups = {}
    for group in session.exec(select(Group)):
        for name in (group.key, group.name, group.name_en, f"{group.name} / {group.name_en}"):
            groups[name] = group.key
    lanes = {node.lane for node in blueprint.nodes.values() if node.lane}
    return {lane: groups[lane] for lane in sorted(lanes) if lane in groups}
