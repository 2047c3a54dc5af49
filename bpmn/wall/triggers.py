"""What an event waits for or throws, as parsed; and arming: from when, with which key.

A Trigger is part of the shared diagram. What a waiting step remembers of it (`due`, `cycle`, `key`)
is in the step's `internal_data`. `events.py` uses both.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from bpmn.wall.facts import Facts
from bpmn.wall.scripts import evaluate
from bpmn.wall.timing import BadTime, Cycle, read_cycle, read_duration, read_instant
from bpmn.wall.troubles import StepFailed

if TYPE_CHECKING:
    from bpmn.wall.steps import Step

Kind = Literal[
    "none", "timer", "message", "signal", "error", "escalation", "cancel", "terminate", "link"
]


@dataclass(frozen=True)
class Trigger:
    """`expression`: the time of a timer, else the payload; `key`: the correlation's expression."""

    kind: Kind
    name: str = ""
    code: str | None = None
    expression: str | None = None
    clock: Literal["date", "duration", "cycle"] | None = None
    variable: str | None = None
    key: str | None = None

    def catches(self, code: str | None) -> bool:
        return self.code is None or self.code == code


def arm(step: "Step", trigger: Trigger) -> None:
    """Remember when the step is due, or by which key it is meant."""
    if trigger.kind == "timer":
        _set_clock(step, trigger)
    elif trigger.key is not None:
        step.internal_data["key"] = key_of(step, trigger)


def key_of(step: "Step", trigger: Trigger) -> str | None:
    if trigger.key is None:
        return None
    key = evaluate(step, trigger.key, "key")
    if key is None or isinstance(key, dict | list):
        raise StepFailed(
            "key",
            f"关联键 {trigger.key} 的结果不是文本或数字；请改正数据后重试。",
            f"The correlation key {trigger.key} is neither text nor number; correct the data "
            "and retry.",
        )
    return str(key)


def payload_of(step: "Step", trigger: Trigger) -> Facts:
    if trigger.expression is None:
        return {}
    payload = evaluate(step, trigger.expression, "payload")
    if not isinstance(payload, dict):
        raise StepFailed(
            "payload",
            "发送的内容必须是对象（名称与值）。",
            "What is sent must be an object of names and values.",
        )
    return payload


def taken_in(trigger: Trigger, payload: Facts) -> Facts:
    """What a catching step writes into its facts."""
    return {**payload, trigger.variable: payload} if trigger.variable else payload


def due_of(step: "Step") -> datetime | None:
    due = step.internal_data.get("due")
    return datetime.fromisoformat(due) if due else None


def pass_cycle(step: "Step") -> bool:
    """A repeating timer fires: set its next time. False when this was the last."""
    cycle, now = step.internal_data["cycle"], step.workflow.top_workflow.now
    after = Cycle(cycle["left"], due_of(step) or now, cycle["every"]).passed(now)
    _remember(step, after)
    return after.left != 0


def _set_clock(step: "Step", trigger: Trigger) -> None:
    text = evaluate(step, trigger.expression or "", "timer")
    now = step.workflow.top_workflow.now
    try:
        if trigger.clock == "cycle":
            _remember(step, read_cycle(text, now))
        elif trigger.clock == "duration":
            step.internal_data["due"] = read_duration(text).after(now).isoformat()
        else:
            step.internal_data["due"] = read_instant(text).isoformat()
    except BadTime as problem:
        raise _bad_time(text, trigger, problem) from problem


def _remember(step: "Step", cycle: Cycle) -> None:
    step.internal_data["due"] = cycle.due.isoformat()
    step.internal_data["cycle"] = {"left": cycle.left, "every": cycle.every}


_WANTED = {
    "cycle": ("周期（如 R3/PT30M）", "a repetition such as R3/PT30M"),
    "duration": ("不为负的时长（如 PT2H）", "a duration such as PT2H, not negative"),
    "date": ("时刻（如 2026-08-01T12:00）", "an instant such as 2026-08-01T12:00"),
}


def _bad_time(text: Any, trigger: Trigger, problem: BadTime) -> StepFailed:
    zh, en = _WANTED[trigger.clock or "date"]
    return StepFailed(
        "timer",
        f"定时器的值 {text!r} 无法使用，这里需要{zh}；请改正数据后重试。",
        f"The timer cannot wait for {text!r}: it needs {en}. Correct the data and retry.",
    )
