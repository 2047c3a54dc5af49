"""Each row of docs/bpmn-support.md, proved: it runs as BPMN says, or the gate refuses it."""

import json
from pathlib import Path
from typing import Any

import pytest

from bpmn import wall
from bpmn.checks import check, is_publishable
from tests.checked import KNOWN, drawn
from tests.diagram_maker import Walk
from tests.support_page import PAGE, PARTS, page
from tests.support_rows import Row

ROWS = {f"{part}: {row.name}": row for part, rows in PARTS.items() for row in rows}


def services(request: wall.ServiceRequest) -> Any:
    if request.service == "fails":
        raise wall.ServiceFailed("E1", "it failed")
    return wall.LATER if request.service == "later" else dict(request.params)


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS.keys())
def test_what_is_said_to_run_runs_and_what_is_said_to_be_refused_is(row: Row) -> None:
    bundle = drawn(
        row.nodes, *row.flows, extra=row.extra, more=row.more, tail=row.tail, files=row.files
    )
    findings = check(bundle, KNOWN)
    if row.refused:
        assert row.refused in {f.code for f in findings if f.severity == "error"}
    else:
        assert is_publishable(findings), findings
        drive(Walk(wall.read_blueprint(bundle, "p"), row.data, services), row.script)


def test_the_page_says_what_the_rows_say() -> None:
    assert Path(PAGE).read_text(encoding="utf-8") == page()


def drive(walk: Walk, script: str) -> None:
    """Raises AssertionError at the first line that does not come true."""
    for line in script.split(";"):
        verb, *words = line.split()
        if verb in ACTS:
            ACTS[verb](walk, *words)
        elif "=" in line:
            name, _, value = line.strip().partition("=")
            assert walk.live.data[name] == json.loads(value), line
        else:
            assert walk.open == sorted([verb, *words] if verb != "-" else []), line
        assert walk.troubled == [], line


def do(walk: Walk, element: str, *answers: str) -> None:
    walk.do(element, **{name: read(text) for name, _, text in (a.partition("=") for a in answers)})


def again(walk: Walk, element: str, times: str) -> None:
    for _ in range(int(times)):
        walk.do(element, again=True)


def hear(walk: Walk, name: str, key: str | None = None) -> None:
    walk.hear(name, key=key)


def signal(walk: Walk, name: str) -> None:
    walk.hear(name, "signal")


def answer(walk: Walk, element: str, number: str) -> None:
    call = next(call for call in walk.live.calls() if call.element_id == element)
    walk.live.finish_call(call.step_id, {"n": int(number)})
    walk.reload()


def told(walk: Walk, name: str) -> None:
    assert name in [thrown.name for thrown in walk.thrown]


def done(walk: Walk, element: str, times: str) -> None:
    traces = [t for t in walk.journal if t.element_id == element and t.state == "done"]
    assert len([t for t in traces if t.kind != "loop"]) == int(times)


def ended(walk: Walk, *ends: str) -> None:
    assert walk.live.finished and sorted(walk.live.ends) == sorted(ends)


def read(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


ACTS = {
    "do": do,
    "again": again,
    "hear": hear,
    "signal": signal,
    "answer": answer,
    "wait": lambda walk, hours: walk.wait(hours=int(hours)),
    "told": told,
    "done": done,
    "end": ended,
}
