"""Where inventory and the world differ (资源差异): raised once for each thing, then settled by two.

Raised by whoever meets one: alarms of unknown objects, an engineer on site, an inspection. What
inventory should say is proposed by one person and confirmed by another.

    open ──propose──▶ proposed ──settle, by another──▶ settled
     │  ▲                │
     │  └─ found anew ───┤
     └──────refuse───────┴──▶ refused
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from records import Discrepancy, Person, history
from records.discrepancies import IS_OPEN
from tasks.access.people import require
from tasks.faults.tickets import require_reason
from tasks.refusals import Forbidden, NotAllowed, NotFound, wrong

KINDS = {  # what there is, in Chinese and English
    "unknown_object": ("对象不在资源中", "an object that inventory does not know"),
    "wrong_value": ("记录与实际不符", "a value that is not as recorded"),
    "missing": ("资源中有、现场没有", "recorded, and not there"),
    "surplus": ("现场有、资源中没有", "there, and not recorded"),
}
STATES = {
    "open": ("待核实", "open"),
    "proposed": ("待确认", "waiting for a second person"),
    "settled": ("已更正", "settled"),
    "refused": ("不成立", "refused"),
}
LONGEST = 200  # characters of an object and of a field
LONGEST_VALUE = 2_000


def raise_one(
    session: Session,
    *,
    kind: str,
    object: str,
    source: str,
    by: str,
    now: datetime,
    field: str = "",
    recorded: str = "",
    found: str = "",
    note: str = "",
    facts: Mapping[str, Any] | None = None,
    customer_id: int | None = None,
) -> Discrepancy:
    """The open one of this kind, object and field, met once more; or a new one.

    `source` is the subject of what met it ("alarm source:omc-1", "ticket:7"), `by` a login. What is
    too long is cut: a machine cannot be asked again. If it is found otherwise than before, what was
    proposed no longer counts.
    """
    _require_kind(kind)
    told = {
        "kind": kind,
        "object": _clean(object, LONGEST),
        "field": _clean(field, LONGEST),
        "recorded": _clean(recorded, LONGEST_VALUE),
        "found": _clean(found, LONGEST_VALUE),
        "note": _clean(note, LONGEST_VALUE),
        "source": source,
        "facts": dict(facts or {}),
        "customer_id": customer_id,
    }
    open_key = f"{kind}|{told['object']}|{told['field']}"
    met = _find_open(session, open_key)
    if met is None and (new := _add(session, open_key, told, by, now)):
        return new
    met = met or _find_open(session, open_key)  # which another one added a moment ago
    assert met is not None
    _meet_again(session, met, told, by, now)
    return met


def find(session: Session, id: int) -> Discrepancy:
    """Locked until the commit: of two who settle it, the second finds it settled."""
    rows = select(Discrepancy).where(Discrepancy.id == id).with_for_update()
    row = session.exec(rows.execution_options(populate_existing=True)).first()
    if row is None:
        raise NotFound(f"没有编号为 {id} 的资源差异", f"There is no discrepancy {id}")
    return row


def propose(
    session: Session, row: Discrepancy, proposal: str, *, by: Person, now: datetime
) -> None:
    """What inventory should say. Whoever proposes last is not the one to settle it."""
    require(by, "discrepancies:propose")
    _require_open(row)
    if not 0 < len(proposal.strip()) <= LONGEST_VALUE:
        zh, en = f"请用 1 到 {LONGEST_VALUE} 个字写明", f"Say it in 1 to {LONGEST_VALUE} characters"
        raise wrong("proposal", zh, en)
    row.state, row.proposal, row.proposed_by = "proposed", proposal.strip(), by.login
    _record(session, row, "proposed", by.login, now, proposal=row.proposal)


def settle(session: Session, row: Discrepancy, *, by: Person, now: datetime) -> None:
    """Another person confirms what was proposed: inventory says so from now on."""
    require(by, "discrepancies:settle")
    _require_open(row)
    if row.state != "proposed":
        raise NotAllowed(
            "还没有人提出应如何更正,请先提出",
            "Nobody has proposed what is right: do that first",
        )
    if row.proposed_by == by.login:
        raise Forbidden(
            "更正是您自己提出的,请另一位同事确认",
            "You proposed this yourself: another person confirms it",
        )
    _close(row, "settled", by, now)
    _record(
        session, row, "settled", by.login, now, proposal=row.proposal, proposed_by=row.proposed_by
    )


def refuse(session: Session, row: Discrepancy, reason: str, *, by: Person, now: datetime) -> None:
    """The records are right, or it is nothing to record. Met again, it is a new one."""
    require(by, "discrepancies:settle")
    _require_open(row)
    require_reason(reason)
    _close(row, "refused", by, now)
    _record(session, row, "refused", by.login, now, reason=reason)


def _meet_again(
    session: Session, row: Discrepancy, told: Mapping[str, Any], by: str, now: datetime
) -> None:
    """Only what is new goes into history: an alarm that repeats would fill it."""
    row.tally += 1
    row.last_at = max(row.last_at, now)
    row.customer_id = row.customer_id or told["customer_id"]
    row.facts = {**row.facts, **told["facts"]}
    if told["found"] in ("", row.found):
        return
    _record(session, row, "found otherwise", by, now, was=row.found, found=told["found"])
    row.found, row.state, row.proposal, row.proposed_by = told["found"], "open", "", ""


def _find_open(session: Session, open_key: str) -> Discrepancy | None:
    mine = select(Discrepancy).where(
        Discrepancy.open_key == open_key, col(Discrepancy.settled_at).is_(None)
    )
    return session.exec(mine.with_for_update().execution_options(populate_existing=True)).first()


def _add(
    session: Session, open_key: str, told: Mapping[str, Any], by: str, now: datetime
) -> Discrepancy | None:
    """None where another session was faster."""
    row = {**told, "open_key": open_key, "raised_by": by, "raised_at": now, "last_at": now}
    new = _NEW[session.get_bind().dialect.name].values(row | {"tally": 1, "state": "open"})
    id = session.execute(new.returning(Discrepancy.id)).scalar()
    if id is None:
        return None
    found = session.get_one(Discrepancy, id)
    shown = {name: told[name] for name in ("kind", "object", "field", "recorded", "found")}
    _record(session, found, "raised", by, now, source=told["source"], **shown)
    return found


def _close(row: Discrepancy, state: str, by: Person, now: datetime) -> None:
    row.state, row.settled_by, row.settled_at = state, by.login, now


def _require_open(row: Discrepancy) -> None:
    if row.settled_at:
        zh, en = STATES[row.state]
        raise NotAllowed(
            f"资源差异 {row.id} 已由 {row.settled_by} 办结({zh})",
            f"Discrepancy {row.id} is {en} already, by {row.settled_by}",
        )


def _require_kind(kind: str) -> None:
    if kind not in KINDS:
        known = ", ".join(KINDS)
        raise wrong("kind", f"种类应为 {known} 之一", f"The kind is one of {known}")


def _clean(told: str, most: int) -> str:
    return told.replace("\0", "").strip()[:most]


def _record(
    session: Session, row: Discrepancy, verb: str, by: str, now: datetime, **told: Any
) -> None:
    subject = f"discrepancy:{row.id}"
    history.record(session, verb, subject=subject, by=by, at=now, also=told)


_NEW = {
    name: dialect.insert(Discrepancy).on_conflict_do_nothing(
        index_elements=["open_key"], index_where=text(IS_OPEN)
    )
    for name, dialect in (("postgresql", postgresql), ("sqlite", sqlite))
}
