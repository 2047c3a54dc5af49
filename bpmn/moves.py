"""A move: one run taken from the database, moved by the engine, and put back, in one transaction.

Called by runs.py and its neighbours. What the run waits for afterwards is written by waiting.py.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlmodel import Session, col

from bpmn import library, waiting, wall
from bpmn.callbacks import Callbacks
from records import Run, history
from tasks.refusals import Conflict, Invalid, NotAllowed, NotFound

KEPT = ("id", "version_id", "content_hash", "subject", "status", "state", "revision")
# Columns, no object of the ORM; and built once: both would cost more than the database does.
_TAKE = (
    select(*(getattr(Run, name) for name in KEPT))
    .where(col(Run.id) == bindparam("run"))
    .with_for_update()
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
        self.before: waiting.Waits

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
    if row.status != "open":
        raise NotAllowed(
            f"运行 {run_id} 已经结束,不能再推进",
            f"Run {run_id} is over: it cannot be moved any more",
            state=row.status,
        )
    move = Move(session, row, by=by, now=now)
    move.live = wall.restore(move.loaded.blueprint, row.state, now=now, services=move.callbacks)
    move.before = waiting.what(move.live)
    return move


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


def write_run(session: Session, row: Any, values: dict[str, Any]) -> None:
    """Update the run if nobody else has since it was read."""
    values |= {"run": row.id, "was": row.revision}
    if session.connection().execute(_PUT, values).rowcount != 1:
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
        told["decision"] = asdict(trace.decision)
    return told
