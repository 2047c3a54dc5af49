"""What the wall relies on inside SpiffWorkflow 3.2.0: one assertion for each, so that an upgrade
fails here, with a name, and not in a run."""

import inspect
from importlib.metadata import version
from typing import Any

from SpiffWorkflow import TaskState
from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.parser.BpmnParser import BpmnParser
from SpiffWorkflow.bpmn.parser.node_parser import NodeParser
from SpiffWorkflow.bpmn.parser.ProcessParser import ProcessParser
from SpiffWorkflow.bpmn.parser.TaskParser import TaskParser
from SpiffWorkflow.bpmn.specs import BpmnProcessSpec
from SpiffWorkflow.bpmn.specs.bpmn_task_spec import _BpmnCondition
from SpiffWorkflow.bpmn.specs.mixins import ScriptTaskMixin, SubWorkflowTaskMixin
from SpiffWorkflow.bpmn.util.subworkflow import BpmnSubWorkflow
from SpiffWorkflow.spiff.specs import defaults
from SpiffWorkflow.spiff.specs.spiff_task import SpiffBpmnTask
from SpiffWorkflow.task import Task

from bpmn.wall import events, loops, nodes, subprocesses
from bpmn.wall.parser import DiagramParser
from tests.diagram_maker import Walk, boundary, duration, gate, node, read, several, subprocess


def source(thing: Any) -> str:
    return inspect.getsource(thing)


def test_the_version_is_the_one_that_the_wall_was_written_for() -> None:
    assert version("SpiffWorkflow") == "3.2.0"


def test_a_task_has_the_attributes_that_a_restored_step_is_given() -> None:
    step = next(Walk(read([], "s A e")).live.run.steps())
    plain = {"id", "workflow", "_parent", "_children", "_state", "triggered", "task_spec"}
    plain |= {"thread_id", "data", "internal_data", "last_state_change"}
    assert vars(step).keys() == plain | {"marks", "changes", "decision"}
    assert set(Task(step.workflow, step.task_spec, id=1).__dict__) == plain


def test_a_task_takes_its_id_and_enters_itself_with_workflow_and_parent() -> None:
    assert [*inspect.signature(Task.__init__).parameters][1:] == [
        "workflow",
        "task_spec",
        "parent",
        "state",
        "id",
    ]
    run = Walk(read([], "s A e")).live.run
    task = Task(run, run.spec.start, run.task_tree, id=77)
    assert run.tasks[77] is task and 77 in run.task_tree._children


def test_parent_and_children_are_looked_up_in_the_workflow() -> None:
    assert "self.workflow.tasks.get" in source(Task.parent.fget)
    assert "self.workflow.tasks.get" in source(Task.children.fget)


def test_states_have_the_numbers_that_are_stored() -> None:
    names = ["FUTURE", "WAITING", "READY", "STARTED", "COMPLETED", "ERROR", "CANCELLED"]
    assert [getattr(TaskState, name) for name in names] == [4, 8, 16, 32, 64, 128, 256]
    assert TaskState.NOT_FINISHED_MASK == 63


def test_a_workflow_that_is_deserialised_makes_no_task() -> None:
    assert BpmnWorkflow(BpmnProcessSpec("p"), deserializing=True).tasks == {}


def test_a_subworkflow_takes_spec_owner_and_run_and_counts_its_depth() -> None:
    names = [*inspect.signature(BpmnSubWorkflow.__init__).parameters][1:]
    assert names == ["spec", "parent_task_id", "top_workflow", "kwargs"]
    assert "parent_workflow" in source(BpmnSubWorkflow._calculate_depth)
    assert "self.top_workflow.script_engine" in source(BpmnSubWorkflow.script_engine.fget)


def test_a_run_keeps_open_subprocesses_by_the_id_of_the_step_that_opened_them() -> None:
    walk = Walk(read([subprocess("SP", [], "s2 A e2")], "s SP e"))
    ((owner, scope),) = walk.live.run.subprocesses.items()
    assert walk.live.run.find(owner).task_spec.name == "SP" and scope.parent_task_id == owner


def test_a_subprocess_step_calls_start_workflow_and_is_then_started() -> None:
    hook = source(SubWorkflowTaskMixin._update_hook)
    assert hook.index("self.start_workflow(my_task)") < hook.index("_set_state(TaskState.STARTED)")


def test_scripts_before_after_and_of_a_step_go_to_the_script_engine_of_the_run() -> None:
    call = "my_task.workflow.script_engine.execute(my_task, script)"
    assert call in source(SpiffBpmnTask.execute_script)
    assert "self.execute_script(my_task, self.prescript)" in source(SpiffBpmnTask._update_hook)
    assert "self.execute_script(my_task, self.postscript)" in source(
        SpiffBpmnTask._on_complete_hook
    )
    assert "script_engine.execute(task, self.script)" in source(ScriptTaskMixin._execute)


def test_a_condition_keeps_its_text_and_a_choice_its_pairs() -> None:
    assert _BpmnCondition("x > 1").args == ("x > 1",)
    spec = read(
        [gate("g", default="B")], "s g", ("g", "A", "x > 1"), "g B e", "A e"
    ).spec.task_specs["g"]
    pairs = [(condition and condition.args[0], name) for condition, name in spec.cond_task_specs]
    assert pairs == [("x > 1", "A"), (None, "B")]


def test_people_do_user_manual_and_plain_tasks() -> None:
    for tag in ("userTask", "manualTask", "task"):
        assert Walk(read([node(tag, "A")], "s A e")).open == ["A"]


def test_the_parser_offers_the_hooks_that_the_wall_overrides() -> None:
    text = source(TaskParser.parse_node)
    for hook in (
        "create_task",
        "parse_extensions",
        "parse_io_spec",
        "_add_loop_task",
        "_add_multiinstance_task",
        "_add_boundary_event",
        "get_position",
        "connect_outgoing",
    ):
        assert f"self.{hook}(" in text
    assert ".BoundaryEventSplit" in text
    assert "_get_parser_class(node.tag)" in source(ProcessParser.parse_node)
    assert "self.add_tasks()" in source(ProcessParser._parse)
    for hook in ("parse_incoming_data_references", "parse_outgoing_data_references"):
        assert f"self.{hook}()" in source(NodeParser.bpmn_attributes.fget)


def test_the_parser_wraps_what_a_hook_raises_so_that_it_can_be_unwrapped() -> None:
    text = source(TaskParser.parse_node)
    assert "except Exception as ex:" in text and "raise ValidationException(" in text


def test_a_process_is_registered_once_and_read_when_it_is_asked_for() -> None:
    assert "self.process_parsers[process_id]" in source(BpmnParser.get_process_parser)
    assert "self._add_data_stores(bpmn)" in source(BpmnParser.add_bpmn_xml)
    assert "self.document_lanes[document_key]" in source(BpmnParser._add_diagram_indexes)


def test_a_process_spec_lets_its_first_and_last_node_be_replaced() -> None:
    spec = read([], "s A e").spec
    assert [*spec.task_specs][:2] == [":start", ":end"]
    assert spec.task_specs["e"]._outputs == [":end"]


def test_a_loop_is_a_node_of_its_own_in_front_of_its_instances() -> None:
    specs = read(
        [node("userTask", "M", several("x")), boundary("T", "M", duration("PT1H"))], "s M e", "T e2"
    ).spec.task_specs
    assert (specs["M"].task_spec, specs["M [child]"].loop) == ("M [child]", "M")
    assert specs["M.BoundaryEventSplit"]._outputs == ["M", "T"]
    assert specs["M"].data_input.bpmn_id == "x" and specs["M"].input_item.bpmn_id == "item"


def test_nodes_are_connected_by_name() -> None:
    specs = read([gate("j", "parallel")], "s A j e").spec.task_specs
    assert (specs["j"]._inputs, specs["j"]._outputs) == (["A"], ["e"])
    assert specs["A"].outputs == [specs["j"]]


def test_service_tasks_keep_operation_parameters_and_result() -> None:
    names = [*inspect.signature(defaults.ServiceTask.__init__).parameters]
    assert {"operation_name", "operation_params", "result_variable", "retries"} <= {*names}


SAFE = {  # hooks of SpiffWorkflow that run unchanged; all others are the wall's own
    "TaskSpec._update_hook",
    "TaskSpec._run_hook",
    "TaskSpec._on_complete_hook",
    "TaskSpec._on_cancel",
    "BpmnTaskSpec._update_hook",
    "BpmnTaskSpec._on_complete_hook",
    "SpiffBpmnTask._update_hook",
    "SpiffBpmnTask._on_complete_hook",
    "SubWorkflowTask._update_hook",
    "ScriptEngineTask._run_hook",
}


def hooks_of(node_class: Any) -> set[str]:
    """Where each hook of a class comes from, without those of the wall."""
    found = set()
    for hook in ("_update_hook", "_run_hook", "_on_complete_hook", "_on_cancel"):
        owner = next(c for c in node_class.__mro__ if hook in vars(c))
        if not owner.__module__.startswith("bpmn.wall"):
            found.add(f"{owner.__name__}.{hook}")
    return found


def test_no_node_runs_a_hook_that_nobody_has_looked_at() -> None:
    classes = {cls for _, cls in DiagramParser.OVERRIDE_PARSER_CLASSES.values()}
    classes |= {nodes.ScopeStart, events.BoundarySplit, subprocesses.Listener}
    classes |= {subprocesses.EventSubprocessStep, loops.StandardLoop}
    classes |= {loops.ParallelInstances, loops.SequentialInstances}
    assert {hook for cls in classes for hook in hooks_of(cls)} <= SAFE
    assert all(issubclass(cls, nodes.FlowNode) for cls in classes)
