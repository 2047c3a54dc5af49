"""The script engine handed to SpiffWorkflow: all author code goes through the sandbox.

Nodes call `evaluate` with the kind of Trouble that a failure would be.
"""

from typing import TYPE_CHECKING, Any

from bpmn import sandbox
from bpmn.wall.troubles import script_failure

if TYPE_CHECKING:
    from bpmn.wall.steps import Step

_REFUSALS = (sandbox.ScriptFailed, sandbox.ScriptRefused)


class ScriptEngine:
    """The two calls that SpiffWorkflow's nodes make."""

    def evaluate(self, step: "Step", expression: str, external_context: Any = None) -> Any:
        return evaluate(step, expression, "expression")

    def execute(self, step: "Step", script: str, external_context: Any = None) -> bool:
        try:
            changes = sandbox.execute(script, step.data)
        except _REFUSALS as problem:
            raise script_failure("script", problem) from problem
        step.assign(changes)
        return True


def evaluate(step: "Step", expression: str, kind: str, extra: dict[str, Any] | None = None) -> Any:
    data = {**step.data, **extra} if extra else step.data
    try:
        return sandbox.evaluate(expression, data)
    except _REFUSALS as problem:
        raise script_failure(kind, problem) from problem


ENGINE = ScriptEngine()
