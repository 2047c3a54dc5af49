"""A move: one run taken from the database, moved by the engine, and put back, in one transaction.

Called by runs.py and its neighbours. What the run waits for afterwards is written by waiting.py.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import String, bindparam, cast, select, update
from sqlalchemy.orm import aliased
from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import Session, col

from bpmn import library, waiting, wall
from bpmn.callbacks import Callbacks
from records import Chain, Run, Ticket, WorkOrder, history
from records.bold import is_bold
from records.database import QuickSession
from tasks.refusals import Conflict, Invalid, NotAllowed, NotFound

ENDS = ("seq", "hash")
KEPT = ("id", "version_id", "content_hash", "subject", "status", "state", "revision")
# Columns, no object of the ORM; and built once: both would cost more than the database does.
_COLUMNS = [getattr(Run, name) for name in KEPT]
_TAKE = select(*_COLUMNS).where(col(Run.id) == bindparam("run")).with_for_update()
_ORDER = (  # both locked at once, the run first, as everybody does who changes orders of a run
    select(*_COLUMNS, WorkOrder)
    .join(WorkOrder, col(WorkOrder.run_id) == col(Run.id))
    .where(col(WorkOrder.id) == bindparam("order"))
)
_TAKE_ORDER = _ORDER.with_for_update()
_CHAINS = {name: aliased(Chain) for name in ("run", "ticket")}
_TAKE_BOLDLY = (  # of an order about a ticket: that too, and where the histories of both end
    _ORDER.add_columns(
        Ticket,
        *(
            getattr(chain, end).label(f"{name}_{end}")
            for name, chain in _CHAINS.items()
            for end in ENDS
        ),
    )
    .join(Ticket, col(Ticket.id) == col(WorkOrder.ticket_id))
    .join(_CHAINS["run"], col(_CHAINS["run"].subject) == "run:" + cast(Run.id, String))
    .join(_CHAINS["ticket"], col(_CHAINS["ticket"].subject) == "ticket:" + cast(Ticket.id, String))
    .with_for_update(of=[Run, WorkOrder, Ticket])
)
_PUT = update(Run).where(col(Run.id) == bindparam("run"), col(Run.revision) == bindparam("was"))


class Move:
    """One run between its row and its row."""

    def __init__(self, session: Session, row: Any, *, by: str, now: datetime) -> None:
        self.session, self.row, self.by, self.now = session, row, by, now
        self.run_id: int = row.id
        self.loaded = library.load(session, row.version_id, row.content_hash)
        self.callbacks = Callbacks(session, run_id=row.id, subject=row.subject, by=by, now=now)
        self.live: wall.LiveRun
        self.before: wall.Waits

    def keep(self, status: str = "finished") -> None:
        """Write where the run stands, what it waits for now, and what it did.

        `status` is what the run is from now on, if it is over.
        """
        waiting.keep(self)
        self._record()
        values: dict[str, Any] = {"state": self.live.save(), "revision": self.row.revision + 1}
        if self.live.finished:
            end = ",".join(self.live.ends)
            values |= {"status": status, "end": end, "finished_at": self.now}
        write_run(self.session, self.row, values)

    def _record(self) -> None:
        steps = [trace for trace in self.live.journal if trace.state != "started"]
        if steps or self.live.finished:
            history.record(
                self.session,
                "finished" if self.live.finished else "advanced",
                subject=f"run:{self.run_id}",
                by=self.by,
                at=self.now,
                steps=[_told(trace) for trace in steps],
            )


def begin(session: Session, run: Run, data: Mapping[str, Any], *, by: str, now: datetime) -> Move:
    """The first move of a run that has its row already."""
    move = Move(session, run, by=by, now=now)
    move.live = wall.begin(move.loaded.blueprint, dict(data), now=now, services=move.callbacks)
    move.before = waiting.NOTHING
    return move


def take(session: Session, run_id: int, *, by: str, now: datetime) -> Move:
    """The run as it stands. On PostgreSQL its row is locked until the commit."""
    row = session.connection().execute(_TAKE, {"run": run_id}).first()
    if row is None:
        raise NotFound(f"没有运行 {run_id}", f"There is no run {run_id}")
    return _taken(session, row, by, now)


def take_order(
    session: Session, order_id: int, *, by: str, now: datetime
) -> tuple[Move, WorkOrder]:
    """A work order with its run, both as they stand, and locked as in `take`."""
    row = _take_boldly(session, order_id) if is_bold(session) else None
    row = row or session.execute(_TAKE_ORDER, {"order": order_id}).first()
    if row is None:
        raise NotFound(f"没有编号为 {order_id} 的工单", f"There is no work order {order_id}")
    return _taken(session, row, by, now), row.WorkOrder


def _take_boldly(session: Session, order_id: int) -> Any:
    row = session.execute(_TAKE_BOLDLY, {"order": order_id}).first()
    if row:
        if isinstance(session, QuickSession):
            session.has_locked(row.Ticket)
        run, ticket = f"run:{row.id}", f"ticket:{row.Ticket.id}"
        ends = {run: (row.run_seq, row.run_hash), ticket: (row.ticket_seq, row.ticket_hash)}
        history.foresee(session, ends)
    return row


@contextmanager
def refusals() -> Iterator[None]:
    """What the engine refuses, as refusals of ours that every edge knows."""
    try:
        yield
    except wall.NoSuchStep as error:
        raise Conflict(error.zh, error.en) from error
    except wall.FactsRefused as error:
        raise Invalid(error.zh, error.en) from error
    except wall.Refused as error:
        raise NotAllowed(error.zh, error.en) from error


def _taken(session: Session, row: Any, by: str, now: datetime) -> Move:
    if row.status != "open":
        raise NotAllowed(
            f"运行 {row.id} 已经结束,不能再推进",
            f"Run {row.id} is over: it cannot be moved any more",
            state=row.status,
        )
    move = Move(session, row, by=by, now=now)
    move.live = wall.restore(move.loaded.blueprint, row.state, now=now, services=move.callbacks)
    move.before = move.live.waits()
    return move


def write_run(session: Session, row: Any, values: dict[str, Any]) -> None:
    """Update the run if nobody else has since it was read."""
    was = row.revision
    if isinstance(row, Run):  # of a run that begins: as it will be read from now on
        for name, value in values.items():
            set_committed_value(row, name, value)
    if session.connection().execute(_PUT, values | {"run": row.id, "was": was}).rowcount != 1:
        raise Conflict(
            f"运行 {row.id} 刚被别人推进,请刷新后再试",
            f"Run {row.id} was just moved by somebody else: reload and try again",
        )


def _told(trace: wall.Trace) -> dict[str, Any]:
    told: dict[str, Any] = {"element": trace.element_id, "name": trace.name, "kind": trace.kind}
    told |= {"state": trace.state, "step": trace.step_id}
    if trace.changes:
        told["changes"] = trace.changes
    if trace.decision:
        told["decision"] = trace.decision._asdict()
    return told
