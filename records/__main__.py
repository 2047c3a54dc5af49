"""The database from the command line: python -m records migrate | verify | seed --size S|M|L"""

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from records import article_index, history, sealing
from records.database import connect, migrate, open_session
from records.progress import show_progress
from records.region import RegionRefused, seed
from records.schema import NotMigrated, require_migrations

HELP = """\
Prepare and check the database of Baton.

  python -m records migrate           make the tables, or bring them up to date
  python -m records seed --size S     fill them with a demo region: 海东省 Haidong, which nobody
                                      lives in, served by 蓝海通信 Lanhai, which nobody runs
  python -m records index             make the words that articles are found by anew
  python -m records verify            prove that nobody changed the history afterwards
"""
WHERE = """\
The database is var/baton.db, where the command is started. BATON_HOME names another folder,
BATON_DATABASE_URL another database: postgresql://user:password@host/name
"""
SIZES = {
    "S": "2,000 customers with 8,000 circuits, in seconds",
    "M": "20,000 customers with 80,000 circuits, in less than a minute",
    "L": "60,000 customers with 240,000 circuits, in some minutes",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """0: done. 1: the history is broken. 2: refused, with a sentence. 130: stopped."""
    chosen = _read(arguments)
    engine = connect()
    try:
        return int(chosen.command(engine, chosen))
    except (NotMigrated, RegionRefused) as refusal:
        return _say_why_not(refusal.zh, refusal.en)
    except OperationalError as error:
        place = engine.url.render_as_string(hide_password=True)
        return _say_why_not(f"数据库无响应：{place}", f"{place} does not answer: {error.orig}")
    except KeyboardInterrupt:
        print("Stopped; nothing of it was kept. Run it again when you like.", file=sys.stderr)
        return 130
    finally:
        engine.dispose()


def run_migrations(engine: Engine, _: argparse.Namespace) -> int:
    migrate(engine)
    print("The database is up to date.")
    return 0


def verify(engine: Engine, chosen: argparse.Namespace) -> int:
    """Exit code 1 where a chain or a seal is broken; each with its first broken entry."""
    require_migrations(engine)
    with open_session(engine, readonly=True) as session:
        chains, entries = history.count(session)
        broken = [
            f"{found.subject}, entry {found.seq}: {found.reason}"
            for found in history.breaks(session)
        ]
        newest, seals = sealing.last(session), sealing.count(session)
        torn = sealing.first_broken(session, chosen.seal)
        if torn:
            broken.append(f"seal {torn.id}: {torn.reason}" if torn.id else torn.reason)
    for told in broken:
        print(f"BROKEN {told}")
    held = f"{len(broken)} broken" if broken else "all hold"
    print(f"{chains} chains, {entries} entries, {seals} seals: {held}.")
    if newest:
        print(f"The newest seal, of {newest.at:%Y-%m-%d %H:%M} UTC: {newest.hash}")
    return 1 if broken else 0


def rebuild_index(engine: Engine, _: argparse.Namespace) -> int:
    require_migrations(engine)
    with show_progress() as progress, open_session(engine) as session:
        count = article_index.rebuild(session, progress)
    print(f"{count:,} articles can be found.")
    return 0


def seed_region(engine: Engine, chosen: argparse.Namespace) -> int:
    with show_progress() as progress:
        counts = seed(engine, chosen.size, progress, now=datetime.now(UTC))
    if counts.is_new:
        print("The region is there: " + ", ".join(f"{n:,} {of}" for of, n in counts.rows.items()))
        print("The demo accounts get their password when the server starts: make run")
    else:
        print(f"The region is there already, in size {counts.size}. Nothing was changed.")
        print("For another size, use an empty database: set BATON_HOME or BATON_DATABASE_URL.")
    return 0


def _read(arguments: Sequence[str] | None) -> argparse.Namespace:
    plain = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        prog="python -m records", description=HELP, epilog=WHERE, formatter_class=plain
    )
    commands = parser.add_subparsers(required=True, metavar="migrate | seed | index | verify")
    migrating = commands.add_parser("migrate", help="make the tables, or bring them up to date")
    migrating.set_defaults(command=run_migrations)
    indexing = commands.add_parser("index", help="make anew the words that articles are found by")
    indexing.set_defaults(command=rebuild_index)
    verifying = commands.add_parser("verify", help="compute every chain of history again")
    verifying.add_argument("--seal", metavar="HASH", help="of a seal that you kept: is it there?")
    verifying.set_defaults(command=verify)
    seeding = commands.add_parser(
        "seed",
        help="make the demo region",
        description="Make the demo region, the same every time. Doing it twice changes nothing.",
        epilog="\n".join(f"  {size}  {what}" for size, what in SIZES.items()) + "\n\n" + WHERE,
        formatter_class=plain,
    )
    seeding.add_argument("--size", choices=SIZES, default="S", help="how large (default: S)")
    seeding.set_defaults(command=seed_region)
    return parser.parse_args(arguments)


def _say_why_not(zh: str, en: str) -> int:
    print(zh, en, sep="\n", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
