"""python -m workflows [work] | replay FILE"""

import argparse
import logging
import os
import sys
from pathlib import Path

from records.database import connect
from records.region import NoRegion
from workflows import replay, shift
from workflows.traces import BadTrace


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m workflows", description=__doc__)
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("work", help="do timed work until stopped (the default)")
    replayed = commands.add_parser("replay", help="feed an alarm trace and close its tickets")
    replayed.add_argument("file", type=Path, help="a .csv, or a .tgz with Alarm.csv in it")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
    if arguments.command == "replay":
        return _replay(arguments.file)
    shift.work(connect(), shift.until_signalled())
    return 0


def _replay(path: Path) -> int:
    try:
        replay.replay(path, password=os.environ.get("BATON_DEMO_PASSWORD", "baton-demo"))
    except (BadTrace, NoRegion) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
