"""Shifts: what they do, who is at work, how late they were; and flows with a time of their own."""

import threading
import time
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from sqlmodel import Session, select

from records import Lateness, Shift
from records.database import open_session
from tasks import shifts
from workflows import check_in, hours, lateness, planned, schedule, shift
from workflows.schedule import Flow, Job

ME = {"host": "here", "process": 1}


@pytest.fixture(autouse=True)
def nothing_noted():
    lateness.take(), lateness.take_failures()


@pytest.fixture
def quick(monkeypatch):
    """Signs of life follow each other faster than they do."""
    monkeypatch.setattr(shift, "BEAT", 0.01)


def rows(engine, table=Shift):
    with open_session(engine, readonly=True) as session:
        return session.exec(select(table).order_by(table.id)).all()


def test_a_shift_does_its_jobs_until_told_and_survives_one_that_fails(engine, quick, caplog):
    stop, seen = threading.Event(), []

    def fail(engine, now):
        seen.append(now)
        if len(seen) == 2:
            stop.set()
        raise RuntimeError("bad job")

    shift.work(engine, stop, todo={"fail": Job(fail, 0.01, "a"), "good": Job(one, 0.01, "b")})
    [row] = rows(engine)
    assert row.flow == "shift" and row.ended_at and row.done > 0 and row.failed >= 2
    assert row.error == "fail: RuntimeError: bad job" and "“fail” failed" in caplog.text


def one(engine, now):
    return 1


def test_a_lane_waits_for_no_other_lane(engine, quick):
    """As clocks must not wait for a mail server that does not answer."""
    stop, is_late, ticks = threading.Event(), threading.Event(), []

    def wait(engine, now):
        is_late.wait(5)
        return 0

    def tick(engine, now):
        ticks.append(now)
        if len(ticks) == 20:
            stop.set(), is_late.set()
        return 0

    shift.work(engine, stop, todo={"slow": Job(wait, 0.01, "far"), "fast": Job(tick, 0, "near")})
    assert len(ticks) >= 20


def test_a_shift_goes_when_two_newer_ones_are_at_work(engine, session, quick):
    stop, now = threading.Event(), datetime.now().astimezone()
    working = begin(engine, stop, {"idle": Job(lambda *_: 0, 0.01, "a")})
    until(lambda: len(rows(engine)) == 1)
    for flow_run in ("a", "b"):
        assert working.is_alive()
        with open_session(engine) as session:
            shifts.check_in(session, "shift", now=now, flow_run=flow_run, **ME)
    working.join(timeout=60)
    assert not working.is_alive() and rows(engine)[0].ended_at


def begin(engine, stop, todo):
    told = {"target": shift.work, "args": (engine, stop), "kwargs": {"todo": todo}}
    working = threading.Thread(**told, daemon=True)
    working.start()
    return working


def until(is_so):
    for _ in range(6_000):
        if is_so():
            return
        time.sleep(0.01)
    raise AssertionError("it did not come about")


def test_who_gives_no_sign_of_life_or_has_ended_does_not_count(session, now):
    told = {"done": 0, "failed": 0, "worst": 0.0}
    _, over, live = (shifts.check_in(session, "shift", now=now, **ME) for _ in range(3))
    shifts.check_in(session, "seal history", now=now, **ME)
    later = now + timedelta(seconds=10)
    shifts.check_out(session, over, now=later)
    shifts.beat(session, live, now=later, **told)
    assert shifts.count_live(session, now=later) == 1
    assert shifts.count_live(session, now=now) == 2
    assert shifts.count_live(session, now=later, after=live) == 0


def test_a_shift_whose_lane_is_stuck_gives_no_sign_of_life(engine, quick, monkeypatch):
    monkeypatch.setattr(shift, "STUCK", 0.02)
    stop, let_go = threading.Event(), threading.Event()
    working = begin(engine, stop, {"hang": Job(lambda *_: let_go.wait(60) and 0, 0.01, "clocks")})
    until(lambda: rows(engine))
    until(lambda: is_still(engine))
    assert is_still(engine)
    let_go.set(), stop.set()
    working.join(timeout=60)


def is_still(engine):
    seen = rows(engine)[0].seen_at
    time.sleep(0.1)
    return rows(engine)[0].seen_at == seen


def test_without_its_table_a_shift_works_on_and_checks_in_later(engine, monkeypatch, caplog):
    def fail(session, *args, **told):
        raise ConnectionError("gone")

    with monkeypatch.context() as context:
        context.setattr(shifts, "check_in", fail)
        own = check_in.CheckIn(engine, "shift")
    assert own.row == 0 and "could not check in" in caplog.text
    own.beat()
    assert own.row


def test_lateness_is_kept_by_job_and_minute(engine, now):
    for seconds in (-1, 0.5, 3, 0.1):
        lateness.note("fire clocks", seconds)
    assert lateness.write(engine, now) == 3
    assert lateness.write(engine, now) == 0
    [row] = rows(engine, Lateness)
    assert (row.job, row.minute, row.rows) == ("fire clocks", now.replace(second=0), 4)
    assert (row.median_seconds, row.worst_seconds) == (0.5, 3)


@pytest.mark.parametrize(
    "at, last, coming, cron",
    [
        ("02:10", "2026-03-10T18:10", "2026-03-11T18:10", "10 2 * * *"),  # in Shanghai: today
        ("10:14", "2026-03-11T02:14", "2026-03-12T02:14", "14 10 * * *"),  # this very minute
        ("12:00", "2026-03-10T04:00", "2026-03-11T04:00", "0 12 * * *"),
        (":07", "2026-03-11T02:07", "2026-03-11T03:07", "7 * * * *"),
        (":30", "2026-03-11T01:30", "2026-03-11T02:30", "30 * * * *"),
    ],
)
def test_times_of_day_are_those_of_shanghai(now, at, last, coming, cron):
    assert hours.last(at, now) == datetime.fromisoformat(f"{last}Z")
    assert hours.coming(at, now) == datetime.fromisoformat(f"{coming}Z")
    assert hours.cron(at) == cron


@pytest.fixture
def nightly(engine, monkeypatch):
    """A schedule with one flow, at 02:10; what it did; and Baton is three days old."""
    did = []
    flow = Flow(lambda engine, now: did.append(now) or len(did), "02:10")
    monkeypatch.setattr(schedule, "SCHEDULE", {"report": flow})
    with Session(engine) as session, session.begin():
        began = datetime.fromisoformat("2026-03-08T00:00Z")
        shifts.check_out(session, shifts.check_in(session, "shift", now=began, **ME), now=began)
    return did


def test_days_that_were_missed_are_made_up_for_once(engine, nightly, now, monkeypatch):
    monkeypatch.setattr(check_in, "utc_now", lambda: now)
    assert planned.missed(engine, now) == {"report": hours.last("02:10", now)}
    assert [planned.catch_up(engine, now) for _ in range(3)] == [1, 0, 0]
    assert nightly == [now]
    assert planned.missed(engine, now + timedelta(hours=15)) == {}
    assert planned.missed(engine, now + timedelta(hours=17))


def test_a_flow_that_has_never_run_waits_for_its_first_time(engine, nightly, now, monkeypatch):
    with Session(engine) as session, session.begin():
        session.exec(select(Shift)).one().started_at = now
    assert planned.missed(engine, now + timedelta(hours=1)) == {}


def test_prefect_has_its_time_before_anything_counts_as_missed(engine, nightly, now):
    due = hours.last("02:10", now)
    assert planned.missed(engine, due + timedelta(minutes=10)) == {}
    assert planned.missed(engine, due + timedelta(minutes=20))


def test_a_flow_that_fails_is_asked_for_again_but_not_at_once(engine, nightly, now, monkeypatch):
    def fail(engine, now):
        nightly.append(now)
        raise RuntimeError("no report")

    monkeypatch.setattr(schedule, "SCHEDULE", {"report": Flow(fail, "02:10")})
    for minute in range(0, 24 * 60, 15):
        at = now + timedelta(minutes=minute)
        monkeypatch.setattr(check_in, "utc_now", lambda at=at: at)
        planned.catch_up(engine, at)
    tries = [row for row in rows(engine) if row.flow == "report"]
    assert {(row.has_failed, row.error) for row in tries} == {(True, "RuntimeError: no report")}
    assert len(tries) == 2 * planned.TRIES  # for today, and from 02:10 for tomorrow
    gaps = {later - sooner for sooner, later in pairwise(nightly)}
    assert min(gaps) >= planned.GRACE
