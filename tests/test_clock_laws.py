"""Clocks: what holds for any history; and a ticket's rows are what its history makes of them."""

import random
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event
from sqlmodel import col, select

from bpmn import library
from records import Clock, Entry
from records.database import open_session
from tasks.faults import promises, tickets
from tasks.sla import clocks
from tests import fault_walks
from tests.asking import publish_fault
from tests.clock_stories import CALENDARS, DEFINITIONS, fired, limits, minute, opened, reading, told
from tests.fault_walks import FAULT, Walk, example

QUICK = settings(max_examples=60, deadline=None)
LAST = 600  # minutes that a made-up ticket lives
VERBS = ("suspended", "resumed", "progress told", "customer told", "accepted", "judged")
VERBS += ("restored", "reopened", "merged", "limit set", "suspended with its parent")
PAUSE, RESUME = {"suspended", "suspended with its parent"}, {"resumed"}


def entry(minute_and_verb):
    at, verb = minute_and_verb
    return limits(at, restore=120 + 30 * (at % 7)) if verb == "limit set" else told(at, verb)


def entries_of(*verbs, most=12):
    moments = st.tuples(st.integers(0, LAST), st.sampled_from(verbs))
    return st.lists(moments, max_size=most).map(lambda told: [entry(each) for each in sorted(told)])


stops = entries_of("suspended", "resumed")
anything = entries_of(*VERBS)


def paused_minutes(entries, until):
    """Minute by minute: whether it was suspended when that minute began."""
    changes = {}
    for each in entries:
        if each.verb in PAUSE | RESUME:
            changes[minute(each.at)] = each.verb in PAUSE
    is_paused, found = False, set()
    for one in range(until):
        is_paused = changes.get(one, is_paused)
        found |= {one} if is_paused else set()
    return found


@given(stops, st.integers(0, LAST), st.integers(1, 500))
@QUICK
def test_pauses_survive_a_regrade(entries, when, limit):
    regraded = sorted([*entries, limits(when, restore=limit)], key=lambda each: each.at)
    found = reading("restore", [*opened(), *regraded], LAST)
    paused = paused_minutes(regraded, 3 * LAST)
    counted = [one for one in range(3 * LAST) if one not in paused]
    if len(counted) > limit:
        assert minute(found.due_at) in (counted[limit], counted[limit - 1] + 1)
    else:
        assert found.state == "paused"


@given(stops, st.integers(0, LAST))
@QUICK
def test_nothing_is_missed_while_it_is_paused(entries, now):
    entries = [each for each in entries if minute(each.at) <= now]
    found = reading("restore", [*opened(), *entries], now)
    counted = now - len(paused_minutes(entries, now))
    assert found.elapsed_seconds == counted * 60
    assert (found.breached_at is None) == (counted <= 240 and found.remaining_seconds >= 0)
    if found.state == "paused":
        assert found.next_at is None and all(
            rung.instant is None for rung in found.rungs if not rung.fired_at
        )


@given(anything, st.lists(st.integers(1, LAST), max_size=6))
@QUICK
def test_what_the_customer_is_told_touches_no_other_clock(entries, minutes):
    more = [told(at, "progress told") for at in minutes]
    more += [fired(at, "progress", "100%", cycle=n) for n, at in enumerate(minutes, 1)]
    both = sorted([*entries, *more], key=lambda each: each.at)
    for name in DEFINITIONS.keys() - {"progress", "first_feedback"}:
        without = reading(name, [*opened(), *entries], LAST)
        assert reading(name, [*opened(), *both], LAST) == without
    first = reading("first_feedback", [*opened(), *both], LAST)
    assert first.cycle == 1 and not any(rung.fired_at for rung in first.rungs)


@given(st.integers(60, 5_000), st.integers(1, 300))
@QUICK
def test_after_an_outage_a_repeating_clock_is_told_once(when, every):
    entries = [*opened(progress_every=every)]
    assert minute(reading("progress", entries, when).next_at) == every
    if when >= every:
        after = reading("progress", [*entries, fired(when, "progress", "100%")], when)
        assert when < minute(after.next_at) <= when + every
        assert minute(after.next_at) % every == 0 and after.cycle == 2


@given(anything, st.integers(0, LAST))
@QUICK
def test_a_clock_never_breaks_and_its_rungs_are_in_order(entries, now):
    for name in DEFINITIONS:
        found = reading(name, [*opened(), *entries], now)
        waiting = [r.instant for r in found.rungs if r.instant and not r.fired_at] if found else []
        assert waiting == sorted(waiting)
        assert found is None or found.next_at == (waiting[0] if waiting else None)
        assert found is None or [r.number for r in found.rungs] == list(
            range(1, len(found.rungs) + 1)
        )


@given(anything, st.integers(LAST, 9 * LAST))
@QUICK
def test_what_is_kept_of_a_clock_does_not_depend_on_when_it_is_computed(entries, later):
    for name in DEFINITIONS:
        now, then = (reading(name, [*opened(), *entries], at) for at in (LAST, later))
        assert (now and (now.state, now.due_at, now.next_at, now.rungs)) == (
            then and (then.state, then.due_at, then.next_at, then.rungs)
        )


@given(stops, st.integers(1, 480), st.integers(0, LAST))
@QUICK
def test_office_hours_and_pauses_add_up(entries, limit, now):
    found = reading("restore", [*opened(restore=limit, calendar="office"), *entries], now)
    office = CALENDARS["office"]
    end = found.started_at + timedelta(minutes=now)
    paused = sum(office.between(p.started_at, min(p.ended_at or end, end)) for p in found.pauses)
    assert found.elapsed_seconds + paused == office.between(found.started_at, end)


@pytest.fixture
def walk(session, cast, now):
    publish_fault(session, now)
    return Walk(session, cast, now)


def rows(session, ticket):
    mine = select(Clock).where(Clock.ticket_id == ticket.id).order_by(col(Clock.id))
    told = {row.name: row.model_dump(exclude={"id"}) for row in session.exec(mine)}
    session.commit()  # on SQLite, others may write
    return told


@pytest.mark.one_database
@pytest.mark.parametrize("seed", range(3))
def test_computing_again_from_history_gives_the_rows_that_are_kept(engine, walk, seed, monkeypatch):
    monkeypatch.setattr(fault_walks, "LARGEST_STATE", 64 * 1024)  # not what this is about
    chance = random.Random(seed)
    walk.call()
    for _ in range(12):
        walk.later(minutes=chance.randrange(1, 50))
        wander(walk, chance)
    kept = rows(walk.session, walk.ticket)
    assert {"accept", "restore", "progress"} <= kept.keys()
    with open_session(engine) as other:
        other.connection().execute(Clock.__table__.update().values(due_at=None, state="?", rung=7))
        clocks.follow(other, walk.ticket.id, walk.now + timedelta(days=3))
    walk.session.expire_all()
    assert rows(walk.session, walk.ticket) == kept


def wander(walk, chance):
    """One thing that may happen to the ticket next, as far as it may."""
    stop = {"reason": "other_operator", "evidence": "照片", "customer_told": True}
    grade = chance.choice(["AAA", "AA", "A", "std"])
    may = [lambda: walk.say("regrade", grade=grade, reason="x")]
    if walk.ticket.state == "suspended":
        may.append(lambda: walk.say("resume"))
    elif walk.ticket.state in ("dispatched", "accepted"):
        resume = walk.now + timedelta(minutes=90)
        may.append(lambda: walk.say("suspend", resume_at=resume, **stop))
        may.append(lambda: promise(walk))
        may += [lambda: work(walk, chance)] * 3
    chance.choice(may)()


def promise(walk):
    told = {"words": "在修", "by": "dora", "now": walk.now, "by_phone": True}
    promises.tell_progress(walk.session, walk.ticket, **told)
    walk.kept()


def work(walk, chance):
    for element, order in walk.orders().items():
        if order.state != "suspended":
            answers = {"domains": ["data"]} if element == "judge" else {}
            answers |= {"service_ok": chance.random() < 0.5} if element == "restore_test" else {}
            answers |= {"result": "fixed"} if "result" in example(order.form) else {}
            walk.do(element, **answers)
            break


def test_a_run_of_the_version_before_ladders_still_has_its_clocks(walk, session, now):
    files = {name: text.replace(LADDER_GIVEN, b"") for name, text in FAULT.items()}
    assert files != FAULT
    library.keep_version(session, files, [], by="owen", now=now)
    walk.call().do("accept_call")
    found = {each.name: each for each in clocks.read_all(session, walk.ticket, walk.now)}
    assert found["accept"].state == "met"
    assert [(rung.at, rung.to) for rung in found["restore"].rungs] == [("100%", "")]


LADDER_GIVEN = b'<spiffworkflow:parameter id="ladder" type="dict" value="ladder" />'


def test_a_limit_that_is_none_is_an_incident_and_the_ticket_goes_on(walk, session, now):
    wrong = {
        name: text.replace(b"<text>15</text>", b"<text>0</text>") for name, text in FAULT.items()
    }
    library.keep_version(session, wrong, [], by="owen", now=now)
    walk.ticket = tickets_of(walk)
    assert rows(session, walk.ticket) == {}
    entry = next(each for each in walk.entries() if each.verb == "failed")
    assert "0" in str(entry.particulars)


def tickets_of(walk):
    from bpmn import tickets as doors

    told = {**example("fault_intake.json"), "circuit_code": "HD-DIA-1"}
    ticket = doors.report(walk.session, told, by=walk.cast["ada"], now=walk.now)
    walk.session.commit()
    return ticket


def test_what_no_clock_listens_to_costs_no_statement(walk, session, now):
    walk.call()
    statements = []
    event.listen(session.bind, "before_cursor_execute", lambda *told: statements.append(told[2]))
    tickets.record(session, "alarm added", walk.ticket, "alarms", now, alarm=1)
    session.commit()
    assert [each for each in statements if "clock" in each.lower()] == []


def test_a_parent_and_its_children_are_followed_together(walk, session, now):
    walk.call()
    statements = []
    event.listen(session.bind, "before_cursor_execute", lambda *told: statements.append(told[2]))
    walk.later(minutes=9).say("regrade", grade="A", reason="x")
    looked = [each for each in statements if each.startswith("SELECT clock")]
    assert len(looked) == 1


def test_the_tick_finds_what_is_due_by_one_indexed_column(walk, session, now):
    walk.call()
    due = select(Clock.name).where(col(Clock.next_at) <= walk.now + timedelta(minutes=15))
    assert set(session.exec(due)) == {"accept", "first_feedback"}
    last = select(Entry).where(
        Entry.subject == f"ticket:{walk.ticket.id}", Entry.verb == "limit set"
    )
    assert session.exec(last).one().particulars["policies"] == {"clocks": 0, "calendars": 0}
