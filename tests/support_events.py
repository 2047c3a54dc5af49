"""Events in the flow and at its end. Each row is proved by test_support.py."""

from tests.diagram_maker import (
    boundary,
    catch,
    cycle,
    date,
    duration,
    gate,
    node,
    on,
    properties,
    subprocess,
    throw,
)
from tests.support_rows import COMPENSATE, CONDITION, LINK, SEVERAL, end, refused, runs, transaction

CATCHES = [
    runs(
        "消息 / Message",
        [catch("c", on("message", "msg"))],
        "s c A e",
        does="-; hear msg; A; do A; end e",
    ),
    runs(
        "消息，按关联键 / Message with a correlation key",
        [
            node(
                "intermediateCatchEvent",
                "c",
                properties(correlationKey="id") + on("message", "msg"),
            )
        ],
        "s c A e",
        does="-; hear msg 8; -; hear msg 7; A",
        data={"id": 7},
    ),
    runs("信号 / Signal", [catch("c", on("signal", "sig"))], "s c A e", does="-; signal sig; A"),
    runs(
        "定时：时长 / Timer: duration",
        [catch("c", duration("PT2H"))],
        "s c A e",
        does="-; wait 1; -; wait 1; A",
    ),
    runs(
        "定时：时刻 / Timer: instant",
        [catch("c", date("2026-08-01T11:00+08:00"))],
        "s c A e",
        does="-; wait 1; A",
    ),
    runs(
        "定时：由数据得出 / Timer: computed from facts",
        [catch("c", duration("limit.wait"))],
        "s c A e",
        does="-; wait 1; -; wait 1; A",
        data={"limit": {"wait": "PT2H"}},
    ),
    refused("定时：负时长 / Timer: negative", "bad-time", [catch("c", duration("-PT5M"))], "s c e"),
    refused(
        "定时：周期 / Timer: repetition",
        "cycle-fires-once",
        [catch("c", cycle("R3/PT1H"))],
        "s c A e",
    ),
    runs(
        "链接 / Link",
        [throw("t", LINK), catch("c", LINK)],
        "s A t",
        "c B e",
        does="do A; B; do B; end e",
    ),
    refused("条件 / Conditional", "unsupported-event", [catch("c", CONDITION)], "s c e"),
    refused("无 / None", "unsupported-event", [catch("c", "")], "s c e"),
    refused("多重 / Multiple", "several-events", [catch("c", SEVERAL)], "s c e"),
    refused(
        "并行多重 / Parallel multiple",
        "several-events",
        [node("intermediateCatchEvent", "c", SEVERAL, parallelMultiple="true")],
        "s c e",
    ),
]

THROWS = [
    runs("无 / None", [throw("t", "")], "s t A e", does="A; do A; end e"),
    runs("消息 / Message", [throw("t", on("message", "msg"))], "s t A e", does="A; told msg"),
    runs(
        "信号 / Signal",
        [gate("g", "parallel"), throw("t", on("signal", "sig")), catch("c", on("signal", "sig"))],
        "s g A t e",
        "g c B e",
        does="A; do A; B; told sig",
    ),
    runs(
        "升级 / Escalation",
        [
            subprocess("S", [throw("t", on("escalation", "esc"))], "s_S t B e_S"),
            boundary("b", "S", on("escalation", "esc"), interrupting=False),
        ],
        "s S e",
        "b H e2",
        does="B H",
    ),
    runs(
        "链接 / Link",
        [gate("m"), throw("t", LINK), catch("c", LINK), gate("g", default="e")],
        "s m A g e",
        ("g", "t", "again"),
        "c m",
        does="do A again=true; A; do A again=false; end e",
    ),
    refused(
        "链接，没有接收 / Link without its catch",
        "link-without-catch",
        [gate("g", "parallel"), throw("t", LINK)],
        "s g A e",
        "g t",
    ),
    refused("补偿 / Compensation", "unsupported-event", [throw("t", COMPENSATE)], "s t e"),
    refused("多重 / Multiple", "several-events", [throw("t", SEVERAL)], "s t e"),
]

ENDS = [
    runs(
        "无 / None",
        [gate("g", "parallel")],
        "s g A e",
        "g B e2",
        does="A B; do A; B; do B; end e e2",
    ),
    runs("消息 / Message", [end(on("message", "msg"))], "s A e", does="do A; told msg; end e"),
    runs(
        "信号 / Signal",
        [gate("g", "parallel"), end(on("signal", "sig")), catch("c", on("signal", "sig"))],
        "s g A e",
        "g c B e2",
        does="do A; B; told sig; do B; end e e2",
    ),
    runs(
        "错误 / Error",
        [
            subprocess("S", [end(on("error", "err"), "e_S")], "s_S B e_S"),
            boundary("b", "S", on("error", "err")),
        ],
        "s S A e",
        "b H e2",
        does="do B; H; do H; end e2",
    ),
    runs(
        "升级 / Escalation",
        [
            subprocess("S", [end(on("escalation", "esc"), "e_S")], "s_S B e_S"),
            boundary("b", "S", on("escalation", "esc"), interrupting=False),
        ],
        "s S A e",
        "b H e2",
        does="do B; A H",
    ),
    runs(
        "终止 / Terminate",
        [gate("g", "parallel"), end(on("terminate"))],
        "s g A e",
        "g B e2",
        does="A B; do A; end e",
    ),
    runs(
        "终止，在子流程里 / Terminate within a subprocess",
        [
            gate("g", "parallel"),
            subprocess(
                "S", [gate("h", "parallel"), end(on("terminate"), "e_S")], "s_S h B e_S", "h C e_T"
            ),
        ],
        "s g S A e",
        "g D e2",
        does="B C D; do B; A D",
    ),
    runs(
        "取消，在事务里 / Cancel within a transaction",
        [
            transaction("S", [end(on("cancel"), "e_S")], "s_S B e_S"),
            boundary("b", "S", on("cancel")),
        ],
        "s S A e",
        "b H e2",
        does="do B; H; do H; end e2",
    ),
    refused(
        "取消，不在事务里 / Cancel elsewhere",
        "cancel-without-transaction",
        [end(on("cancel"))],
        "s A e",
    ),
    refused("补偿 / Compensation", "unsupported-event", [end(COMPENSATE)], "s A e"),
    refused("多重 / Multiple", "several-events", [end(SEVERAL)], "s A e"),
    refused("没有结束事件 / No end event", "no-end", [], "s A"),
]
