"""The runner of test_flows.py: our own flows, and two that misbehave."""

import os
import time
from pathlib import Path

from workflows.flows import at_its_time, flow_of, serve
from workflows.schedule import Flow

PLACE = Path(os.environ.get("BATON_HOME", "."))  # where they leave what they saw


def fail_twice(engine, now):
    with (PLACE / "tries").open("a") as tries:
        tries.write("x")
    if len((PLACE / "tries").read_text()) < 3:
        raise RuntimeError("not yet")
    return 1


def take_long(engine, now):
    for _ in range(600):
        if (PLACE / "let-go").exists():
            return 1
        time.sleep(0.1)
    raise RuntimeError("nobody let it go")


flaky = flow_of("flaky", Flow(fail_twice, ":00", retries=3, delay=1), "tests.served")
slow = flow_of("slow", Flow(take_long, ":00"), "tests.served")

if __name__ == "__main__":
    serve(at_its_time(":00", flaky), at_its_time(":00", slow))
