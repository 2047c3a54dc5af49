"""python -m records migrate | verify | seed --size S|M|L"""

import argparse
import sys

from records import history
from records.database import connect, migrate, open_session


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m records", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("migrate", help="bring the database up to date")
    commands.add_parser("verify", help="compute every chain of history again")
    arguments = parser.parse_args()
    return {"migrate": run_migrations, "verify": verify}[arguments.command]()


def run_migrations() -> int:
    migrate(connect())
    print("The database is up to date.")
    return 0


def verify() -> int:
    """Exit code 1 where a chain is broken; each with its first broken entry."""
    with open_session(connect(), readonly=True) as session:
        chains, entries = history.count(session)
        broken = list(history.breaks(session))
    for found in broken:
        print(f"BROKEN {found.subject}, entry {found.seq}: {found.reason}")
    print(f"{chains} chains, {entries} entries, {len(broken)} broken.")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
