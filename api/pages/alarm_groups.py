"""The storm as roots, not lines (告警组): what has failed, whom it hits, which ticket has it."""

from typing import Annotated, Any

from fastapi import Query
from sqlmodel import col, select
from starlette.responses import Response

from api.deps import Id, Turn, allow
from api.pages.pages import make_pages, show
from api.paging import Asked, page
from records import Alarm, AlarmGroup, Ticket

router = make_pages()
SORTS = {
    "raised_at": (col(AlarmGroup.raised_at), col(AlarmGroup.id)),
    "circuits": (col(AlarmGroup.circuits), col(AlarmGroup.id)),
}
MOST = 200  # alarms that are listed of one group


class Wanted(Asked):
    """What the address says."""

    over: bool = False
    limit: int = 30


@router.get("/alarm-groups")
def list_groups(asked: Annotated[Wanted, Query()], turn: Turn = allow("alarms:read")) -> Response:
    """Open ones that hit most circuits on top; those that are over, the newest first."""
    rows = select(AlarmGroup, Ticket).outerjoin(Ticket, col(Ticket.id) == col(AlarmGroup.ticket_id))
    over = col(AlarmGroup.over_at)
    rows = rows.where(col(AlarmGroup.taken_over_by).is_(None))
    rows = rows.where(over.is_not(None) if asked.over else over.is_(None))
    default = "-raised_at" if asked.over else "-circuits"
    found = page(turn.session, rows, asked, sorts=SORTS, default=default, show=_as_row)
    facts = {"groups": found.items, "next": found.next, "asked": asked}
    return show(turn, "alarm_groups/list.html", **facts)


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
    )


def _as_row(group: AlarmGroup, ticket: Ticket | None) -> dict[str, Any]:
    return {"group": group, "ticket": ticket}
