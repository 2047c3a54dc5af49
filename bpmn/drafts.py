"""Drafts of diagrams (草稿): begun from a version, changed, offered, looked at by a second person.

One draft of a diagram is open at a time, and whoever saved it last holds it for a while. Called by
the doors. What becomes a version passes the gate again: library.publish.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from bpmn import library, wall
from bpmn.checks import Finding, check, is_publishable
from records import Diagram, Draft, Person, Version, history
from tasks.refusals import Conflict, Forbidden, Invalid, NotAllowed, NotFound, wrong

HELD = timedelta(minutes=15)  # from the last save on
OPEN = ("editing", "offered")


def begin(session: Session, key: str, *, by: str, now: datetime) -> Draft:
    """A draft of what new runs use now."""
    version = library.current_version(session, key)
    return _keep(session, key, version.number, version.bundle, by, now)


def begin_new(session: Session, bundle: wall.Bundle, *, by: str, now: datetime) -> Draft:
    """Of files that somebody brings: a diagram that is new, or another state of one that is not."""
    try:
        key = wall.read_blueprint(bundle).process_id
    except wall.BadDiagram as problem:
        raise Invalid(problem.zh, problem.en) from problem
    diagram = session.exec(select(Diagram).where(Diagram.key == key)).first()
    base = library.current_version(session, key).number if diagram else 0
    return _keep(session, key, base, library.pack(bundle), by, now)


def save(
    session: Session,
    draft: Draft,
    files: Mapping[str, bytes],
    *,
    revision: int,
    by: str,
    now: datetime,
) -> None:
    """Put these files into it. `revision`: the one that they were made from."""
    _require(draft, "editing")
    _require_held(draft, by, now)
    if draft.revision != revision:
        raise Conflict(
            f"{draft.changed_by} 已保存过这份草稿,请重新打开后再改",
            f"{draft.changed_by} has saved this draft meanwhile: open it again, then change it",
            first=draft.changed_by,
        )
    bundle = {**library.unpack(draft.bundle), **files}
    library.file_of(bundle, draft.diagram_key)
    draft.bundle = library.pack(bundle)
    draft.revision, draft.changed_by, draft.changed_at = revision + 1, by, now
    draft.held_until = now + HELD
    session.flush()


def look(session: Session, draft: Draft, files: Mapping[str, bytes] | None = None) -> list[Finding]:
    """What the gate says of it, or of it with these files in place of its own."""
    bundle = {**library.unpack(draft.bundle), **(files or {})}
    return check(bundle, library.known(session))


def offer(session: Session, draft: Draft, *, reason: str, by: str, now: datetime) -> None:
    """提交评审: only what the gate lets pass, and with the reason for the change."""
    _require(draft, "editing")
    _require_held(draft, by, now)
    if not reason.strip():
        raise wrong("reason", "请写明为什么要改", "Say why it should change")
    if not is_publishable(look(session, draft)):
        raise NotAllowed(
            "草稿里还有错误,改好后再提交评审",
            "The draft has errors: mend them, then offer it",
        )
    draft.state, draft.reason, draft.offered_by = "offered", reason, by
    _record(session, "draft offered", draft, by, now, reason=reason)


def accept(session: Session, draft: Draft, *, words: str, by: Person, now: datetime) -> Version:
    """评审通过并发布, by somebody who neither wrote nor offered it."""
    _require(draft, "offered")
    if by.login in (draft.changed_by, draft.offered_by):
        raise Forbidden(
            "自己的草稿请另一位流程负责人评审",
            "Have another process owner look at your own draft",
        )
    _require_base(session, draft)
    told: dict[str, Any] = {
        "reason": f"{draft.reason} ({draft.offered_by})",
        "by": by.login,
        "now": now,
    }
    version = library.publish(session, library.unpack(draft.bundle), **told)
    draft.version_number = version.number
    _settle(session, "draft accepted", draft, "published", words, by.login, now)
    return version


def send_back(session: Session, draft: Draft, *, words: str, by: str, now: datetime) -> None:
    """退回修改."""
    _require(draft, "offered")
    if not words.strip():
        raise wrong("words", "请写明要改什么", "Say what should change")
    draft.state, draft.words = "editing", words
    _record(session, "draft sent back", draft, by, now, reason=words)


def drop(session: Session, draft: Draft, *, by: str, now: datetime) -> None:
    """放弃: it stays to be read, and another one may begin."""
    if draft.state not in OPEN:
        _require(draft, "editing")
    _require_held(draft, by, now)
    _settle(session, "draft dropped", draft, "dropped", "", by, now)


def find_open(session: Session, key: str) -> Draft | None:
    mine = select(Draft).where(Draft.diagram_key == key, col(Draft.state).in_(OPEN))
    return session.exec(mine).first()


def main_file(draft: Draft) -> str:
    """The name of the file that has the diagram itself, not one that it calls."""
    return library.file_of(library.unpack(draft.bundle), draft.diagram_key)


def _keep(session: Session, key: str, base: int, bundle: bytes, by: str, now: datetime) -> Draft:
    other = find_open(session, key)
    if other:
        raise Conflict(
            f"{other.changed_by} 正在改这张图(草稿 {other.id}),请与其商量或等其完成",
            f"{other.changed_by} is changing this diagram (draft {other.id}):"
            " talk to them, or wait until they are done",
            first=other.changed_by,
        )
    told: dict[str, Any] = {"begun_by": by, "begun_at": now, "changed_by": by, "changed_at": now}
    draft = Draft(diagram_key=key, base_number=base, bundle=bundle, held_until=now + HELD, **told)
    session.add(draft)
    session.flush()
    _record(session, "draft begun", draft, by, now, base=base)
    return draft


def _settle(
    session: Session, verb: str, draft: Draft, state: str, words: str, by: str, now: datetime
) -> None:
    draft.state, draft.words, draft.settled_by, draft.settled_at = state, words, by, now
    _record(session, verb, draft, by, now, reason=words)


def _require(draft: Draft, state: str) -> None:
    if draft.state != state:
        raise NotAllowed(
            f"草稿 {draft.id} 现在不能这样做,请刷新后再看",
            f"Draft {draft.id} is {draft.state}: this cannot be done now, reload to see",
            state=draft.state,
            first=draft.settled_by or draft.changed_by,
        )


def _require_held(draft: Draft, by: str, now: datetime) -> None:
    if by != draft.changed_by and now < draft.held_until:
        raise Conflict(
            f"{draft.changed_by} 正在改,{HELD.seconds // 60} 分钟不保存才会放开",
            f"{draft.changed_by} is at work on it; it is free"
            f" {HELD.seconds // 60} minutes after their last save",
            first=draft.changed_by,
        )


def _require_base(session: Session, draft: Draft) -> None:
    """What was published meanwhile must not be lost unseen."""
    try:
        now = library.current_version(session, draft.diagram_key).number
    except NotFound:
        now = 0
    if now != draft.base_number:
        raise Conflict(
            f"草稿基于第 {draft.base_number} 版,现在已是第 {now} 版:请退回,比较后重新改",
            f"It began from version {draft.base_number}, and {now} counts by now:"
            " send it back, compare, and change it again",
        )


def _record(session: Session, verb: str, draft: Draft, by: str, now: datetime, **told: Any) -> None:
    subject = f"diagram:{draft.diagram_key}"
    history.record(session, verb, subject=subject, by=by, at=now, draft=draft.id, **told)
