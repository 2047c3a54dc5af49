"""One thing done to many work orders together (批量), and undone. Called by both doors.

Each order answers for itself: done, or why not. Undoing puts back by the same verbs as anybody
would, so history tells all of it; what cannot be put back, or has moved on since, is said.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from records import Batch, Person, WorkOrder, history
from tasks import remarks, work_orders
from tasks.access.people import find_person, require
from tasks.refusals import Forbidden, Invalid, NotAllowed, NotFound, Refusal, wrong
from tasks.states import STATES

MOST = 200  # orders: as many as a page can show
UNDO_WITHIN = timedelta(minutes=10)  # by judgement: until the next coffee, not the next shift
MARKS = ("state", "holder", "group_key")  # what undoing goes by
NAMES = {  # verb: Chinese and English, of what was done
    "claim": ("认领", "Claimed"),
    "accept": ("接单", "Accepted"),
    "reassign": ("转派", "Reassigned"),
    "chase": ("催办", "Chased"),
    "suspend": ("挂起", "Suspended"),
}
Told = dict[str, Any]


def do(
    session: Session,
    verb: str,
    order_ids: Iterable[int],
    told: Mapping[str, Any],
    *,
    by: Person,
    now: datetime,
) -> Batch:
    """`verb` is one of VERBS, `told` what it asks for; of "reassign", `to` is a login. Invalid
    where nothing was done, as what was told is wrong for all of them."""
    if verb not in VERBS:
        raise wrong("verb", f"没有“{verb}”这个操作", f"There is no action “{verb}”")
    run, permission = VERBS[verb]
    require(by, permission)
    ids = sorted(set(order_ids))  # in one order: two of these never wait for each other in a circle
    if not 0 < len(ids) <= MOST:
        raise wrong("orders", f"请选择 1 到 {MOST} 张工单", f"Choose 1 to {MOST} work orders")

    def do_one(order: WorkOrder) -> None:
        run(session, order, **told, by=by, now=now)

    results = [_try(session, id, do_one) for id in ids]
    _refuse_nonsense(results)
    shown = [{key: one[key] for key in one if key != "error"} for one in results]
    batch = Batch(verb=verb, told=dict(told), by=by.login, at=now, results=shown)
    session.add(batch)
    session.flush()
    _record(session, "done together", batch, shown, by, now)
    return batch


def take(session: Session, id: int) -> Batch:
    """For undoing it: on PostgreSQL the second of two waits here for the first."""
    batch = session.get(Batch, id, with_for_update=True)
    if batch is None:
        raise NotFound(f"没有编号为 {id} 的批量操作", f"There is no batch {id}")
    return batch


def undo(session: Session, batch: Batch, *, by: Person, now: datetime) -> None:
    """Put back what was done: once, by whoever did it, for a while."""
    _check_undo(batch, by, now)
    done = {one["order"]: one for one in batch.results if one["is_done"]}

    def undo_one(order: WorkOrder) -> None:
        _put_back(session, batch, order, done[order.id], by, now)

    results = [_try(session, id, undo_one) for id in done]
    batch.undone = [_say_what_differs(one, done[one["order"]]) for one in results]
    batch.undone_at = now
    _record(session, "undone together", batch, batch.undone, by, now)


def can_undo(batch: Batch, by: Person, now: datetime) -> bool:
    try:
        _check_undo(batch, by, now)
    except Refusal:
        return False
    return batch.verb != "chase" and any(one["is_done"] for one in batch.results)


def _reassign(session: Session, order: WorkOrder, *, to: str | None, **told: Any) -> None:
    try:
        who = find_person(session, to) if to else None
    except NotFound as error:
        raise wrong("to", error.zh, error.en) from None
    work_orders.reassign(session, order, to=who, **told)


Verb = tuple[Callable[..., None], str]
VERBS: Mapping[str, Verb] = {  # with the permission that it takes
    "claim": (work_orders.claim, "work-orders:advance"),
    "accept": (work_orders.accept, "work-orders:advance"),
    "reassign": (_reassign, "work-orders:assign"),
    "chase": (remarks.chase, "work-orders:read"),
    "suspend": (work_orders.suspend, "work-orders:advance"),
}


def _try(session: Session, id: int, do: Callable[[WorkOrder], None]) -> Told:
    """How one order answers. If it refuses, nothing of it stays."""
    order = session.get(WorkOrder, id, with_for_update=True)
    if order is None:
        gone = NotFound(f"没有编号为 {id} 的工单", f"There is no work order {id}")
        return {"order": id, "title": "", "is_done": False, **_say(gone)}
    told: Told = {"order": id, "title": order.title, "was": _mark(order)}
    try:
        with history.savepoint(session):
            do(order)
            session.flush()
    except Refusal as error:
        return {**told, "is_done": False, **_say(error)}
    return {**told, "is_done": True, "is": _mark(order)}


def _say(error: Refusal) -> Told:
    return {"code": error.code, "zh": error.zh, "en": error.en, "error": error}


def _refuse_nonsense(results: list[Told]) -> None:
    """What all of them refuse as it was told wrongly is not ninety refusals but one form."""
    errors = [one.get("error") for one in results]
    if all(isinstance(error, Invalid) for error in errors):
        raise errors[0]  # type: ignore[misc]


def _check_undo(batch: Batch, by: Person, now: datetime) -> None:
    if batch.by != by.login:
        raise Forbidden(
            f"这是 {batch.by} 做的,请由本人撤销", f"{batch.by} did this: only they can undo it"
        )
    if batch.undone_at:
        raise NotAllowed("已经撤销过了,请刷新", "It has been undone already: reload to see")
    if now > batch.at + UNDO_WITHIN:
        minutes = int(UNDO_WITHIN.total_seconds() // 60)
        raise NotAllowed(
            f"超过 {minutes} 分钟,不能一起撤销,请逐单处理",
            f"After {minutes} minutes it cannot be undone together: see to each order",
        )


def _put_back(
    session: Session, batch: Batch, order: WorkOrder, done: Told, by: Person, now: datetime
) -> None:
    if _mark(order) != done["is"]:
        state = STATES[order.state]
        raise NotAllowed(
            f"此后又有变化,现在是“{state.zh}”({order.holder or '队列'}),未撤销",
            f"It has moved on since, is {state.en} now ({order.holder or 'in the queue'}): left so",
            first=order.holder,
        )
    was = done["was"]
    if batch.verb in ("claim", "accept"):
        work_orders.release(session, order, by=by, now=now)
        if was["holder"]:
            work_orders.claim(session, order, by=by, now=now)
    elif batch.verb == "reassign":
        _reassign(
            session,
            order,
            to=was["holder"],
            group=was["group_key"] or None,
            reason=f"撤销批量操作 {batch.id} / Batch {batch.id} undone",
            by=by,
            now=now,
        )
    elif batch.verb == "suspend":
        work_orders.resume(session, order, by=by, now=now)
    else:
        raise NotAllowed("催办已经发出,不能收回", "A chase cannot be taken back: it was heard")


def _say_what_differs(undone: Told, done: Told) -> Told:
    """Where a verb leads back, but not quite: whoever had accepted has to do it again."""
    told = {key: undone[key] for key in undone if key != "error"}
    if told["is_done"] and told["is"] != done["was"]:
        was, now = (STATES[each["state"]] for each in (done["was"], told["is"]))
        told["zh"] = f"原为“{was.zh}”,现为“{now.zh}”"
        told["en"] = f"Was {was.en}, is {now.en} now"
    return told


def _mark(order: WorkOrder) -> Told:
    return {name: getattr(order, name) for name in MARKS}


def _record(
    session: Session, verb: str, batch: Batch, results: list[Told], by: Person, now: datetime
) -> None:
    history.record(
        session,
        verb,
        subject=f"batch:{batch.id}",
        by=by.login,
        at=now,
        what=batch.verb,
        done=[one["order"] for one in results if one["is_done"]],
        refused=[one["order"] for one in results if not one["is_done"]],
    )
