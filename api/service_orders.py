"""JSON: orders of services. What the customer does to one is a noun that is created:
POST /api/service-orders/17/postponement.
"""

from typing import Annotated, Any

from fastapi import Query
from sqlmodel import col, select

from api.deps import Id, Turn, allow, make_router
from api.once import once
from api.order_shapes import (
    FileGiven,
    FileShown,
    OrderChanged,
    OrderFilter,
    OrderGiven,
    OrderInFull,
    OrderShown,
    Postponement,
    Reason,
    RowShown,
    TimesShown,
    in_full,
    show_order,
    show_times,
)
from api.paging import Page, narrow, page
from bpmn import service_orders
from records import Customer, ServiceOrder
from tasks.refusals import NotFound

router = make_router("service-orders")
SORTS = {
    "opened_at": (col(ServiceOrder.opened_at), col(ServiceOrder.id)),
    "id": (col(ServiceOrder.id),),
}
FILTERS = {
    "kind": col(ServiceOrder.kind),
    "state": col(ServiceOrder.state),
    "customer": col(Customer.code),
    "external_key": col(ServiceOrder.external_key),
}


@router.get("", summary="Orders, filtered and sorted")
def index(
    asked: Annotated[OrderFilter, Query()], turn: Turn = allow("orders:read")
) -> Page[OrderShown]:
    rows = select(ServiceOrder).join(Customer, col(Customer.id) == col(ServiceOrder.customer_id))
    rows = narrow(rows, asked, FILTERS)
    if asked.is_open is not None:
        ended = col(ServiceOrder.ended_at)
        rows = rows.where(ended.is_(None) if asked.is_open else ended.is_not(None))
    return page(
        turn.session, rows, asked, sorts=SORTS, default="-opened_at",
        show=lambda one: show_order(turn, one),
    )  # fmt: skip


@router.post("", status_code=201, summary="Take one in: its run begins")
def create(given: OrderGiven, turn: Turn = allow("orders:take-in")) -> OrderInFull:
    def make() -> OrderInFull:
        told = given.model_dump()
        order = service_orders.open_order(turn.session, told, by=turn.person, now=turn.now)
        return in_full(turn, order)

    return once(turn, make)


@router.post("/files", summary="Take in a CSV file, row by row; or say what would become of it")
def take_file(given: FileGiven, turn: Turn = allow("orders:take-in")) -> FileShown:
    def make() -> FileShown:
        told: dict[str, Any] = {"is_dry": given.is_dry, "by": turn.person, "now": turn.now}
        rows = [
            RowShown(**row) for row in service_orders.take_file(turn.session, given.text, **told)
        ]
        outcomes = [row.outcome for row in rows]
        counts = {name: outcomes.count(name) for name in ("new", "same", "refused")}
        return FileShown(**counts, rows=rows)

    return once(turn, make)


@router.get("/{id}", summary="One order, with what it holds, its visits and open work orders")
def show(id: Id, turn: Turn = allow("orders:read")) -> OrderInFull:
    return in_full(turn, turn.find(ServiceOrder, id))


@router.get("/{id}/times", summary="Its timeline, and where its time went")
def times(id: Id, turn: Turn = allow("orders:read")) -> TimesShown:
    return show_times(turn, turn.find(ServiceOrder, id))


@router.post("/{id}/postponement", summary="The customer puts it off: the clock stands")
def postpone(id: Id, given: Postponement, turn: Turn = allow("orders:steer")) -> OrderInFull:
    order, told = take(turn, id), given.model_dump()
    service_orders.postpone(turn.session, order, **told, by=turn.person, now=turn.now)
    return in_full(turn, order)


@router.delete("/{id}/postponement", summary="It goes on")
def resume(id: Id, turn: Turn = allow("orders:steer")) -> OrderInFull:
    order = take(turn, id)
    service_orders.resume(turn.session, order, by=turn.person.login, now=turn.now)
    return in_full(turn, order)


@router.post("/{id}/cancellation", summary="It is not wanted any more")
def cancel(id: Id, given: Reason, turn: Turn = allow("orders:steer")) -> OrderInFull:
    order = take(turn, id)
    service_orders.cancel(turn.session, order, reason=given.reason, by=turn.person, now=turn.now)
    return in_full(turn, order)


@router.post(
    "/{id}/amendments", summary="Another speed, place, date: done steps are kept or undone"
)
def amend(id: Id, given: OrderChanged, turn: Turn = allow("orders:steer")) -> OrderInFull:
    order, changes = take(turn, id), given.model_dump(exclude={"reason"}, exclude_none=True)
    told: dict[str, Any] = {"reason": given.reason, "by": turn.person, "now": turn.now}
    service_orders.change(turn.session, order, changes, **told)
    return in_full(turn, order)


@router.post("/{id}/construction", summary="What had to be built is")
def finish_construction(id: Id, turn: Turn = allow("orders:steer")) -> OrderInFull:
    order = take(turn, id)
    service_orders.finish_construction(turn.session, order, by=turn.person, now=turn.now)
    return in_full(turn, order)


def take(turn: Turn, id: int) -> ServiceOrder:
    """For changing it: on PostgreSQL the second of two waits here for the first."""
    order = turn.session.get(ServiceOrder, id, with_for_update=True)
    if order is None:
        raise NotFound(f"没有编号为 {id} 的订单", f"There is no order {id}")
    turn.about(f"order:{id}")
    return order
