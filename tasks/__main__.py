"""Policies from the command line: python -m tasks calendar FROM UNTIL [--into FILE]"""

import argparse
import sys
from collections.abc import Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import orjson

HELP = """\
China's holidays and make-up workdays (调休) as data for the policy "calendars".

  python -m tasks calendar 2025 2028                                       print the years
  python -m tasks calendar 2025 2028 --into tasks/policies/calendars.json  put them into the office
                                                                           calendar of a file

The State Council says each November how the days of the next year are moved. Years that it has not
spoken of yet have their statutory days only, and are marked as provisional.
"""
SOURCE = "国务院办公厅放假通知 / State Council notice, PyPI holidays {}"


def main(arguments: Sequence[str] | None = None) -> int:
    chosen = _read(arguments)
    years = {str(year): holidays_of(year) for year in range(chosen.first, chosen.last + 1)}
    if chosen.into is None:
        print(orjson.dumps(years, option=orjson.OPT_INDENT_2).decode())
        return 0
    content = orjson.loads(chosen.into.read_bytes())
    content["calendars"]["office"]["years"] = years
    text = orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    chosen.into.write_bytes(text)
    print(f"{chosen.into}: {chosen.first} … {chosen.last}")
    return 0


def holidays_of(year: int) -> dict[str, Any]:
    """One year of a calendar, as the policy has it."""
    import holidays  # here, as it takes longer to load than all else

    # A day at the year's turn may be moved by the notice of the year after.
    zh, en = (
        holidays.country_holidays("CN", years=[year, year + 1], language=language)
        for language in ("zh_CN", "en_US")
    )
    days = {day: f"{zh[day]} / {en[day]}" for day in sorted(zh) if day.year == year}
    workdays = [day for day in sorted(zh.weekend_workdays) if day.year == year]
    return {
        "is_provisional": not workdays,
        "source": SOURCE.format(version("holidays")),
        "holidays": {day.isoformat(): name for day, name in days.items()},
        "workdays": {day.isoformat(): "调休上班 / Make-up workday" for day in workdays},
    }


def _read(arguments: Sequence[str] | None) -> argparse.Namespace:
    plain = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        prog="python -m tasks", description=HELP, formatter_class=plain
    )
    commands = parser.add_subparsers(required=True, metavar="calendar")
    calendar = commands.add_parser("calendar", help="China's holidays, as data")
    calendar.add_argument("first", type=_year, metavar="FROM")
    calendar.add_argument("last", type=_year, metavar="UNTIL")
    calendar.add_argument("--into", type=Path, metavar="FILE", help="a file of the policy")
    return parser.parse_args(arguments)


def _year(text: str) -> int:
    return date(int(text), 1, 1).year


if __name__ == "__main__":
    sys.exit(main())
