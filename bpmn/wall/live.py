"""A run in memory: apply one command, advance, look at what waits, save. `bpmn/runs.py` calls it.

Commands raise only what is the caller's mistake (NoSuchStep, FactsRefused, CannotSkip); what goes
wrong in the diagram becomes a Trouble of its step. `now` stands still for the life of a LiveRun.
"""

from datetime import datetime
from typing import Literal

from SpiffWorkflow import TaskState

from bpmn.wall import state as states
from bpmn.wall.blueprints import Blueprint
from bpmn.wall.facts import Facts, check_size, plain_facts
from bpmn.wall.pruning import prune
from bpmn.wall.scopes import MainScope
from bpmn.wall.service_steps import ServiceRequest, Services, ServiceStep
from bpmn.wall.signals import deliver, waiting_for
from bpmn.wall.steps import Step
from bpmn.wall.traces import Thrown, Trace
from bpmn.wall.triggers import due_of
from bpmn.wall.troubles import Phase, StepFailed, Trouble, no_such_step
from bpmn.wall.waits import OrderStep, Subscription, Timer, Waiting, Waits, look, why


def begin(
    blueprint: Blueprint,
    data: Facts,
    *,
    now: datetime,
    services: Services,
    start: str | None = None,
) -> "LiveRun":
    """A new run, not yet advanced. `start`: which start event, if the process has several."""
    live = LiveRun(blueprint, now, services)
    facts = plain_facts(data)
    check_size(facts)
    live.run.begin(facts, {}, start)
    return live


def restore(blueprint: Blueprint, state: bytes, *, now: datetime, services: Services) -> "LiveRun":
    live = LiveRun(blueprint, now, services)
    states.load(live.run, state)
    return live


class LiveRun:
    def __init__(self, blueprint: Blueprint, now: datetime, services: Services) -> None:
        self.blueprint = blueprint
        self.run = MainScope(blueprint.spec, blueprint.scopes, now, services)

    # Commands

    def advance(self, max_steps: int = 1000) -> None:
        """Run automatic steps until none is ready; after `max_steps` of them, stop the runaways."""
        while (step := self.run.next_ready()) is not None:
            if max_steps <= 0:
                self._stop([step, *self.run.queue])
                return
            max_steps -= 1
            step.run()

    def complete(self, step_id: int, answers: Facts) -> None:
        """A person is done with a step; answers are assigned name by name."""
        step = self._step(step_id)
        if not (step.task_spec.manual and step._state == TaskState.READY):
            raise no_such_step(step_id)
        facts = plain_facts(answers)
        variable = getattr(step.task_spec, "variable", None)
        step.assign({variable: facts} if variable else facts)
        step.run()
        self.advance()

    def signal(
        self,
        kind: Literal["message", "signal"],
        name: str,
        payload: Facts,
        key: str | None = None,
    ) -> bool:
        """False when nobody waits for it (with that key)."""
        is_caught = deliver(self.run, kind, name, payload, key)
        self.advance()
        return is_caught

    def wake(self) -> None:
        """Fire what is due, earliest first, until nothing is."""
        self.advance()
        while due := self._due():
            for _, _, step in sorted(due):
                if step._state == TaskState.WAITING:  # an earlier one may have interrupted it
                    step.task_spec.happen(step, {})
            self.advance()

    def finish_call(self, step_id: int, result: Facts) -> bool:
        """The result of a service that answered LATER; False when the step no longer waits."""
        step = self._called(step_id)
        if step is None:
            return False
        try:
            step.task_spec.take_result(step, result)
        except Exception as problem:
            step.fail(problem, "run")
        else:
            step.complete()
        self.advance()
        return True

    def fail_call(self, step_id: int, code: str, message: str) -> bool:
        """The service failed for good: an error event catches `code`, or the step is in Trouble."""
        step = self._called(step_id)
        if step is None:
            return False
        step.task_spec.give_up(step, code, message)
        self.advance()
        return True

    def retry(self, step_id: int, data: Facts | None = None) -> None:
        """Resume a step in Trouble where it stopped, with `data` written over its facts."""
        step = self._troubled(step_id)
        step.assign(plain_facts(data or {}))
        self._resume(step, step.forgive())
        self.advance()

    def skip(self, step_id: int) -> None:
        """Take a step in Trouble as done. An event that could not be armed is called off."""
        step = self._troubled(step_id)
        if hasattr(step.task_spec, "check_skip"):
            step.task_spec.check_skip()
        phase = step.forgive()
        for child in step.children:
            child.cancel()
        if phase == "enter" and step.task_spec.is_listening_only:
            step.dismiss()
        else:
            step.task_spec.pass_over(step)
        self.advance()

    def cancel(self) -> None:
        """Stop everything; the run is finished and reached no end."""
        facts, _ = self.run.view()
        self.run.cancel_all()
        self.run.queue.clear()
        self.run.data.update(facts)
        self.run.completed = True

    # What waits

    def waits(self) -> Waits:
        return look(self.run)

    def orders(self) -> list[OrderStep]:
        return [*self.waits().orders.values()]

    def timers(self) -> list[Timer]:
        return [*self.waits().timers.values()]

    def subscriptions(self) -> list[Subscription]:
        return [*self.waits().subscriptions.values()]

    def calls(self) -> list[ServiceRequest]:
        return [*self.waits().calls.values()]

    def troubles(self) -> list[Trouble]:
        return [*self.waits().troubles.values()]

    def why(self) -> list[Waiting]:
        return why(self.run)

    # What became of it

    @property
    def finished(self) -> bool:
        return self.run.completed

    @property
    def ends(self) -> list[str]:
        """Ids of the end events that the run itself reached, each once."""
        return self.run.ends

    @property
    def data(self) -> Facts:
        """What the run knows by now: all tokens' facts, latest writes winning."""
        return self.run.data if self.finished and self.run.data else self.run.view()[0]

    @property
    def journal(self) -> list[Trace]:
        return self.run.journal

    @property
    def thrown(self) -> list[Thrown]:
        return self.run.thrown

    def save(self) -> bytes:
        prune(self.run)
        return states.dump(self.run)

    def _step(self, step_id: int) -> Step:
        step = self.run.find(step_id)
        if step is None or not step.is_live or self.finished:
            raise no_such_step(step_id)
        return step

    def _troubled(self, step_id: int) -> Step:
        step = self._step(step_id)
        if step.trouble is None:
            raise no_such_step(step_id)
        return step

    def _called(self, step_id: int) -> Step | None:
        step = self.run.find(step_id)
        waits_for_result = (
            step is not None
            and step._state == TaskState.STARTED
            and step.trouble is None
            and isinstance(step.task_spec, ServiceStep)
        )
        return step if waits_for_result else None

    def _resume(self, step: Step, phase: Phase | None) -> None:
        if phase == "run":
            step.ready()
        elif phase == "leave":
            step.complete()
        elif phase == "pass":
            step.task_spec.pass_over(step)
        else:
            self._enter_again(step)

    def _enter_again(self, step: Step) -> None:
        for child in step.children:  # instances of a loop that could not start them all
            child.cancel()
        step._state = TaskState.FUTURE
        step.task_spec.enter(step)

    def _due(self) -> list[tuple[datetime, int, Step]]:
        waiting = [(due_of(step), step.id, step) for step in waiting_for(self.run, "timer")]
        return [(due, number, step) for due, number, step in waiting if due and due <= self.run.now]

    def _stop(self, steps: list[Step]) -> None:
        self.run.queue.clear()
        for step in steps:
            if step._state == TaskState.READY:
                step.fail(_runaway(), "run")


def _runaway() -> StepFailed:
    return StepFailed(
        "runaway",
        "流程连续自动执行了太多步骤而没有等待任何人；请检查循环的退出条件，改正数据后重试。",
        "The run took too many automatic steps in a row without waiting for anyone; check how "
        "its loop ends, correct the data and retry.",
    )
