"""`python -m tests.support_page` writes docs/bpmn-support.md from the rows of support_*.py."""

from pathlib import Path

from tests.support_boundaries import BOUNDARIES
from tests.support_events import CATCHES, ENDS, THROWS
from tests.support_gateways import FLOWS, GATEWAYS
from tests.support_rows import Row
from tests.support_scopes import DRAWING, SUBPROCESSES
from tests.support_starts import EVENT_SUBPROCESSES, STARTS
from tests.support_steps import REPEATS, TASKS

PAGE = Path(__file__).parent.parent / "docs" / "bpmn-support.md"
PARTS: dict[str, list[Row]] = {
    "开始事件 / Start events of a process": STARTS,
    "事件子流程的开始事件 / Start events of an event subprocess": EVENT_SUBPROCESSES,
    "中间捕获事件 / Intermediate catch events": CATCHES,
    "中间抛出事件 / Intermediate throw events": THROWS,
    "结束事件 / End events": ENDS,
    "边界事件 / Boundary events": BOUNDARIES,
    "网关 / Gateways": GATEWAYS,
    "连线 / Sequence flows": FLOWS,
    "任务 / Tasks": TASKS,
    "重复 / Repeats": REPEATS,
    "子流程与调用 / Subprocesses and calls": SUBPROCESSES,
    "数据、泳池与图示 / Data, pools and drawing": DRAWING,
}
HEAD = """# What runs, and what is refused

Each line is a small diagram in one of the files `tests/support_*.py`. *Runs*: it passes the gate,
and a run of it, saved and restored at every step, does what BPMN 2.0 says. *Refused*: the gate
(`python -m bpmn check`) does not let it be published, with the finding that is named. Nothing is
half-run.

`tests/test_support.py` proves every line; `python -m tests.support_page` writes this page.

{runs} lines run, {refused} are refused.
"""


def page() -> str:
    rows = [row for part in PARTS.values() for row in part]
    refused = sum(bool(row.refused) for row in rows)
    text = HEAD.format(runs=len(rows) - refused, refused=refused)
    return text + "".join(section(*part) for part in PARTS.items())


def section(name: str, rows: list[Row]) -> str:
    lines = "".join(f"| {row.name} | {verdict(row)} |\n" for row in rows)
    return f"\n## {name}\n\n| | |\n|---|---|\n{lines}"


def verdict(row: Row) -> str:
    return f"refused: `{row.refused}`" if row.refused else "**runs**"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
