"""Service steps: a call is asked for once, and the step stays STARTED until its result is known.

The caller's `services` either answers at once with a dict or says LATER; then `finish_call` and
`fail_call` of `live.py` bring the result. Which services exist is not known here.
"""

from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from SpiffWorkflow.spiff.specs import defaults as spiff

from bpmn.wall.facts import Facts, plain
from bpmn.wall.nodes import FlowNode
from bpmn.wall.scripts import evaluate
from bpmn.wall.signals import raise_error
from bpmn.wall.troubles import FactsRefused, Refused, ServiceFailed, StepFailed

if TYPE_CHECKING:
    from bpmn.wall.steps import Step


class Later(Enum):
    """The one value says: the result comes later, through `finish_call` or `fail_call`."""

    LATER = "later"


LATER: Final = Later.LATER


class ServiceRequest(NamedTuple):
    """`params` are evaluated; `data` are all facts of the step: neither may be changed."""

    step_id: int
    element_id: str
    service: str
    params: Facts
    data: Facts
    attempt: int = 1
    retries: int | None = None  # as the diagram says; the caller's outbox keeps to it
    backoff: int | None = None


Services: TypeAlias = Callable[[ServiceRequest], dict[str, Any] | Later]


class ServiceStep(FlowNode, spiff.ServiceTask):
    def _execute(self, step: "Step") -> bool | None:
        params = {
            name: evaluate(step, param["value"], "parameter")
            for name, param in self.operation_params.items()
        }
        memory = step.internal_data
        memory.update(attempt=memory.get("attempt", 0) + 1, params=params)
        answer = self._ask(step, self.request(step))
        if answer is None or answer is LATER:
            return None
        self.take_result(step, answer)
        return True

    def request(self, step: "Step") -> ServiceRequest:
        """The call as it was asked for."""
        return ServiceRequest(
            step.id,
            self.bpmn_id or "",
            self.operation_name,
            step.internal_data["params"],
            step.data,
            step.internal_data["attempt"],
            self.retries,
            self.retry_backoff_base,
        )

    def take_result(self, step: "Step", result: Any) -> None:
        step.assign({self.result_variable: plain(result)})
        step.internal_data.pop("params", None)

    def give_up(self, step: "Step", code: str, message: str) -> None:
        """The call failed for good: an error event of the diagram, else the step's Trouble."""
        if not raise_error(step, code, {"code": code, "message": message}):
            step.fail(_failure(self.operation_name, f"{code} {message}".strip()), "run")

    def _ask(self, step: "Step", request: ServiceRequest) -> Any:
        try:
            return step.workflow.top_workflow.services(request)
        except ServiceFailed as problem:
            self.give_up(step, problem.code, problem.message)
        except FactsRefused:
            raise
        except Refused as problem:
            raise StepFailed("service", problem.zh, problem.en) from problem
        except Exception as problem:
            said = f"{type(problem).__name__}: {problem}"
            raise _failure(self.operation_name, said) from problem
        return None


def _failure(service: str, said: str) -> StepFailed:
    return StepFailed(
        "service",
        f"服务 {service} 未成功：{said}；请排除原因后重试，或跳过该步骤。",
        f"The service {service} did not succeed: {said}. Remove the cause and retry, or skip.",
    )
