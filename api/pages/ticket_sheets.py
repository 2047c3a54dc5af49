"""What the page of a ticket shows: the bar of its time, clocks, orders, alarms, notices."""

from typing import Any

from sqlmodel import col, select

from api.clocks import ClockShown
from api.deps import Turn
from api.time_spent import StretchShown, tell_time
from records import Alarm, Circuit, Customer, Device, Entry, Hop, Notice, Ticket, WorkOrder
from tasks.access.groups import name_groups
from tasks.faults.tickets import children

MOST = 200  # alarms, notices and entries that are listed


def read(turn: Turn, ticket: Ticket) -> dict[str, Any]:
    return {
        "ticket": ticket,
        "customer": _of(turn, Customer, ticket.customer_id),
        "circuit": _of(turn, Circuit, ticket.circuit_id),
        "parent": _of(turn, Ticket, ticket.parent_id),
        "children": children(turn.session, ticket),
        **read_time(turn, ticket),
        "orders": _orders(turn, ticket),
        "groups": name_groups(turn.session),
        "alarms": _newest(turn, Alarm, Alarm.ticket_id == ticket.id),
        "notices": _newest(turn, Notice, Notice.subject == f"ticket:{ticket.id}"),
        "entries": _newest(turn, Entry, Entry.subject == f"ticket:{ticket.id}"),
        "hops": _hops(turn, ticket),
    }


def read_time(turn: Turn, ticket: Ticket) -> dict[str, Any]:
    """Its bar and its clocks; the page of a work order shows them too."""
    time = tell_time(turn, ticket)
    clocks = sorted(time.clocks, key=urgency)
    return {"time": time, "pieces": pieces_of(time.bar), "clocks": clocks}


def _of(turn: Turn, table: Any, key: int | None) -> Any:
    return turn.session.get(table, key) if key else None


def _newest(turn: Turn, table: Any, condition: Any) -> list[Any]:
    rows = select(table).where(condition).order_by(col(table.id).desc()).limit(MOST)
    return list(turn.session.exec(rows))


def _orders(turn: Turn, ticket: Ticket) -> list[WorkOrder]:
    mine = select(WorkOrder).where(WorkOrder.ticket_id == ticket.id)
    return list(turn.session.exec(mine.order_by(col(WorkOrder.id))))


def _hops(turn: Turn, ticket: Ticket) -> list[dict[str, Any]]:
    """The way of its circuit, device by device, with how many alarms stand on each."""
    if ticket.circuit_id is None:
        return []
    way = select(Hop, Device).join(Device, col(Device.id) == col(Hop.device_id))
    way = way.where(Hop.circuit_id == ticket.circuit_id)
    found = turn.session.exec(way.order_by(col(Hop.route).desc(), col(Hop.seq))).all()
    devices = [device.id for _, device in found]
    active = select(Alarm).where(col(Alarm.device_id).in_(devices), col(Alarm.cleared_at).is_(None))
    standing: dict[int | None, list[Alarm]] = {}
    for alarm in turn.session.exec(active.limit(MOST)):
        standing.setdefault(alarm.device_id, []).append(alarm)
    return [
        {"hop": hop, "device": device, "alarms": standing.get(device.id, [])}
        for hop, device in found
    ]


def pieces_of(bar: list[StretchShown]) -> list[dict[str, Any]]:
    """The bar as parts of a hundred: x and width of each."""
    whole = sum(one.length.seconds for one in bar) or 1.0
    pieces, at = [], 0.0
    for one in bar:
        width = one.length.seconds / whole * 100
        pieces.append({"x": round(at, 3), "width": round(width, 3), "of": one})
        at += width
    return pieces


def urgency(clock: ClockShown) -> tuple[int, float]:
    """Those that run come first, the next to run out on top."""
    if clock.ongoing is None:
        return 1, 0.0
    return 0, clock.ongoing.remaining_seconds
