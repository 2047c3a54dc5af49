"""Where the time of a ticket went, on its way through the shipped diagram, and over HTTP."""

from datetime import timedelta

import pytest
from sqlmodel import col, select

from bpmn import runs, tickets
from records import Segment, Tally, Ticket
from tasks import work_orders
from tasks.faults import intake
from tasks.sla import clocks
from tasks.sla.past_stops import note_stop
from tasks.timelines import kept_segments, time_spent
from tasks.timelines.segments import net, total
from tests.asking import publish_fault
from tests.cast import DATABASES
from tests.fault_walks import Walk, example
from workflows.segments import keep

pytestmark = pytest.mark.one_database

STOP = {"reason": "no_access", "evidence": "照片 3", "customer_told": True}
MINUTE = timedelta(minutes=1)
# Of what is the same on every database, one is enough.
on_one = pytest.mark.parametrize("engine", DATABASES[:1], indirect=True)
REPAIR = [
    ("queue", 5),  # for the call, with ada
    ("queue", 5),  # for the judgement
    ("work", 10),
    ("wait_customer", 20),
    ("work", 5),
    ("queue", 5),  # for the crew
    ("travel", 30),
    ("work", 60),
]


@pytest.fixture
def walk(session, cast, now):
    publish_fault(session, now)
    walk = Walk(session, cast, now)
    session.commit()
    return walk


def bar(walk, ticket=None):
    """kind, minutes."""
    found = time_spent.stretches_of(walk.session, ticket or walk.ticket, walk.now)
    walk.session.commit()  # else nobody else could write
    return [(one.kind, one.length / MINUTE) for one in found]


def say(walk, verb, element, *given, by="liu"):
    """Do this to an order of the ticket, as somebody."""
    verb(walk.session, walk.orders()[element], *given, by=walk.cast[by], now=walk.now)
    return walk.kept()


def repair(walk):
    """A cut line, and a customer who cannot be reached for a while."""
    walk.call().later(minutes=5).do("accept_call").later(minutes=5)
    say(walk, work_orders.accept, "judge", by="nora").later(minutes=10)
    walk.say("suspend", resume_at=walk.now + timedelta(hours=1), **STOP)
    walk.later(minutes=20).say("resume").later(minutes=5)
    say(walk, runs.complete_order, "judge", example("judge.json"), by="nora").do("line_remote")
    say(walk.later(minutes=5), work_orders.accept, "line_on_site")
    say(walk, work_orders.set_out, "line_on_site")
    say(walk.later(minutes=30), work_orders.arrive, "line_on_site")
    say(walk.later(minutes=60), runs.complete_order, "line_on_site", example("site_visit.json"))
    return walk


def close(walk):
    """Restored when the crew was done, noted 20 minutes later."""
    back_at = walk.now.isoformat()
    walk.later(minutes=20).do("restore_test", restored_at=back_at).later(minutes=10)
    walk.do("call_back", "close_ticket", "fault_report").session.commit()
    return walk


@on_one
def test_the_bar_of_a_repair_from_the_call_to_the_close(walk):
    assert bar(repair(walk)) == REPAIR
    assert bar(close(walk)) == [*REPAIR, ("queue", 20), ("verify", 10)]
    assert walk.ticket.state == "closed"
    found = time_spent.stretches_of(walk.session, walk.ticket, walk.now)
    restored = [one for one in found if not one.after_restore]
    assert (total(found), net(found)) == (170 * MINUTE, 150 * MINUTE)
    assert net(restored) == 120 * MINUTE


@on_one
def test_hand_offs_are_told_by_name(walk):
    repair(walk)
    found = time_spent.hand_offs_of(time_spent.stretches_of(walk.session, walk.ticket, walk.now))
    told = [
        (one.first.from_group or one.first.from_person, one.first.group, one.taken_by)
        for one in found
    ]
    assert told == [("ada", "crc", "dora"), ("crc", "noc", "nora"), ("noc", "field", "liu")]


@on_one
def test_the_time_of_a_child_goes_on_as_its_parents(walk, session):
    parent = repair(walk).ticket
    child = Walk(session, walk.cast, walk.now - 30 * MINUTE)
    told = {"source": "inspection", "started_at": child.now, "by": "dora", "now": child.now}
    child.ticket = tickets.start(
        session, intake.open_ticket(session, **told), by="dora", now=child.now
    )
    child.later(minutes=20).say("merge", parent=parent, reason="同一段光缆")
    walk.later(minutes=10)
    assert bar(walk, child.ticket) == [("queue", 20), ("work", 10), ("queue", 10)]
    close(walk)
    assert sum(minutes for _, minutes in bar(walk, child.ticket)) == 70
    assert keep(session.get_bind(), walk.now) == 2
    kept = session.exec(select(Segment.seconds).where(Segment.ticket_id == child.ticket.id))
    assert sum(kept) == 20 * 60


def test_a_stop_noted_afterwards_changes_what_is_kept_of_a_child(walk, session, engine):
    parent = walk.call().ticket
    told = {"source": "inspection", "started_at": walk.now, "by": "dora", "now": walk.now}
    child = tickets.start(session, intake.open_ticket(session, **told), by="dora", now=walk.now)
    mei = walk.cast["mei"]
    tickets.merge(session, child, parent, reason="r", by=mei, now=walk.later(minutes=9).now)
    session.commit()
    assert keep(engine, walk.now) == 1
    stop = STOP | {"since": walk.now - 5 * MINUTE, "until": walk.now}
    note_stop(session, parent, **stop, by=mei, now=walk.now)
    session.commit()
    assert keep(engine, walk.now) == 1
    tally = session.get(Tally, child.id)
    assert (tally.gross, tally.net) == (540, 240)


@on_one
def test_restored_again_it_was_not_so_before_it_was_reopened(walk):
    said = repair(walk).now.isoformat()
    walk.do("restore_test", restored_at=said).later(minutes=30)
    walk.do("call_back", satisfied=False)
    found = walk.now
    walk.later(minutes=10).do("judge", domains=[])
    walk.do("restore_test", restored_at=said)
    assert walk.ticket.restored_at == found


def test_segments_are_kept_once_when_a_ticket_is_over(walk, engine, session):
    repair(walk)
    assert keep(engine, walk.now) == 0
    close(walk)
    assert [keep(engine, walk.now) for _ in range(2)] == [1, 0]
    rows = session.exec(select(Segment).order_by(col(Segment.seq))).all()
    session.commit()
    assert [(one.kind, one.seconds / 60) for one in rows] == bar(walk)
    assert rows[0].started_at == walk.ticket.opened_at and rows[-1].ended_at == walk.now
    kept_segments.forget_segments(session, walk.ticket.id)
    session.commit()
    assert keep(engine, walk.now) == 1


@on_one
def test_a_ticket_that_cannot_be_accounted_for_is_passed_over_and_tried_again(
    walk, engine, session, monkeypatch, caplog
):
    close(repair(walk))
    with monkeypatch.context() as broken:
        broken.setattr(kept_segments, "own_stretches", lambda *given: [][0])
        assert [keep(engine, walk.now) for _ in range(2)] == [0, 0]
    assert f"of {walk.ticket.id} failed" in caplog.text
    assert kept_segments.take_up_again(session, walk.now) == 1
    session.commit()
    assert keep(engine, walk.now) == 1


def test_shares_add_up_to_one(walk):
    shares = time_spent.shares_of(walk.session, repair(walk).ticket, walk.now)
    assert round(sum(shares.values()), 9) == 1 and shares["wait_customer"] == 0.1429
    third = dict.fromkeys("abc", timedelta(seconds=1))
    assert time_spent.shares(third) == {"a": 0.3334, "b": 0.3333, "c": 0.3333}
    assert time_spent.shares({"a": timedelta()}) == {"a": 0.0}


def test_a_ticket_whose_history_is_lost_has_its_time_all_the_same(session, now):
    ticket = Ticket(source="alarm", title="t", started_at=now, opened_at=now)
    session.add(ticket)
    session.flush()
    (only,) = time_spent.stretches_of(session, ticket, now + MINUTE)
    assert (only.kind, only.length) == ("queue", MINUTE)


# Over HTTP


def test_the_door_tells_where_the_time_went(walk, as_, clock):
    dora, kinds = as_("dora"), [kind for kind, _ in bar(close(repair(walk)))]
    clock.now = walk.now + timedelta(hours=9)
    told = dora.get("/api/tickets/1/time").json()
    assert [one["kind"] for one in told["bar"]] == kinds
    totals = {name: length["seconds"] / 60 for name, length in told["totals"].items()}
    assert totals["gross"] == 170 and totals["net"] == 150 and totals["to_restore_net"] == 120
    for part in ("kinds", "stages", "groups", "people"):
        assert round(sum(one["share"] for one in told[part]), 9) == 1
        assert sum(one["length"]["seconds"] for one in told[part]) == 170 * 60
    assert told["hand_offs"][2]["zh"] == "监控中心 → 外线班组,线路现场:5 分钟,liu 接单"
    assert told["hand_offs"][2]["en"] == "NOC → Field crew at Line, on site: 5 min, accepted by liu"
    assert (told["hand_off_share"], told["travel_share"]) == (0.2333, 0.2)


def test_each_clock_explains_itself(walk, as_, clock):
    dora, told = as_("dora"), {}
    clock.now = repair(walk).later(minutes=20).now
    walk.session.commit()
    for one in dora.get("/api/tickets/1/time").json()["clocks"]:
        told[one["name"]] = one
    restore, running = told["restore"], told["restore"]["ongoing"]
    assert running["elapsed"]["seconds"] == 140 * 60 and running["remaining_seconds"] == -20 * 60
    (pause,) = running["pauses"]
    assert (pause["reason"], pause["reason_zh"]) == ("no_access", "客户拒绝或无法提供进场")
    limits = next(rule for rule in restore["rules"] if rule["table"] == "fault_limit")
    assert (limits["rows"], limits["version"], limits["diagram"]) == ([1], 1, "fault_handling")
    assert "[D]" in limits["notes"][0] and len(limits["content_hash"]) == 64
    ladder = next(rule for rule in restore["rules"] if rule["table"] == "escalation_ladder")
    assert len(ladder["rows"]) == len(restore["rungs"])
    assert set(ladder["result"]["clock"]) == {"restore"}
    assert all(line["zh"] and line["en"] for line in running["arithmetic"])
    assert told["accept"]["ongoing"] is None and told["accept"]["completed"][0]["state"] == "met"


@on_one
def test_the_net_time_to_restore_is_what_the_restore_clock_measured(walk, as_, clock, session):
    close(repair(walk))
    (clock,) = [
        one for one in clocks.read_all(session, walk.ticket, walk.now) if one.name == "restore"
    ]
    found = time_spent.stretches_of(session, walk.ticket, walk.now)
    assert (
        clock.elapsed_seconds == net(one for one in found if not one.after_restore).total_seconds()
    )


def test_only_who_may_see_tickets_sees_their_time(as_, client):
    assert client.get("/api/tickets/1/time").status_code == 401
    assert as_("dora").get("/api/tickets/1/time").status_code == 404
