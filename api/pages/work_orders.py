"""A work order, and what is done to it. The list of them: worklist.py.

What the page of one order shows is read by order_sheets.py.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from sqlmodel import col, or_, select
from starlette.responses import Response

from api import worklist
from api.deps import Id, Turn, allow
from api.pages import answers, live, order_sheets
from api.pages.pages import again_by, back, first, go, make_pages, show, typed
from api.work_orders import take
from bpmn import runs
from bpmn.moves import take_order
from records import WorkOrder
from tasks import remarks, work_orders
from tasks.access.people import find_person
from tasks.learning import articles, uses
from tasks.refusals import NotFound

router = make_pages()
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


@router.get("/work-orders/{id}")
def show_order(id: Id, turn: Turn = allow("work-orders:read")) -> Response:
    order = turn.find(WorkOrder, id)
    return show(turn, "work_orders/show.html", **order_sheets.read(turn, order))


@router.get("/work-orders/{id}/live")
def show_if_changed(id: Id, turn: Turn = allow("work-orders:read")) -> Response:
    """That somebody else changed it, where they did: what is typed on the page stays."""
    order = turn.find(WorkOrder, id)
    if turn.request.headers.get(live.HEADER) == str(order.revision):
        return live.same()
    return live.changed(show(turn, "work_orders/_changed.html", order=order), str(order.revision))


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
    to = next((one.strip() for one in told.get("to", []) if one.strip()), "")
    group, reason = (first(told, name) for name in ("group", "reason"))
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


@router.post("/work-orders/{id}/articles/{article_id}")
@again_by(show_order)
def use_article(
    id: Id, article_id: Id, turn: Turn = allow("work-orders:read", raw=True)
) -> Response:
    """Whether it helped: that moves what is suggested next time."""
    order, article = turn.find(WorkOrder, id), articles.find(turn.session, article_id)
    subject, outcome = f"ticket:{order.ticket_id}", first(typed(turn), "outcome")
    uses.note_article(turn.session, article, subject, outcome, by=turn.person, now=turn.now)
    return go(f"/work-orders/{id}")


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
    following = _of_same_run(turn, order) or ("next" in typed(turn) and _next(turn, order))
    return go(f"/work-orders/{following}" if following else "/work-orders")


@router.get("/work-orders/{id}/next")
def show_next(id: Id, turn: Turn = allow("work-orders:read")) -> Response:
    """Of all that is one's own to do, the one that runs out next; after the last, the first."""
    following = _next(turn, turn.find(WorkOrder, id))
    return go(f"/work-orders/{following}" if following else "/work-orders")


def _of_same_run(turn: Turn, done: WorkOrder) -> int | None:
    """Whoever finished one goes on with the next of the same run, if it is theirs to do."""
    open_ones = select(WorkOrder.id).where(col(WorkOrder.finished_at).is_(None))
    mine = or_(*worklist.waiting(turn, worklist.Wanted()))
    rows = open_ones.where(WorkOrder.run_id == done.run_id, mine).order_by(col(WorkOrder.id))
    return turn.session.exec(rows).first()


def _next(turn: Turn, order: WorkOrder) -> int | None:
    mine = worklist.read(turn, worklist.Wanted(limit=200)).items
    ids = [row["order"].id for row in mine if row["order"].id != order.id]
    later = [row["order"].id for row in mine if _place(row["order"]) > _place(order)]
    return next(iter([*later, *ids]), None)


def _place(order: WorkOrder) -> tuple[datetime, int]:
    return order.due_at, order.id
