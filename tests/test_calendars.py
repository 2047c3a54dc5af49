"""Calendars: hours that count, holidays that do not, make-up workdays, the turn of a year."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks import policies
from tasks.__main__ import holidays_of, main
from tasks.policy_checks import check_alone
from tasks.sla.calendars import calendars_of

ZONE = ZoneInfo("Asia/Shanghai")
OFFICE = calendars_of(policies.shipped("calendars"), 1)["office"]
ALWAYS = calendars_of(policies.shipped("calendars"), 1)["24x7"]
HOUR, DAY = 3600, 8 * 3600  # of office hours: 08:30 to 12:00, 13:30 to 18:00
FIRST = datetime(2025, 1, 1, tzinfo=UTC)
instants = st.integers(0, 4 * 365 * 86_400).map(lambda second: FIRST + timedelta(seconds=second))


def at(text):
    """ "02-29 17:30" of 2028, as it is in Shanghai."""
    return datetime.fromisoformat(text if text[2] != "-" else f"2028-{text}").replace(tzinfo=ZONE)


MOMENTS = {  # from when, so many seconds: until when
    "within the morning": ("2026-03-11 09:00", HOUR, "2026-03-11 10:00"),
    "over lunch": ("2026-03-11 11:30", HOUR, "2026-03-11 14:00"),
    "from the night": ("2026-03-11 02:14", HOUR, "2026-03-11 09:30"),
    "over a weekend": ("2026-03-13 17:30", HOUR, "2026-03-16 09:00"),
    "to the leap day": ("2028-02-28 17:30", HOUR, "2028-02-29 09:00"),
    "over the leap day": ("2028-02-28 18:00", DAY + HOUR, "2028-03-01 09:30"),
    "no leap day": ("2026-02-27 17:30", HOUR, "2026-02-28 09:00"),  # a make-up Saturday
    "to a make-up Saturday": ("2026-10-09 17:30", HOUR, "2026-10-10 09:00"),
    "to a make-up Sunday": ("2026-01-03 12:00", HOUR, "2026-01-04 09:30"),
    "over the Spring Festival": ("2026-02-14 17:30", HOUR, "2026-02-24 09:00"),
    "over the National Day": ("2026-09-30 17:30", HOUR, "2026-10-08 09:00"),
    "over the year's turn": ("2025-12-31 17:30", HOUR, "2026-01-04 09:00"),
    "beyond what it covers": ("2028-12-29 17:30", HOUR, "2029-01-01 09:00"),
}


@pytest.mark.parametrize("begin, seconds, end", MOMENTS.values(), ids=MOMENTS)
def test_time_counts_in_the_hours_that_are_worked(begin, seconds, end):
    assert OFFICE.add(at(begin), seconds) == at(end)
    assert OFFICE.between(at(begin), at(end)) == seconds


@pytest.mark.parametrize(
    "begin, days, end",
    [
        ("2026-03-11 02:14", 1, "2026-03-12 18:00"),
        ("2026-03-13 09:00", 1, "2026-03-16 18:00"),
        ("2026-10-09 23:00", 1, "2026-10-10 18:00"),  # a make-up Saturday
        ("2025-12-31 09:00", 2, "2026-01-05 18:00"),
    ],
)
def test_working_days_begin_with_the_next_and_end_with_the_hours(begin, days, end):
    assert OFFICE.add_days(at(begin), days) == at(end)


def test_what_never_closes_counts_every_second():
    begin = at("2028-02-28 23:00")
    assert ALWAYS.add(begin, 25 * HOUR) == begin + timedelta(hours=25)
    assert ALWAYS.between(begin, at("2028-03-01 00:00")) == 25 * HOUR
    assert ALWAYS.is_open(begin) and ALWAYS.covers(begin)
    assert ALWAYS.add_days(begin, 1) == at("2028-03-01 00:00")


def test_it_knows_when_it_is_open_and_what_it_covers():
    assert OFFICE.is_open(at("2026-10-10 09:00")) and not OFFICE.is_open(at("2026-10-01 09:00"))
    assert not OFFICE.is_open(at("2026-03-11 12:30"))
    assert not OFFICE.is_open(at("2026-03-11 12:00")) and OFFICE.is_open(at("2026-03-11 13:30"))
    assert OFFICE.covers(at("2028-12-31 23:59")) and not OFFICE.covers(at("2029-01-01 00:00"))
    assert OFFICE.is_provisional(at("2027-05-01 00:00"))


@given(instants, st.integers(1, 40 * DAY))
@settings(max_examples=60, deadline=None)
def test_what_was_added_is_what_lies_between(begin, seconds):
    for calendar in (OFFICE, ALWAYS):
        end = calendar.add(begin, seconds)
        assert end > begin and calendar.between(begin, end) == seconds


@given(instants, instants, instants)
@settings(max_examples=40, deadline=None)
def test_the_parts_of_a_time_add_up(one, two, three):
    a, b, c = sorted((one, two, three))
    begin = c - timedelta(days=60) if c - a > timedelta(days=60) else a  # not years of days
    a, b = max(a, begin), max(b, begin)
    assert OFFICE.between(a, b) + OFFICE.between(b, c) == pytest.approx(OFFICE.between(a, c))


def test_a_zone_with_summer_time_loses_and_gains_its_hour():
    told = {"week": {"sun": [["00:00", "24:00"]]}, "years": {}}
    content = {"zone": "Europe/Berlin", "calendars": {"sun": {"zh": "日", "en": "Sun"} | told}}
    sundays = calendars_of(content, 1)["sun"]
    spring, autumn = (
        datetime(2026, *day, tzinfo=ZoneInfo("Europe/Berlin")) for day in ((3, 29), (10, 25))
    )
    lengths = [sundays.between(day, day + timedelta(days=1)) / HOUR for day in (spring, autumn)]
    assert lengths == [23, 25]


def test_the_shipped_years_are_those_of_the_library():
    years = policies.shipped("calendars")["calendars"]["office"]["years"]
    for year in ("2025", "2026"):
        assert holidays_of(int(year)) | {"source": ""} == years[year] | {"source": ""}
    assert "2026-02-14" in years["2026"]["workdays"] and years["2027"]["is_provisional"]


def test_the_command_puts_years_into_a_file(tmp_path, capsys):
    file = tmp_path / "calendars.json"
    file.write_bytes(orjson.dumps(policies.shipped("calendars")))
    assert main(["calendar", "2025", "2026", "--into", str(file)]) == 0
    content = orjson.loads(file.read_bytes())
    assert check_alone("calendars", content) == []
    assert calendars_of(content, 1)["office"].last == date(2026, 12, 31)
    assert main(["calendar", "2026", "2026"]) == 0
    assert "2026-10-10" in capsys.readouterr().out
