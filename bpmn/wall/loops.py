"""Steps that run several times: multi-instance (side by side or in turn) and standard loops.

The loop's step is STARTED while instances run; they are steps below it whose node names it as
`loop`. What is collected so far is in the loop step's `internal_data`; finished instances may be
pruned.
"""

from typing import TYPE_CHECKING, Any

from SpiffWorkflow.spiff.specs import defaults as spiff

from bpmn.wall.facts import merge
from bpmn.wall.nodes import FlowNode
from bpmn.wall.scripts import evaluate
from bpmn.wall.troubles import FactsRefused, StepFailed

if TYPE_CHECKING:
    from bpmn.wall.steps import Step

MAX_INSTANCES = 1000


class Looping(FlowNode):
    """Both kinds of loop."""

    task_spec: str  # name of the instances' node
    _wf_spec: Any

    def begin_instance(self, step: "Step", item: dict[str, Any], key: Any = None) -> None:
        spec = self._wf_spec.task_specs[self.task_spec]
        child: Step = step.follow(spec)
        child.internal_data["item"] = key
        try:
            child.assign(item)
        except FactsRefused as problem:
            child.fail(problem, "enter")
        else:
            child.changes = {}
            spec.enter(child)

    def running(self, step: "Step") -> "list[Step]":
        return [c for c in step.children if c.task_spec.loop == self.name and c.is_live]

    def _on_cancel(self, step: "Step") -> None:
        """The instances are steps below and are cancelled with it."""


class Instances(Looping):
    """One instance for each item of a collection, or a number of them."""

    cardinality: str | None
    data_input: Any
    data_output: Any
    input_item: Any
    output_item: Any
    condition: str | None
    is_sequential = False

    def _update_hook(self, step: "Step") -> bool:
        spiff.SpiffBpmnTask._update_hook(self, step)  # the pre-script
        keys = self._keys(step)
        step.internal_data.update(keys=keys, next=0, done=[])
        if not keys:
            return True
        step.start()
        for _ in keys[:1] if self.is_sequential else keys:
            self._begin_next(step)
        return False

    def instance_done(self, step: "Step", child: "Step") -> None:
        memory = step.internal_data
        done = [*memory["done"], [child.internal_data["item"], self._output(child)]]
        is_enough = self._is_enough(step, child, done)
        memory["done"] = done
        if not self.data_output:
            facts = {name: v for name, v in child.data.items() if name not in self._item_names()}
            step.data, step.marks = merge(step.data, step.marks, facts, child.marks)
        if is_enough or len(done) == len(memory["keys"]):
            self._finish(step, child)
        elif self.is_sequential:
            self._begin_next(step)

    def _run_hook(self, step: "Step") -> bool:
        if self.data_output:
            step.assign({self.data_output.bpmn_id: self._collected(step)})
        return True

    def _finish(self, step: "Step", last: "Step") -> None:
        for other in self.running(step):
            if other is not last:
                other.cancel()
        step.ready()

    def _begin_next(self, step: "Step") -> None:
        at = step.internal_data["next"]
        key = step.internal_data["keys"][at]
        step.internal_data["next"] = at + 1
        item = {}
        if self.input_item:
            item[self.input_item.bpmn_id] = self._source(step)[key] if self.data_input else key
        self.begin_instance(step, item, key)

    def _keys(self, step: "Step") -> list[Any]:
        if self.data_input is None:
            return list(range(self._count(step)))
        source = self._source(step)
        if not isinstance(source, list | dict):
            raise _no_collection(self.data_input.bpmn_id)
        return list(range(_bounded(len(source)))) if isinstance(source, list) else list(source)

    def _count(self, step: "Step") -> int:
        count = evaluate(step, self.cardinality or "", "loop")
        if isinstance(count, bool) or not isinstance(count, int) or count < 0:
            raise StepFailed(
                "loop",
                f"多实例次数 {count!r} 不是非负整数；请改正数据后重试。",
                f"The number of instances {count!r} is not a whole number from 0 on; correct the "
                "data and retry.",
            )
        return _bounded(count)

    def _source(self, step: "Step") -> Any:
        return step.data.get(self.data_input.bpmn_id)

    def _output(self, child: "Step") -> Any:
        return child.data.get(self.output_item.bpmn_id) if self.output_item else None

    def _is_enough(self, step: "Step", child: "Step", done: list[Any]) -> bool:
        if self.condition is None:
            return False
        counts: dict[str, Any] = {
            "nrOfInstances": len(step.internal_data["keys"]),
            "nrOfCompletedInstances": len(done),
            "nrOfActiveInstances": len(self.running(step)) - 1,
        }
        if self.data_output:
            counts[self.data_output.bpmn_id] = [value for _, value in done]
        return bool(evaluate(child, self.condition, "condition", counts))

    def _collected(self, step: "Step") -> Any:
        """In the order of the items; beginning with the input if that is what is replaced."""
        done = step.internal_data["done"]
        source = self._source(step) if self.data_input else []
        if self.data_input and self.data_input.bpmn_id == self.data_output.bpmn_id:
            collected = source.copy()
            for key, value in done:
                collected[key] = value
            return collected
        if isinstance(source, dict):
            return dict(done)
        return [value for _, value in sorted(done, key=lambda pair: pair[0])]

    def _item_names(self) -> set[str]:
        return {item.bpmn_id for item in (self.input_item, self.output_item) if item}


class ParallelInstances(Instances, spiff.ParallelMultiInstanceTask):
    pass


class SequentialInstances(Instances, spiff.SequentialMultiInstanceTask):
    is_sequential = True


class StandardLoop(Looping, spiff.StandardLoopTask):
    """Again and again while the condition holds, `maximum` times at most."""

    def _update_hook(self, step: "Step") -> bool:
        spiff.SpiffBpmnTask._update_hook(self, step)  # the pre-script
        step.internal_data["passes"] = 0
        if self.test_before and not self._goes_on(step, step, 0):
            return True
        step.start()
        self.begin_instance(step, {})
        return False

    def instance_done(self, step: "Step", child: "Step") -> None:
        passes = step.internal_data["passes"] + 1
        goes_on = self._goes_on(step, child, passes)
        step.internal_data["passes"] = passes
        step.data, step.marks = dict(child.data), child.marks
        if goes_on:
            self.begin_instance(step, {}, passes)
        else:
            step.ready()

    def _run_hook(self, step: "Step") -> bool:
        return True

    def _goes_on(self, step: "Step", latest: "Step", passes: int) -> bool:
        if self.maximum is not None and passes >= self.maximum:
            return False
        return self.condition is None or bool(evaluate(latest, self.condition, "condition"))


def _bounded(count: int) -> int:
    if count > MAX_INSTANCES:
        raise StepFailed(
            "loop",
            f"多实例次数 {count} 超过上限 {MAX_INSTANCES}；请拆分后重试。",
            f"{count} instances are more than the limit of {MAX_INSTANCES}; split the work.",
        )
    return count


def _no_collection(name: str) -> StepFailed:
    return StepFailed(
        "loop",
        f"多实例的输入 {name} 不是列表或对象；请补充数据后重试。",
        f"The input {name} of the multi-instance step is neither list nor object; correct the "
        "data and retry.",
    )
