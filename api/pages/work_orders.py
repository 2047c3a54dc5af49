"""The worklist, and what is done to a work order: where dispatchers and engineers spend the day.

What the page of one order shows is read by order_sheets.py.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Query
from sqlmodel import col, func, or_, select
from starlette.responses import Response

from api.deps import Id, Turn, allow
from api.pages import answers, batch_sheets, order_sheets
from api.pages.pages import again_by, back, first, go, make_pages, show, typed
from api.paging import Asked, page
from api.work_orders import take
from bpmn import runs
from bpmn.moves import take_order
from records import Group, Ticket, WorkOrder
from tasks import remarks, work_orders
from tasks.access.groups import groups_of, name_groups
from tasks.access.people import find_person
from tasks.refusals import NotFound
from tasks.sla.clocks import reasons_of

router = make_pages()
SORTS = {"due_at": (col(WorkOrder.due_at), col(WorkOrder.id))}
MINE, ALL = "mine", "all"
MOST = 1_000  # a queue is counted so far: what matters is that it is long
BY_VERB: Mapping[str, Callable[..., None]] = {  # what a button does
    "claim": work_orders.claim,
    "release": work_orders.release,
    "accept": work_orders.accept,
    "set_out": work_orders.set_out,
    "arrive": work_orders.arrive,
    "resume": work_orders.resume,
    "wait": work_orders.wait,
    "reject": work_orders.reject,
}
WANT_REASON = ("wait", "reject")


class Wanted(Asked):
    """What the address says: the queue and what is searched for."""

    queue: str = MINE
    q: str | None = None
    batch: int | None = None  # what was done a moment ago, to be told on top
    limit: int = 30

    def address(self) -> dict[str, Any]:
        """What an address has to say to show the same."""
        return self.model_dump(exclude_defaults=True, exclude={"batch"})


@router.get("/work-orders")
def list_orders(
    asked: Annotated[Wanted, Query()], turn: Turn = allow("work-orders:read")
) -> Response:
    """Open ones, whose clock runs out first on top."""
    groups = groups_of(turn.session, turn.person)
    rows = _queue(turn, asked.queue, [group.key for group in groups])
    if asked.q:
        rows = rows.where(_matches(asked.q))
    found = page(turn.session, rows, asked, sorts=SORTS, default="due_at", show=_as_row)
    return show(
        turn,
        "work_orders/list.html",
        orders=found.items,
        next=found.next,
        asked=asked,
        address=urlencode(asked.address()),
        queues=_queues(turn, groups),
        groups=name_groups(turn.session),
        batch=batch_sheets.read(turn, asked.batch),
        reasons=reasons_of(turn.session),
    )


@router.get("/work-orders/{id}")
def show_order(id: Id, turn: Turn = allow("work-orders:read")) -> Response:
    order = turn.find(WorkOrder, id)
    return show(turn, "work_orders/show.html", **order_sheets.read(turn, order))


@router.post("/work-orders/{id}/actions/{verb}")
@again_by(show_order)
def act(id: Id, verb: str, turn: Turn = allow("work-orders:advance", raw=True)) -> Response:
    """One of the buttons. It leads back to where it was pressed."""
    if verb not in BY_VERB:
        raise NotFound(f"没有“{verb}”这个操作", f"There is no action “{verb}”")
    order, told = take(turn, id), typed(turn)
    given = {"reason": first(told, "reason")} if verb in WANT_REASON else {}
    BY_VERB[verb](turn.session, order, **given, by=turn.person, now=turn.now)
    return back(turn, f"/work-orders/{id}")


@router.post("/work-orders/{id}/suspension")
@again_by(show_order)
def suspend(id: Id, turn: Turn = allow("work-orders:advance", raw=True)) -> Response:
    order, told = take(turn, id), typed(turn)
    work_orders.suspend(
        turn.session,
        order,
        reason=first(told, "reason"),
        evidence=first(told, "evidence"),
        resume_at=answers.as_instant(first(told, "resume_at"), "resume_at"),
        customer_told="customer_told" in told,
        by=turn.person,
        now=turn.now,
    )
    return go(f"/work-orders/{id}")


@router.post("/work-orders/{id}/assignment")
@again_by(show_order)
def assign(id: Id, turn: Turn = allow("work-orders:assign", raw=True)) -> Response:
    order, told = take(turn, id), typed(turn)
    to, group, reason = (first(told, name) for name in ("to", "group", "reason"))
    who = find_person(turn.session, to) if to else None
    work_orders.reassign(
        turn.session,
        order,
        to=who,
        group=group or None,
        reason=reason,
        by=turn.person,
        now=turn.now,
    )
    return go(f"/work-orders/{id}")


@router.post("/work-orders/{id}/comments")
@again_by(show_order)
def comment(id: Id, turn: Turn = allow("work-orders:read", raw=True)) -> Response:
    """A remark; or a chase (催办) where that button was pressed."""
    order, told = turn.find(WorkOrder, id), typed(turn)
    say = remarks.chase if "chase" in told else remarks.comment
    say(turn.session, order, first(told, "text"), by=turn.person, now=turn.now)
    return go(f"/work-orders/{id}#remarks")


@router.post("/work-orders/{id}/draft")
@again_by(show_order)
def save_draft(id: Id, turn: Turn = allow("work-orders:advance", raw=True)) -> Response:
    order = take(turn, id)
    given = answers.read(order_sheets.form_of(turn, order), typed(turn))
    work_orders.save_draft(turn.session, order, given, by=turn.person, now=turn.now)
    return go(f"/work-orders/{id}")


@router.post("/work-orders/{id}/completion")
@again_by(show_order)
def complete(id: Id, turn: Turn = allow("work-orders:advance", raw=True, bold=True)) -> Response:
    """The run moves on; then comes the next order of the same hands, or the list."""
    move, order = take_order(turn.session, id, by=turn.person.login, now=turn.now)
    turn.about(f"run:{move.run_id}")
    given = answers.read(order_sheets.form_of(turn, order), typed(turn))
    runs.complete(move, order, given, by=turn.person)
    turn.session.flush()
    return go(_next_place(turn, order))


def _next_place(turn: Turn, done: WorkOrder) -> str:
    """Whoever finished one goes on with the next of the same run, if it is theirs to do."""
    mine = [group.key for group in groups_of(turn.session, turn.person)]
    rows = _queue(turn, MINE, mine).where(WorkOrder.run_id == done.run_id)
    found = turn.session.execute(rows.order_by(col(WorkOrder.id)).limit(1)).first()
    return f"/work-orders/{found[0].id}" if found else "/work-orders"


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


def _as_row(order: WorkOrder, ticket: Ticket | None) -> dict[str, Any]:
    return {"order": order, "ticket": ticket}


def _queue(turn: Turn, queue: str, mine: list[str]) -> Any:
    rows = select(WorkOrder, Ticket).outerjoin(Ticket, col(Ticket.id) == col(WorkOrder.ticket_id))
    rows = rows.where(col(WorkOrder.finished_at).is_(None))
    holder = col(WorkOrder.holder)
    if queue == MINE:
        waiting = holder.is_(None) & col(WorkOrder.group_key).in_(mine)
        return rows.where(or_(holder == turn.person.login, waiting))
    return rows if queue == ALL else rows.where(WorkOrder.group_key == queue)


def _matches(text: str) -> Any:
    """By the number of the order or of its ticket, or what its title says."""
    words = text.strip()
    number = words.rpartition("-")[2]
    wanted = col(Ticket.title).icontains(words, autoescape=True)
    wanted = or_(wanted, col(WorkOrder.title).icontains(words, autoescape=True))
    if number.isdecimal() and len(number) < 19:
        wanted = or_(wanted, col(WorkOrder.id) == int(number), col(Ticket.id) == int(number))
    return wanted
