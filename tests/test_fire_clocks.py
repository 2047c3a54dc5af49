"""The tick that fires clocks: many at once, a bad one put off, how late each was; the lists."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlmodel import func, select, update

from bpmn import tickets as runs_of
from records import Clock, Entry, Escalation, Notice, Ticket
from records.bold import boldly
from records.database import open_session
from records.history import breaks
from tasks.faults import tickets
from tests.asking import publish
from tests.fault_walks import FAULT, example
from tests.test_escalations import LADDER, MINUTE, limited, told
from workflows import clocks, lateness


def count(session, table):
    session.expire_all()
    return session.exec(select(func.count()).select_from(table)).one()


@pytest.fixture
def three(session, cast, now):
    return [limited(session, now, {"restore": 120}) for _ in range(3)]


def test_what_is_due_fires_and_how_late_it_was_is_noted(engine, session, three, now):
    lateness.take()
    assert clocks.fire_clocks(engine, now + 59 * MINUTE) == 0
    assert clocks.fire_clocks(engine, now + 61 * MINUTE) == 3
    assert clocks.fire_clocks(engine, now + 61 * MINUTE) == 0
    assert [60 <= late < 70 for late in lateness.take()["fire clocks"]] == [True] * 3
    assert count(session, Escalation) == 3


def test_a_bad_one_is_put_off_and_seen_and_the_others_go_on(engine, session, three, now):
    bad, at = three[1], now + 60 * MINUTE
    clock = session.exec(select(Clock).where(Clock.ticket_id == bad.id)).one()
    taken = {"clock_id": clock.id, "ticket_id": bad.id, "cycle": 1, "rung": 1, "at": "?"}
    session.add(Escalation(**taken, to="", due_at=at, fired_at=at))
    session.commit()
    for late in (0, 1, 60):
        clocks.fire_clocks(engine, at + timedelta(seconds=late))

    assert count(session, Escalation) == 3
    failed = [entry for entry in told(session, bad) if entry.verb == "escalation failed"]
    assert len(failed) == 1 and "IntegrityError" in failed[0].particulars["error"]
    assert session.get_one(Clock, clock.id).next_at == at + timedelta(seconds=120)
    assert list(breaks(session)) == []


def test_two_workers_at_once_tell_each_rung_once(engine, session, cast, now):
    for _ in range(8):
        limited(session, now, {"restore": 120})
    at = now + 125 * MINUTE
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda _: clocks.fire_clocks(engine, at), range(4)))
    assert sum(done) == 8
    assert count(session, Escalation) == 8 * 4
    missed = select(func.count()).select_from(Entry).where(Entry.verb == "limit missed")
    assert session.exec(missed).one() == 8
    assert list(breaks(session)) == []


def test_a_ticket_that_went_on_boldly_is_caught_up_with_first(engine, session, three, now):
    at = now + 60 * MINUTE
    with open_session(engine) as bold, boldly(bold):
        ticket = bold.get_one(Ticket, three[0].id)
        tickets.cancel(bold, ticket, reason="x", note="x", by="dora", now=at)
    assert clocks.fire_clocks(engine, at) == 2


def test_a_clock_that_its_policy_has_no_more_is_left_alone(engine, session, three, now):
    session.exec(update(Clock).values(name="gone").where(Clock.ticket_id == three[0].id))
    session.commit()
    assert clocks.fire_clocks(engine, now + 60 * MINUTE) == 3
    assert clocks.fire_clocks(engine, now + 61 * MINUTE) == 0


def test_a_call_that_nobody_takes_climbs_the_shipped_ladder(engine, session, cast, now):
    publish(session, now, FAULT)
    call = runs_of.report(session, example("fault_intake.json"), by=cast["ada"], now=now)
    session.commit()
    for minutes in (4, 5, 60, 90, 120, 240):
        clocks.fire_clocks(engine, now + minutes * MINUTE)

    fired = select(Escalation).where(Escalation.ticket_id == call.id)
    mine = [(e.at, e.to) for e in session.exec(fired.order_by(Escalation.due_at, Escalation.id))]
    assert ("100%", "team_lead") in mine and ("PT2H", "group_duty") in mine
    restore = [to for at, to in mine if to in ("duty_lead", "city_head", "province_director")]
    assert restore.index("city_head") < restore.index("province_director")
    told = session.exec(select(Notice).where(Notice.template == "redispatch")).first()
    assert (told.to, told.facts["suggestion"]) == ("mei", "Ada")


# Lists


@pytest.fixture
def fired(engine, three, now):
    clocks.fire_clocks(engine, now + 60 * MINUTE)
    return three


def ids(client, path):
    answer = client.get(path)
    assert answer.status_code == 200, answer.json()
    return [item["ticket_id"] for item in answer.json()["items"]]


def test_escalations_are_listed_and_seen(as_, fired, now):
    mei, since = as_("mei"), (now + 61 * MINUTE).isoformat().replace("+", "%2B")
    assert sorted(ids(mei, "/api/escalations")) == [1, 2, 3]
    assert ids(mei, "/api/escalations?ticket=2&to=duty_lead&told=me&seen=false") == [2]
    assert ids(mei, f"/api/escalations?since={since}") == ids(
        as_("ada"), "/api/escalations?told=me"
    )
    page = mei.get("/api/escalations?limit=2").json()
    assert len(page["items"]) == 2 and len(ids(mei, f"/api/escalations?cursor={page['next']}")) == 1
    shown = mei.post("/api/escalations/1/acknowledgement").json()
    assert (shown["seen_by"], shown["clock"], shown["at"]) == ("mei", "restore", "50%")
    assert (shown["clock_zh"], shown["to_zh"]) == ("业务恢复", "值班长") and shown["action_en"]
    assert mei.post("/api/escalations/1/acknowledgement").status_code == 409
    assert mei.post("/api/escalations/99/acknowledgement").status_code == 404
    assert len(ids(mei, "/api/escalations?seen=true")) == 1


def test_the_burn_list_has_what_runs_out_next_first(as_, session, fired, now):
    soon = limited(session, now, {"accept": 5, "restore": 60}, LADDER, source="customer")
    dora = as_("dora")
    assert ids(dora, "/api/clocks")[:2] == [soon.id, soon.id]
    assert ids(dora, "/api/clocks?name=accept&kind=OLA") == [soon.id]
    assert ids(dora, "/api/clocks?state=paused") == ids(dora, "/api/clocks?breached=true") == []
    first = dora.get("/api/clocks?limit=1").json()
    assert (first["items"][0]["name"], first["items"][0]["grade"]) == ("accept", "AAA")
    assert (first["items"][0]["name_zh"], first["items"][0]["state_en"]) == ("接单", "running")
    assert ids(dora, f"/api/clocks?limit=1&cursor={first['next']}") == [soon.id]
