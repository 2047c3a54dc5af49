"""Where a run or an event subprocess starts. Each row is proved by test_support.py."""

from tests.diagram_maker import cycle, duration, node, on, on_event, several, subprocess, throw
from tests.support_rows import COMPENSATE, CONDITION, REFERENCE, SEVERAL, end, refused, runs, start

STARTS = [
    runs("无 / None", [], "s A e", does="A; do A; end e"),
    runs("消息 / Message", [start(on("message", "msg"))], "s A e", does="A; do A; end e"),
    refused("定时 / Timer", "unsupported-event", [start(duration("PT1H"))], "s A e"),
    refused("信号 / Signal", "unsupported-event", [start(on("signal", "sig"))], "s A e"),
    refused("条件 / Conditional", "unsupported-event", [start(CONDITION)], "s A e"),
    refused("多重 / Multiple", "several-events", [start(SEVERAL)], "s A e"),
    refused(
        "并行多重 / Parallel multiple",
        "several-events",
        [start(on("message", "msg"), parallelMultiple="true")],
        "s A e",
    ),
    refused(
        "引用的事件定义 / Event definition by reference",
        "unsupported-element",
        [start(REFERENCE)],
        "s A e",
    ),
    refused(
        "多个开始事件 / Several start events",
        "several-starts",
        [start(), start(name="s2")],
        "s A e",
        "s2 A",
    ),
    refused("没有开始事件 / No start event", "no-start", [node("userTask", "A")], "A e"),
    refused(
        "实例化的接收任务 / Instantiating receive task",
        "unsupported-attribute",
        [node("receiveTask", "X", messageRef="msg", instantiate="true")],
        "s X e",
    ),
]

EVENT_SUBPROCESSES = [
    runs(
        "消息，中断 / Message, interrupting",
        [on_event("E", on("message", "msg"), [], "s_E H e_E")],
        "s A e",
        does="A; hear msg; H; hear msg; H; do H; end",
    ),
    runs(
        "消息，非中断 / Message, non-interrupting",
        [on_event("E", on("message", "msg"), [], "s_E H e_E", stops=False)],
        "s A e",
        does="A; hear msg; hear msg; A H H; do A; do H; do H; end e",
    ),
    runs(
        "信号，中断 / Signal, interrupting",
        [on_event("E", on("signal", "sig"), [], "s_E H e_E")],
        "s A e",
        does="A; signal sig; H; signal sig; H; do H; end",
    ),
    runs(
        "信号，非中断 / Signal, non-interrupting",
        [on_event("E", on("signal", "sig"), [], "s_E H e_E", stops=False)],
        "s A e",
        does="A; signal sig; signal sig; A H H; do A; do H; do H; end e",
    ),
    runs(
        "定时，中断 / Timer, interrupting",
        [on_event("E", duration("PT1H"), [], "s_E H e_E")],
        "s A e",
        does="A; wait 1; H; do H; end",
    ),
    runs(
        "定时，非中断 / Timer, non-interrupting",
        [on_event("E", duration("PT1H"), [], "s_E H e_E", stops=False)],
        "s A e",
        does="A; wait 1; A H; wait 9; A H; do A; do H; end e",
    ),
    runs(
        "周期，非中断 / Repetition, non-interrupting",
        [on_event("E", cycle("R3/PT1H"), [], "s_E H e_E", stops=False)],
        "s A e",
        does="wait 1; A H; wait 1; A H H; wait 1; A H H H; wait 1; A H H H",
    ),
    refused(
        "周期，中断 / Repetition, interrupting",
        "cycle-fires-once",
        [on_event("E", cycle("R3/PT1H"), [], "s_E H e_E")],
        "s A e",
    ),
    runs(
        "错误 / Error",
        [
            on_event("E", on("error", "err"), [], "s_E H e_E"),
            subprocess("S", [end(on("error", "err"), "e_S")], "s_S B e_S"),
        ],
        "s S e",
        does="B; do B; H; do H; end",
    ),
    runs(
        "升级，中断 / Escalation, interrupting",
        [
            on_event("E", on("escalation", "esc"), [], "s_E H e_E"),
            throw("t", on("escalation", "esc")),
        ],
        "s A t B e",
        does="do A; H; do H; end",
    ),
    runs(
        "升级，非中断 / Escalation, non-interrupting",
        [
            on_event("E", on("escalation", "esc"), [], "s_E H e_E", stops=False),
            throw("t", on("escalation", "esc")),
        ],
        "s A t B e",
        does="do A; B H; do B; do H; end e",
    ),
    runs(
        "在内嵌子流程里，中断 / Within a subprocess, interrupting",
        [subprocess("S", [on_event("E", on("message", "msg"), [], "s_E H e_E")], "s_S B e_S")],
        "s S A e",
        does="B; hear msg; H; do H; A; do A; end e",
    ),
    refused(
        "条件 / Conditional",
        "unsupported-event",
        [on_event("E", CONDITION, [], "s_E H e_E")],
        "s A e",
    ),
    refused(
        "补偿 / Compensation",
        "unsupported-event",
        [on_event("E", COMPENSATE, [], "s_E H e_E")],
        "s A e",
    ),
    refused("无 / None", "unsupported-event", [on_event("E", "", [], "s_E H e_E")], "s A e"),
    refused(
        "多重 / Multiple", "several-events", [on_event("E", SEVERAL, [], "s_E H e_E")], "s A e"
    ),
    refused(
        "重复的事件子流程 / Event subprocess with a loop or multi-instance marker",
        "repeated-event-subprocess",
        [
            on_event("E", on("message", "msg"), [], "s_E H e_E").replace(
                '"true">', f'"true">{several("sites")}', 1
            )
        ],
        "s A e",
    ),
]
