"""Gateways: exclusive choice, parallel and inclusive splits and joins, choice by event.

A token at a join is a step in state WAITING; firing consumes one token of each flow, so passes of a
loop cannot be mixed up. Parallel joins look when a token arrives, inclusive ones (`fire`) when
nothing else in the run can move without them.
"""

from collections import Counter
from typing import TYPE_CHECKING, Any

from SpiffWorkflow.bpmn.specs.defaults import ExclusiveGateway, InclusiveGateway, ParallelGateway
from SpiffWorkflow.bpmn.specs.mixins.bpmn_spec_mixin import BpmnSpecMixin

from bpmn.wall.facts import merge
from bpmn.wall.nodes import FlowNode
from bpmn.wall.scripts import evaluate
from bpmn.wall.troubles import CannotSkip, StepFailed

if TYPE_CHECKING:
    from bpmn.wall.scopes import ScopeSteps
    from bpmn.wall.steps import Step


class Choosing(FlowNode):
    """Takes the flows whose conditions hold, else the default flow."""

    cond_task_specs: list[tuple[Any, str]]
    _wf_spec: Any

    def choose(self, step: "Step", matching: list[str]) -> None:
        if not (matching or self._default()):
            raise StepFailed(
                "gateway",
                "没有一个出口条件成立，也没有默认出口；请改正数据后重试，或在图中指定默认出口。",
                "No outgoing condition holds and there is no default flow; correct the data and "
                "retry, or give the gateway a default flow.",
            )
        step.internal_data["chosen"] = matching or self._default()

    def matching(self, step: "Step") -> list[str]:
        return [
            name
            for condition, name in self.cond_task_specs
            if condition is not None and evaluate(step, condition.args[0], "condition")
        ]

    def flows(self, step: "Step") -> list[Any]:
        chosen = step.internal_data.pop("chosen", None) or self._default()
        return [self._wf_spec.task_specs[name] for name in chosen]

    def check_skip(self) -> None:
        if not self._default():
            raise CannotSkip(
                "该网关没有默认出口，跳过就要猜走哪一条；请改正数据后重试。",
                "This gateway has no default flow, so skipping would guess which way to go; "
                "correct the data and retry.",
            )

    def _default(self) -> list[str]:
        return [name for condition, name in self.cond_task_specs if condition is None]


class Exclusive(Choosing, ExclusiveGateway):
    def _run_hook(self, step: "Step") -> bool:
        self.choose(step, self._first(step))
        return True

    def _first(self, step: "Step") -> list[str]:
        for condition, name in self.cond_task_specs:
            if condition is not None and evaluate(step, condition.args[0], "condition"):
                return [name]
        return []


class Joining(FlowNode):
    """Keeps tokens until the join fires."""

    @property
    def is_join(self) -> bool:  # type: ignore[override]
        return len(self._inputs) > 1

    def consume(self, tokens: "list[Step]") -> None:
        """One token per flow becomes one; the last to arrive goes on, with everybody's facts."""
        going = tokens[-1]
        for token in tokens[:-1]:
            going.data, going.marks = merge(token.data, token.marks, going.data, going.marks)
            token.workflow.discard(token)
        going.internal_data.pop("via", None)
        going.ready()

    def first_tokens(self, scope: "ScopeSteps") -> "list[Step]":
        """The oldest tokens, as many of each flow as the join consumes; oldest first."""
        wanted = Counter(self._inputs)
        tokens = []
        for token in scope.waiting_at(self):
            if wanted[token.internal_data["via"]]:
                wanted[token.internal_data["via"]] -= 1
                tokens.append(token)
        return tokens


class Parallel(Joining, ParallelGateway):
    def _update_hook(self, step: "Step") -> bool:
        if not self.is_join:
            return True
        step.wait()
        tokens = self.first_tokens(step.workflow)
        if len(tokens) == len(self._inputs):
            self.consume(tokens)
        return False

    def _run_hook(self, step: "Step") -> bool:
        return True  # SpiffWorkflow's would merge the tokens of all passes


class Inclusive(Choosing, Joining, InclusiveGateway):
    upstream: dict[str, frozenset[str]]  # input -> nodes with a way to it that avoids this join

    def _update_hook(self, step: "Step") -> bool:
        if not self.is_join:
            return True
        step.wait()
        return False

    def _run_hook(self, step: "Step") -> bool:
        self.choose(step, self.matching(step))
        return True

    def fire(self, scope: "ScopeSteps") -> bool:
        """Fire if no token elsewhere could still fill an empty flow (and only that)."""
        tokens = self.first_tokens(scope)
        if not tokens:
            return False
        filled = {token.internal_data["via"] for token in tokens}
        blocking = self._reaching(set(self._inputs) - filled) - self._reaching(filled)
        elsewhere = {s.task_spec.name for s in scope.live() if s.task_spec is not self}
        if blocking & elsewhere:
            return False
        self.consume(tokens)
        return True

    def look_upstream(self) -> None:
        """Called once, after parsing."""
        self.upstream = {name: self._ways_to(name) for name in self._inputs}

    def _reaching(self, inputs: set[str]) -> frozenset[str]:
        return frozenset().union(*(self.upstream[name] for name in inputs))

    def _ways_to(self, name: str) -> frozenset[str]:
        seen, pending = {self.name}, [name]
        while pending:
            name = pending.pop()
            if name not in seen:
                seen.add(name)
                pending += self._wf_spec.task_specs[name]._inputs
        return frozenset(seen - {self.name})


class ByEvent(FlowNode, BpmnSpecMixin):
    """Arms the events behind it side by side; the first to happen calls off the others."""

    @staticmethod
    def call_off_others(step: "Step") -> None:
        """`step`, one of the events, has happened."""
        for other in step.parent.children:
            if other is not step:
                other.dismiss()
