"""Drills (演练): a plan carried out in rehearsal. Nothing leaves the house, nothing is held.

In virtual time: every work order of it takes as long as it took in real runs, else as the diagram
says, and is answered by the example of its form; the result shows whether the plan as it is drawn
keeps its own limits, and whether it leaves the customer alone. A live one is begun here and done by
people in their own time. Called by the doors.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from bpmn import library, plan_runs, runs, wall
from records import Person, PlanRun, Run, Timer, WorkOrder
from tasks import work_orders
from tasks.access.people import require
from tasks.plans import plan_courses, plan_watch
from tasks.plans.plan_states import OPEN
from tasks.refusals import NotAllowed

MOST_STEPS = 500  # of one drill
USUAL = 15  # minutes, of a step that says nothing
Facts = Mapping[str, Any]


def begin(session: Session, key: str, *, by: Person, now: datetime, **told: Any) -> PlanRun:
    """A live drill. `told` as in plan_runs.activate."""
    run, _ = plan_runs.activate(session, key, is_drill=True, by=by, now=now, **told)
    return run


def rehearse(session: Session, key: str, *, by: Person, now: datetime, **told: Any) -> PlanRun:
    """All of it at once, in virtual time that begins now; it is closed when this returns."""
    require(by, "plan-runs:drill")
    run, is_new = plan_runs.activate(session, key, is_drill=True, by=by, now=now, **told)
    if not is_new:
        raise NotAllowed(
            f"这个预案正在演练(执行 {run.id}),请先结束它",
            f"This plan is being drilled (run {run.id}): end that first",
        )
    _Rehearsal(session, run, by).play(now)
    return run


class _Rehearsal:
    """One run, and the time that its steps make."""

    def __init__(self, session: Session, run: PlanRun, by: Person) -> None:
        self.session, self.run = session, run
        self.actor = Person(
            login=by.login, name=by.name, roles=["manager"], created_at=by.created_at
        )
        of = session.get_one(Run, run.run_id)
        self.blueprint = library.load(session, of.version_id, of.content_hash).blueprint
        self.usual = plan_courses.usual_minutes(session, run)

    def play(self, now: datetime) -> None:
        for _ in range(MOST_STEPS):
            if self.run.state not in OPEN:
                return
            order, done_at = self._next(now)
            now = max(now, min([done_at, *self._due()]))
            if now < done_at:
                self._wake(now)
            else:
                self._finish(order, now)
            self.session.refresh(self.run)
        raise NotAllowed(
            "演练走不到终点:流程图按表单示例一直循环,请改表单示例或流程图",
            "The drill comes to no end: by the examples of its forms it goes round for ever",
        )

    def _next(self, now: datetime) -> tuple[WorkOrder, datetime]:
        """The open order that is done first."""
        mine = select(WorkOrder).where(
            WorkOrder.run_id == self.run.run_id, col(WorkOrder.finished_at).is_(None)
        )
        waiting = [(self._done_at(one), one.id, one) for one in self.session.exec(mine)]
        if not waiting:
            raise NotAllowed(
                "演练停住了:没有人可以做下一步,请看流程图在等什么",
                "The drill stands still: nobody has anything to do, see what the diagram waits for",
            )
        done_at, _, order = min(waiting)
        return order, max(done_at, now)

    def _done_at(self, order: WorkOrder) -> datetime:
        drawn = self._node(order).properties.get("minutes", "")
        minutes = self.usual.get(order.element) or (int(drawn) if drawn.isdigit() else USUAL)
        return order.opened_at + timedelta(minutes=minutes)

    def _due(self) -> list[datetime]:
        """Timers of its diagram, and what is watched while it runs."""
        timers = select(Timer.due_at).where(Timer.run_id == self.run.run_id)
        watched = [self.run.act_at] if self.run.act_at and self.run.state == "active" else []
        return [*self.session.exec(timers), *watched]

    def _wake(self, now: datetime) -> None:
        """Of situation notes none is written, and none is missed."""
        self.run.note_at = None
        is_due = select(Timer.due_at).where(
            Timer.run_id == self.run.run_id, col(Timer.due_at) <= now
        )
        if self.session.exec(is_due.limit(1)).first():
            runs.wake(self.session, self.run.run_id or 0, now=now)
            self.session.refresh(self.run)
        plan_watch.take_turn(self.session, self.run, now=now)
        self.session.flush()

    def _finish(self, order: WorkOrder, now: datetime) -> None:
        """A customer is told at each key node that they see: as the plan has it."""
        schema = self.blueprint.forms.get(order.form, {})
        answers: dict[str, Any] = dict((schema.get("examples") or [{}])[0])
        if "customer_told" in answers:
            is_seen = self._node(order).properties.get("customer_visible") == "true"
            answers["customer_told"] = is_seen
        work_orders.accept(self.session, order, by=self.actor, now=now)
        runs.complete_order(self.session, order, answers, by=self.actor, now=now)
        self.session.flush()

    def _node(self, order: WorkOrder) -> wall.Node:
        return self.blueprint.nodes[order.element]
