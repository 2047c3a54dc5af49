"""The worklist: what may be asked of it, and the rows that answer. Asked by its page and by JSON.

Each of the lists that it is made of has an index of its own, so that a page costs the same however
many orders wait: `make bench`, row "worklist".
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import Query
from pydantic import Field, ValidationError, model_validator
from sqlmodel import col, or_, select

from api.deps import Turn, allow, make_router
from api.paging import Asked, Page, narrow, page
from api.work_orders import OrderShown, show_order
from records import Circuit, Device, SavedView, Site, Ticket, WorkOrder
from tasks import sheet_search
from tasks.access.groups import groups_of

router = make_router("worklist")
SORTS = {"due_at": (col(WorkOrder.due_at), col(WorkOrder.id))}
MINE, ALL, NOBODY, ME = "mine", "all", "-", "me"
COLUMNS = (  # all that may be shown; of `show`
    *("step", "about", "customer", "grade", "queue", "holder"),
    *("state", "stage", "city", "opened", "left"),
)
USUAL = ("step", "about", "grade", "queue", "holder", "state", "left")
FILTERS = {
    "grade": col(Ticket.grade),
    "level": col(Ticket.level),
    "state": col(WorkOrder.state),
    "stage": col(WorkOrder.stage),
}
DUE: Mapping[str, timedelta] = {
    "late": timedelta(),
    "30m": timedelta(minutes=30),
    "1h": timedelta(hours=1),
    "4h": timedelta(hours=4),
    "24h": timedelta(hours=24),
}


class Wanted(Asked):
    """What an address of the list may say: which queue, which of it, which columns."""

    queue: str = Field(MINE, max_length=100, description="mine, all, or a group's key")
    q: str | None = Field(None, max_length=200, description="Anything on the sheet")
    grade: str | None = Field(None, max_length=20)
    level: str | None = Field(None, max_length=20)
    state: str | None = Field(None, max_length=40)
    stage: str | None = Field(None, max_length=100)
    holder: str | None = Field(None, max_length=100, description="A login; me; - for nobody")
    city: str | None = Field(None, max_length=100)
    site: str | None = Field(None, max_length=100, description="Code or name of a site")
    due: Literal["late", "30m", "1h", "4h", "24h"] | None = Field(None, description="Within")
    show: list[str] = Field([], max_length=len(COLUMNS), description="Columns")
    view: int | None = Field(None, description="The saved view that this began as")
    batch: int | None = Field(None, description="What was done a moment ago, told on top")
    limit: int = Field(30, ge=1, le=200)

    @model_validator(mode="before")
    @classmethod
    def leave_out_blanks(cls, given: Any) -> Any:
        """A form sends its empty fields too."""
        if not isinstance(given, Mapping):
            return given
        return {name: value for name, value in given.items() if value not in ("", [""], [])}

    def address(self) -> dict[str, Any]:
        """What an address has to say to show the same."""
        return self.model_dump(exclude_defaults=True, exclude={"batch", "cursor"})

    def query(self, **more: Any) -> str:
        return urlencode(self.address() | more, doseq=True)

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(name for name in COLUMNS if name in self.show) or USUAL

    @property
    def is_narrowed(self) -> bool:
        return bool(self.address().keys() - {"queue", "show", "view", "limit", "sort"})


class RowShown(OrderShown):
    due_at: datetime
    ticket: str = Field("", description="Its number")
    ticket_title: str = ""
    grade: str = ""
    level: str = ""


@router.get("")
def index(
    asked: Annotated[Wanted, Query()], turn: Turn = allow("work-orders:read")
) -> Page[RowShown]:
    """As the page shows it: what runs out first on top."""
    found = read(turn, asked)
    return Page(items=[_show(**row) for row in found.items], next=found.next)


def of_view(view: SavedView) -> Wanted:
    """What it asks for; what is no longer known of it is left out."""
    try:
        return Wanted.model_validate({**view.asked, "view": view.id})
    except ValidationError:
        return Wanted(view=view.id)


def read(turn: Turn, asked: Wanted) -> Page[Any]:
    """Open orders, each with its ticket, whose clock runs out first on top."""
    lists = [_narrow(turn, rows, asked) for rows in _lists(turn, asked)]
    return page(turn.session, lists, asked, sorts=SORTS, default="due_at", show=_as_row)


def waiting(turn: Turn, asked: Wanted) -> list[Any]:
    """Conditions, one for each list: together the queue that is asked for, no order in two."""
    holder, group = col(WorkOrder.holder), col(WorkOrder.group_key)
    if asked.queue == MINE:
        keys = [each.key for each in groups_of(turn.session, turn.person)]
        return [holder == turn.person.login, *(holder.is_(None) & (group == key) for key in keys)]
    return [None if asked.queue == ALL else group == asked.queue]


def _lists(turn: Turn, asked: Wanted) -> list[Any]:
    rows = select(WorkOrder, Ticket).outerjoin(Ticket, col(Ticket.id) == col(WorkOrder.ticket_id))
    rows = rows.where(col(WorkOrder.finished_at).is_(None))
    if asked.q:  # few: no index is wanted
        found = sheet_search.find(turn.session, asked.q)
        ids = sheet_search.open_orders(turn.session, found)
        rows = rows.where(col(WorkOrder.id).in_(ids))
    conditions = waiting(turn, asked)
    return [rows if each is None else rows.where(each) for each in conditions]


def _narrow(turn: Turn, rows: Any, asked: Wanted) -> Any:
    rows = narrow(rows, asked, FILTERS)
    if asked.holder:
        login = turn.person.login if asked.holder == ME else asked.holder
        holder = col(WorkOrder.holder)
        rows = rows.where(holder.is_(None) if asked.holder == NOBODY else holder == login)
    if asked.due:
        rows = rows.where(WorkOrder.due_at <= turn.now + DUE[asked.due])
    if asked.city:
        rows = rows.where(_is_at(col(Site.city) == asked.city))
    if asked.site:
        is_called = (col(Site.code) == asked.site.upper(), col(Site.name) == asked.site)
        rows = rows.where(_is_at(or_(*is_called)))
    return rows


def _is_at(there: Any) -> Any:
    """The ticket's device is, or else an end of its circuit."""
    sites = select(Site.id).where(there)
    devices = select(Device.id).where(col(Device.site_id).in_(sites))
    ends = or_(col(Circuit.a_site_id).in_(sites), col(Circuit.z_site_id).in_(sites))
    return or_(
        col(Ticket.device_id).in_(devices),
        col(Ticket.circuit_id).in_(select(Circuit.id).where(ends)),
    )


def _as_row(order: WorkOrder, ticket: Ticket | None) -> dict[str, Any]:
    return {"order": order, "ticket": ticket}


def _show(order: WorkOrder, ticket: Ticket | None) -> RowShown:
    told = show_order(order).model_dump() | {"due_at": order.due_at}
    if ticket:
        told |= {"ticket": ticket.number, "ticket_title": ticket.title}
        told |= {"grade": ticket.grade, "level": ticket.level}
    return RowShown(**told)
