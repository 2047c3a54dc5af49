"""The storm as roots, not lines (告警组): what has failed, whom it hits, which ticket has it."""

from typing import Annotated, Any

from fastapi import Query
from sqlmodel import case, col, func, select
from starlette.responses import Response

from api.deps import Id, Turn, allow
from api.pages import live
from api.pages.pages import again_by, first, go, make_pages, show, typed
from api.paging import Asked, page
from records import AffectedCircuit, Alarm, AlarmGroup, Customer, Notice, Ticket
from records.customers import GRADES
from tasks.network import bulk_states
from tasks.refusals import NotAllowed

router = make_pages()
SORTS = {
    "raised_at": (col(AlarmGroup.raised_at), col(AlarmGroup.id)),
    "circuits": (col(AlarmGroup.circuits), col(AlarmGroup.id)),
}
MOST = 200  # alarms that are listed of one group
FEW = 50  # customers, notices, children


class Wanted(Asked):
    """What the address says."""

    over: bool = False
    limit: int = 30


@router.get("/alarm-groups")
def list_groups(asked: Annotated[Wanted, Query()], turn: Turn = allow("alarms:read")) -> Response:
    """Open ones that hit most circuits on top; those that are over, the newest first."""
    return show(turn, "alarm_groups/list.html", **_table(turn, asked))


@router.get("/alarm-groups/live")
def show_if_new(asked: Annotated[Wanted, Query()], turn: Turn = allow("alarms:read")) -> Response:
    """The rows alone, where they are other than those that the page has already."""
    table = _table(turn, asked)
    if table["mark"] == turn.request.headers.get(live.HEADER):
        return live.same()
    return live.changed(show(turn, "alarm_groups/_table.html", **table), table["mark"])


def _table(turn: Turn, asked: Wanted) -> dict[str, Any]:
    rows = select(AlarmGroup, Ticket).outerjoin(Ticket, col(Ticket.id) == col(AlarmGroup.ticket_id))
    over = col(AlarmGroup.over_at)
    rows = rows.where(col(AlarmGroup.taken_over_by).is_(None))
    rows = rows.where(over.is_not(None) if asked.over else over.is_(None))
    default = "-raised_at" if asked.over else "-circuits"
    found = page(turn.session, rows, asked, sorts=SORTS, default=default, show=_as_row)
    told = _told(turn, [row["ticket"].id for row in found.items if row["ticket"]])
    facts = {"groups": found.items, "next": found.next, "asked": asked, "told_of": told}
    seen = [
        (row["group"].model_dump(), row["ticket"] and row["ticket"].state) for row in found.items
    ]
    return facts | {"mark": live.mark([told, seen])}


@router.get("/alarm-groups/{id}")
def show_group(id: Id, turn: Turn = allow("alarms:read")) -> Response:
    group = turn.find(AlarmGroup, id)
    mine = select(Alarm).where(Alarm.group_id == id).order_by(col(Alarm.raised_at), col(Alarm.id))
    return show(
        turn,
        "alarm_groups/show.html",
        group=group,
        ticket=turn.session.get(Ticket, group.ticket_id) if group.ticket_id else None,
        alarms=list(turn.session.exec(mine.limit(MOST))),
        hit=_hit(turn, group),
        notices=_notices(turn, group.ticket_id),
        children=_children(turn, group.ticket_id),
    )


@router.post("/alarm-groups/{id}/acknowledgement")
@again_by(show_group)
def acknowledge(id: Id, turn: Turn = allow("alarms:handle", raw=True)) -> Response:
    """All of its alarms that stand: somebody looks after them."""
    turn.find(AlarmGroup, id)
    rows = select(Alarm.id).where(Alarm.group_id == id, col(Alarm.cleared_at).is_(None))
    rows = rows.where(col(Alarm.acknowledged_at).is_(None)).order_by(col(Alarm.id))
    ids = list(turn.session.exec(rows.limit(bulk_states.MOST)))
    if not ids:
        raise NotAllowed("没有待确认的告警,请刷新", "No alarm waits for that: reload to see")
    told: dict[str, Any] = {"note": first(typed(turn), "note"), "by": turn.person}
    bulk_states.change_all(turn.session, ids, "acknowledge", **told, now=turn.now)
    return go(f"/alarm-groups/{id}")


def _hit(turn: Turn, group: AlarmGroup) -> list[Any]:
    """Whom it hits: customers with how many circuits, the best grades first."""
    circuits = func.count(col(AffectedCircuit.id))
    rows = select(Customer, circuits).join(
        AffectedCircuit, col(AffectedCircuit.customer_id) == col(Customer.id)
    )
    mine = rows.where(AffectedCircuit.group_id == group.id).group_by(*Customer.__table__.columns)  # type: ignore[attr-defined]
    best = case({grade: place for place, grade in enumerate(GRADES)}, value=col(Customer.grade))
    return list(
        turn.session.exec(mine.order_by(best, circuits.desc(), col(Customer.id)).limit(FEW))
    )


def _told(turn: Turn, tickets: list[int]) -> dict[int, int]:
    """How many notices have gone out about each of these tickets."""
    subjects = {f"ticket:{id}": id for id in tickets}
    rows = select(Notice.subject, func.count()).where(
        col(Notice.subject).in_(subjects), col(Notice.sent_at).is_not(None)
    )
    found = turn.session.exec(rows.group_by(col(Notice.subject)))
    return {subjects[subject]: count for subject, count in found}


def _notices(turn: Turn, ticket: int | None) -> list[Notice]:
    """Who was told of it, the newest first."""
    rows = select(Notice).where(Notice.subject == f"ticket:{ticket}")
    return list(turn.session.exec(rows.order_by(col(Notice.id).desc()).limit(FEW)))


def _children(turn: Turn, ticket: int | None) -> list[Ticket]:
    """Those of its customers that have a ticket of their own."""
    rows = select(Ticket).where(col(Ticket.parent_id) == ticket, ticket is not None)
    return list(turn.session.exec(rows.order_by(col(Ticket.id)).limit(FEW)))


def _as_row(group: AlarmGroup, ticket: Ticket | None) -> dict[str, Any]:
    return {"group": group, "ticket": ticket}
