"""python -m workflows: keep the flows at work, listen, replay or score a trace, tour, or ask the
running API.
"""

import argparse
import json
import logging
import os
import sys
from pathlib import Path

from workflows.clerk import Answered, Clerk


def main() -> int:
    chosen = _read()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
    return int(chosen.command(chosen))


def work(chosen: argparse.Namespace) -> int:
    # Imported where they are used: “ask” would wait a second for what it does not need.
    from records.database import connect
    from workflows import shift, stopping

    stop = stopping.until_signalled()
    if chosen.until_left:
        stopping.until_left(stop)
    shift.work(connect(), stop, keep=sys.maxsize, longest=float("inf"))
    return 0


def serve(chosen: argparse.Namespace) -> int:
    from records.database import connect
    from records.schema import NotMigrated, require_migrations
    from workflows import stopping
    from workflows.supervising import supervise

    if chosen.only_worker and not os.environ.get("PREFECT_API_URL"):
        print("Name Prefect's server: PREFECT_API_URL=http://host:4200/api", file=sys.stderr)
        return 2
    stop = stopping.until_signalled()
    stopping.until_left(stop)
    engine = connect()
    try:
        require_migrations(engine)
    except NotMigrated as error:
        print(error, file=sys.stderr)
        return 2
    supervise(engine, stop, lambda page: print(f"Flows are at work: {page}", flush=True))
    engine.dispose()
    sys.stdout.flush()
    os._exit(0)  # a thread that waits for a far side keeps nobody here


def hear(_: argparse.Namespace) -> int:
    """Exit code 2 where it cannot listen, or was not told where."""
    from records.database import connect
    from workflows import stopping
    from workflows.listeners.settings import BadSetting, read_settings
    from workflows.listening import listen

    stop, engine = stopping.until_signalled(), connect()
    try:
        settings = read_settings()
        if not settings:
            raise BadSetting("Say where: BATON_SNMP=127.0.0.1:1162, BATON_SYSLOG=127.0.0.1:5514")
        listen(engine, stop, settings, lambda told: print(f"Listening: {told}", flush=True))
    except BadSetting as error:
        print(error, file=sys.stderr)
        return 2
    finally:
        engine.dispose()
    return 0


def run_flows(_: argparse.Namespace) -> int:
    from workflows import flows

    flows.serve()
    return 0


def play(chosen: argparse.Namespace) -> int:
    from records.region import NoRegion
    from records.schema import NotMigrated
    from workflows import replay
    from workflows.traces import BadTrace

    try:
        replay.replay(chosen.file, password=_password())
    except (BadTrace, NoRegion, NotMigrated) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def rate(chosen: argparse.Namespace) -> int:
    from workflows import score
    from workflows.traces import BadTrace

    try:
        told = {name: getattr(chosen, name) for name in ("size", "storms", "edition", "hours")}
        score.score(chosen.file, **told)
    except BadTrace as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def guide(chosen: argparse.Namespace) -> int:
    """Exit code 1 where an order does not come to its archive, a case, a plan not to its close."""
    from workflows import hot_tour, plan_tour, tour

    if chosen.of == "cable-cut":
        return int(plan_tour.walk_cable_cut()["run"]["state"] != "closed")
    if chosen.of == "hot-issue":
        told = hot_tour.walk_hot_issue()
        return int(any(one["state"] != "closed" for one in told["courses"] + told["surge"]))
    orders = tour.walk_activation()
    return int(any(each["order"]["state"] != "archived" for each in orders))


def plan(chosen: argparse.Namespace) -> int:
    """Exit code 1 where a need was not met once, or somebody was booked twice."""
    from workflows import plan_year

    told = plan_year.plan_year(chosen.size, days=chosen.days)
    wrong = ["of these, nobody needed", "met twice or more", "not met"]
    wrong += ["on a holiday or at a weekend", "crews booked twice at once"]
    return int(any(told[name] for name in wrong))


def ask(chosen: argparse.Namespace) -> int:
    """Print what the API answers; exit code 1 where it refuses, 2 where nobody answers."""
    try:
        body = json.loads(chosen.body or "{}")
        clerk = Clerk(int(os.environ.get("BATON_PORT", "8000")), chosen.login, _password())
        told = clerk.ask(chosen.method, chosen.path, None if chosen.method == "GET" else body)
    except Answered as refused:
        print(json.dumps(refused.told, ensure_ascii=False, indent=2), file=sys.stderr)
        return 1
    except json.JSONDecodeError as error:
        print(f"The body is not JSON ({error}): put it in single quotes", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"No answer ({error}): is the server running? make run", file=sys.stderr)
        return 2
    print(json.dumps(told, ensure_ascii=False, indent=2))
    return 0


def _password() -> str:
    return os.environ.get("BATON_DEMO_PASSWORD", "baton-demo")


def _read() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m workflows", description=__doc__)
    commands = parser.add_subparsers(
        required=True, metavar="serve | work | listen | replay | score | tour | plan-year | ask"
    )
    working = commands.add_parser("work", help="do timed work until stopped")
    working.add_argument(
        "--until-left", action="store_true", help="stop as well when standard input ends"
    )
    working.set_defaults(command=work)
    serving = commands.add_parser(
        "serve", help="keep Prefect and the flows at work until standard input ends"
    )
    serving.add_argument(
        "--only-worker", action="store_true", help="with the Prefect that PREFECT_API_URL names"
    )
    serving.set_defaults(command=serve)
    listening = commands.add_parser("listen", help="hear SNMP notifications and syslog")
    listening.set_defaults(command=hear)
    commands.add_parser("run-flows").set_defaults(command=run_flows)
    playing = commands.add_parser("replay", help="feed an alarm trace and close its tickets")
    playing.add_argument("file", type=Path, help="a .csv, or a .tgz with Alarm.csv in it")
    playing.set_defaults(command=play)
    rating = commands.add_parser("score", help="how well a trace, and storms, become tickets")
    rating.add_argument("file", type=Path, help="a .csv, or a .tgz with Alarm.csv in it")
    rating.add_argument("--size", choices=["XS", "S", "M"], default="S", help="of the region")
    rating.add_argument("--storms", type=int, default=30, help="how many")
    rating.add_argument("--edition", default="", help="any word: other storms of the same kinds")
    rating.add_argument("--hours", type=float, default=0, help="of the trace; 0: all of it")
    rating.set_defaults(command=rate)
    touring = commands.add_parser("tour", help="a story through the API, told afterwards")
    touring.add_argument("of", choices=["activation", "cable-cut", "hot-issue"])
    touring.set_defaults(command=guide)
    planning = commands.add_parser("plan-year", help="a year of planned inspections")
    planning.add_argument("--size", choices=["XS", "S", "M"], default="S", help="of the region")
    planning.add_argument("--days", type=int, default=365, help="how many of the year")
    planning.set_defaults(command=plan)
    asking = commands.add_parser("ask", help="ask the running API something, as a demo account")
    asking.add_argument("login", help="dora, nora, ada, liu, owen, mei or root")
    asking.add_argument("method", choices=["GET", "POST", "PUT", "PATCH", "DELETE"])
    asking.add_argument("path", help="/api/work-orders?queue=mine")
    asking.add_argument("body", nargs="?", help="JSON")
    asking.set_defaults(command=ask)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
