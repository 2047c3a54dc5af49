"""Why a step cannot go on: the exceptions raised inside the wall and the Trouble they become.

A Trouble is kept with its step (state STARTED, so nothing that waits for the step goes past it)
until `retry` or `skip`. Refusals of a caller's command are exceptions here as well.
"""

import logging
from dataclasses import dataclass
from typing import Any, Literal

from bpmn.sandbox import ScriptFailed, ScriptRefused

log = logging.getLogger(__name__)

Phase = Literal["enter", "run", "leave", "pass"]  # where a step stopped, and a retry resumes


class Refused(Exception):
    """A sentence in both languages that says what to do next."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


class BadDiagram(Refused):
    """The bundle cannot be read; `element` is the id of the culprit, if there is one."""

    def __init__(self, zh: str, en: str, element: str = "") -> None:
        super().__init__(zh, en)
        self.element = element


class NoSuchStep(Refused):
    """The step is gone: completed, cancelled or never there."""


class FactsRefused(Refused):
    """Data that is not JSON, or too much of it."""


class CannotSkip(Refused):
    """Skipping would have to guess which way to go."""


class CannotRestore(Refused):
    """The state does not fit the diagram or this release."""


class ServiceFailed(Exception):
    """A service raises this when the diagram may catch `code` with a boundary error event."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


class StepFailed(Refused):
    """Raised in a step's hook; becomes the step's Trouble."""

    def __init__(self, kind: str, zh: str, en: str, line: int | None = None) -> None:
        super().__init__(zh, en)
        self.kind, self.line = kind, line


@dataclass(frozen=True)
class Trouble:
    """`kind`: script, condition, decision, timer, service, error, gateway, data, call, runaway …"""

    step_id: int
    element_id: str
    name: str
    kind: str
    zh: str
    en: str
    line: int | None = None


def no_such_step(step_id: int) -> NoSuchStep:
    return NoSuchStep(
        f"步骤 {step_id} 已不在等待；请刷新后再看。",
        f"Step {step_id} is no longer waiting; reload and look again.",
    )


def describe(problem: Exception, phase: Phase) -> dict[str, Any]:
    """What is stored with the step."""
    failed = problem if isinstance(problem, StepFailed) else _failure(problem)
    return {
        "kind": failed.kind,
        "zh": failed.zh,
        "en": failed.en,
        "line": failed.line,
        "phase": phase,
    }


def script_failure(kind: str, problem: ScriptFailed | ScriptRefused) -> StepFailed:
    return StepFailed(kind, problem.zh, problem.en, problem.line)


def _failure(problem: Exception) -> StepFailed:
    if isinstance(problem, ScriptFailed | ScriptRefused):
        return script_failure("script", problem)
    if isinstance(problem, FactsRefused):
        return StepFailed("data", problem.zh, problem.en)
    log.error("a step failed in a way that the wall does not know", exc_info=problem)
    said = f"{type(problem).__name__}: {problem}"
    return StepFailed(
        "engine",
        f"步骤未能执行（{said}）；请改正数据后重试，或跳过该步骤。",
        f"The step could not run ({said}); correct its data and retry, or skip it.",
    )
