"""The worklist, where dispatchers and engineers spend the day: queues, filters, columns, views.

What may be asked of it, and how it is read: api/worklist.py. One order: work_orders.py.
"""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Query
from sqlmodel import col, func, select
from starlette.responses import Response

from api import worklist
from api.deps import Turn, allow
from api.pages import batch_sheets, live
from api.pages.pages import go, make_pages, show
from api.worklist import COLUMNS, DUE, Wanted
from records import Circuit, Customer, Device, Group, Site, Ticket, WorkOrder
from records.customers import GRADES
from tasks import saved_views
from tasks.access.groups import groups_of, name_groups
from tasks.sla.clocks import reasons_of
from tasks.timelines.stages import STAGES, name_stage
from tasks.work_orders import OPEN

router = make_pages()
MOST = 1_000  # a queue is counted so far: what matters is that it is long
LEVELS = ("F1", "F2", "F3", "F4")


@router.get("/work-orders")
def list_orders(
    asked: Annotated[Wanted, Query()], turn: Turn = allow("work-orders:read")
) -> Response:
    """Open ones, whose clock runs out first on top. Asked for nothing: what one begins with."""
    if not turn.request.query_params and (view := saved_views.first_of(turn.session, turn.person)):
        return go(f"/work-orders?{worklist.of_view(view).query()}")
    return show(
        turn,
        "work_orders/list.html",
        **_table(turn, asked),
        batch=batch_sheets.read(turn, asked.batch),
        reasons=reasons_of(turn.session),
        views=_views(turn),
        choices=_choices(),
    )


@router.get("/work-orders/live")
def show_if_new(
    asked: Annotated[Wanted, Query()], turn: Turn = allow("work-orders:read")
) -> Response:
    """The rows alone, where they are other than those that the page has already."""
    table = _table(turn, asked)
    if table["mark"] == turn.request.headers.get(live.HEADER):
        return live.same()
    return live.changed(show(turn, "work_orders/_table.html", **table), table["mark"])


def _table(turn: Turn, asked: Wanted) -> dict[str, Any]:
    """What the part of the page shows that refreshes itself."""
    found = worklist.read(turn, asked)
    queues = _queues(turn, groups_of(turn.session, turn.person))
    return {
        "orders": found.items,
        "next": found.next,
        "asked": asked,
        "address": asked.query(),
        "known": _facts(turn, asked, found.items),
        "queues": queues,
        "groups": name_groups(turn.session),
        "stage_of": name_stage,
        "mark": live.mark([queues, *map(_signs, found.items)]),
    }


def _signs(row: dict[str, Any]) -> Any:
    """What another row would differ in. A clock moves what is due without a new revision."""
    order, ticket = row["order"], row["ticket"]
    return order.id, order.revision, order.due_at, ticket and ticket.revision


def _queues(turn: Turn, groups: list[Group]) -> list[dict[str, Any]]:
    """The tabs: one for each group of the viewer, with how many wait there."""
    return [
        {"key": group.key, "names": (group.name, group.name_en), "count": _count(turn, group.key)}
        for group in groups
    ]


def _count(turn: Turn, group: str) -> int:
    waiting = select(WorkOrder.id).where(
        WorkOrder.group_key == group, col(WorkOrder.finished_at).is_(None)
    )
    some = waiting.limit(MOST).subquery()
    return turn.session.exec(select(func.count()).select_from(some)).one()


def _views(turn: Turn) -> list[dict[str, Any]]:
    """What may be chosen with one press, each with its address."""
    first = saved_views.first_of(turn.session, turn.person)
    return [
        {
            "row": view,
            "query": worklist.of_view(view).query(),
            "is_own": view.owner == turn.person.login,
            "is_first": first is not None and first.id == view.id,
            "groups": saved_views.shares_of(turn.session, view),
        }
        for view in saved_views.views_of(turn.session, turn.person)
    ]


def _choices() -> dict[str, Sequence[str]]:
    return {
        "grade": GRADES,
        "level": LEVELS,
        "state": sorted(OPEN),
        "stage": tuple(STAGES),
        "due": tuple(DUE),
        "show": COLUMNS,
    }


def _facts(turn: Turn, asked: Wanted, rows: list[Any]) -> dict[str, dict[int, Any]]:
    """What only some columns show, read for this page alone, by the ticket's id."""
    tickets = [row["ticket"] for row in rows if row["ticket"]]
    known: dict[str, dict[int, Any]] = {}
    if "customer" in asked.columns:
        known["customer"] = _by_ticket(turn, tickets, _customers)
    if "city" in asked.columns:
        known["city"] = _by_ticket(turn, tickets, _cities)
    return known


def _by_ticket(turn: Turn, tickets: list[Ticket], ask: Any) -> dict[int, Any]:
    ids = {ticket.id for ticket in tickets}
    return dict(turn.session.execute(ask().where(col(Ticket.id).in_(ids))).tuples().all())


def _customers() -> Any:
    joined = col(Customer.id) == col(Ticket.customer_id)
    return select(Ticket.id, Customer).join(Customer, joined)


def _cities() -> Any:
    """Where the device stands, else the A end of the circuit."""
    rows = select(Ticket.id, Site.city)
    rows = rows.outerjoin(Device, col(Device.id) == col(Ticket.device_id))
    rows = rows.outerjoin(Circuit, col(Circuit.id) == col(Ticket.circuit_id))
    place = func.coalesce(col(Device.site_id), col(Circuit.a_site_id))
    return rows.join(Site, col(Site.id) == place)
