"""Business rule steps: they ask one of our own decision tables (`bpmn/dmn.py`)."""

from typing import TYPE_CHECKING, Any

from SpiffWorkflow.spiff.specs.spiff_task import SpiffBpmnTask

from bpmn import sandbox
from bpmn.wall.facts import Facts
from bpmn.wall.nodes import FlowNode
from bpmn.wall.traces import Decided
from bpmn.wall.troubles import StepFailed, script_failure

if TYPE_CHECKING:
    from bpmn.wall.steps import Step


class RuleStep(FlowNode, SpiffBpmnTask):
    """A result with one row is written name by name, a list of rows under `result_variable`."""

    table: Any
    decision_id = ""
    result_variable: str | None = None

    def _run_hook(self, step: "Step") -> bool:
        decision = self._decide(step)
        step.assign(self._facts(decision.result))
        step.decision = Decided(
            self.decision_id, self.table.name, tuple(decision.rows), decision.result
        )
        return True

    def _decide(self, step: "Step") -> Any:
        try:
            return self.table.decide(step.data)
        except (sandbox.ScriptFailed, sandbox.ScriptRefused) as problem:
            raise script_failure("decision", problem) from problem
        except Exception as problem:
            zh, en = getattr(problem, "zh", str(problem)), getattr(problem, "en", str(problem))
            raise StepFailed("decision", zh, en) from problem

    def _facts(self, result: Any) -> Facts:
        if self.result_variable or not isinstance(result, dict):
            return {self.result_variable or self.decision_id: result}
        return result
