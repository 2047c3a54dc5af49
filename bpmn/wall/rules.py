"""Business rule steps: they ask one of our own decision tables (`bpmn/dmn.py`)."""

from typing import TYPE_CHECKING, Any

from SpiffWorkflow.spiff.specs.spiff_task import SpiffBpmnTask

from bpmn import dmn
from bpmn.wall.facts import Facts
from bpmn.wall.nodes import FlowNode
from bpmn.wall.traces import Decided
from bpmn.wall.troubles import StepFailed

if TYPE_CHECKING:
    from bpmn.wall.steps import Step


class RuleStep(FlowNode, SpiffBpmnTask):
    """A result with one row is written name by name, a list of rows under `result_variable`."""

    table: dmn.DecisionTable
    decision_id = ""
    result_variable: str | None = None

    def _run_hook(self, step: "Step") -> bool:
        decision = self._decide(step)
        step.assign(self._facts(decision.result))
        step.decision = Decided(decision.table, decision.name, decision.rows, decision.result)
        return True

    def _decide(self, step: "Step") -> dmn.Decision:
        try:
            return self.table.decide(step.data)
        except dmn.DecisionFailed as problem:
            raise StepFailed("decision", problem.zh, problem.en) from problem

    def _facts(self, result: Any) -> Facts:
        if self.result_variable or not isinstance(result, dict):
            return {self.result_variable or self.decision_id: result}
        return result
