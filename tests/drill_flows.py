"""python -m tests.drill_flows: a runner of flows is killed while one of its flows is at work.

The flow, an orphan now, ends its work; the runner is started again and its schedule goes on. Takes
a minute or two. The rest of what Prefect does for us is in test_flows.py; kills, drill_kills.py.
"""

import sys
import tempfile
import time
from pathlib import Path

from sqlmodel import col

from records import Shift
from records.database import connect, migrate
from tests.supervised import SHIFT_SECONDS, Supervised, until


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        engine = connect(f"sqlite:///{home / 'baton.db'}")
        migrate(engine)
        engine.dispose()
        begun = Supervised(home)
        try:
            return drill(begun)
        finally:
            begun.end()


def drill(begun: Supervised) -> int:
    began = time.monotonic()

    def tell(what: str) -> None:
        print(f"{time.monotonic() - began:5.0f} s  {what}", flush=True)

    until(lambda: begun.runs("slow", "Running") and begun.rows(col(Shift.flow) == "slow"))
    tell("the runner and a flow of it are at work; the runner is killed")
    was = begun.child("tests.served")
    was.kill()
    until(lambda: (again := begun.child("tests.served")) and again.pid != was.pid)
    tell("it was started again")
    (begun.home / "let-go").touch()
    until(lambda: begun.runs("slow", "Completed"))
    [row] = [one for one in begun.rows(col(Shift.flow) == "slow") if one.ended_at]
    tell("the flow that it left behind ended its work" + (" and FAILED" * row.has_failed))
    newest = begun.rows(col(Shift.flow_run) != "")[-1].id
    until(lambda: begun.rows(col(Shift.flow_run) != "", col(Shift.id) > newest))
    tell(f"its schedule, each {SHIFT_SECONDS} s, goes on")
    return int(row.has_failed)


if __name__ == "__main__":
    sys.exit(main())
