"""The ladder: each rung fires once and in order, reaches somebody, and says where the time went."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import col, select

from records import Clock, Customer, Entry, Escalation, Notice
from records.database import connect, open_session
from records.history import breaks
from tasks.faults import promises, stops, tickets, urgency
from tasks.refusals import NotAllowed
from tasks.sla import escalations
from tests.crews import hire, open_order, open_ticket

MINUTE = timedelta(minutes=1)
LIMIT = {"accept": 10, "progress_every": 30, "restore": 120}
LADDER = [
    {"clock": "restore", "at": "50%", "to": "duty_lead", "action": "require_expected_time"},
    {"clock": "restore", "at": "75%", "to": "city_head", "action": "tell_customer"},
    {"clock": "restore", "at": "75%", "to": "account_manager", "action": "tell_customer"},
    {"clock": "restore", "at": "100%", "to": "province_director", "action": "start_report"},
    {"clock": "restore", "at": "PT2H", "to": "group_duty", "action": "group_notice"},
]
IN_ORDER = ["50%", "75%", "75%", "100%", "PT2H"]
STOP = {"reason": "no_access", "evidence": "照片 3", "customer_told": True}


def limited(session, now, limit=LIMIT, ladder=LADDER, **told):
    ticket = open_ticket(session, now, **told)
    urgency.set_limit(session, ticket, limit, "F2", by="noc", now=now, ladder=ladder)
    session.commit()
    return ticket


@pytest.fixture
def ticket(session, cast, now):
    return limited(session, now, {"restore": 120})


def tick(session, now, limit=200):
    fired = escalations.fire_all(session, escalations.due(session, now, limit), now=now)
    session.commit()
    return fired


def told(session, ticket):
    mine = select(Entry).where(Entry.subject == f"ticket:{ticket.id}")
    return list(session.exec(mine.order_by(col(Entry.seq))))


def clock_of(session, ticket, name="restore"):
    session.expire_all()
    mine = select(Clock).where(Clock.ticket_id == ticket.id, Clock.name == name)
    return session.exec(mine).one()


# Once, and in order


@settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(waits=st.lists(st.integers(1, 100), min_size=1, max_size=6))
def test_each_rung_fires_once_and_in_order_whenever_anybody_looks(session, cast, now, waits):
    ticket, at = limited(session, now, {"restore": 120}), now
    for minutes in [*waits, 300]:
        at += minutes * MINUTE
        tick(session, at)
        assert tick(session, at) == []
    mine = select(Escalation).where(Escalation.ticket_id == ticket.id)
    fired = session.exec(mine.order_by(col(Escalation.rung))).all()
    assert [each.at for each in fired] == IN_ORDER
    assert all(each.due_at <= each.fired_at for each in fired)
    assert [each.fired_at for each in fired] == sorted(each.fired_at for each in fired)


def test_a_rung_fires_at_its_time_and_not_before(session, ticket, now):
    assert tick(session, now + 59 * MINUTE) == []
    (fired,) = tick(session, now + 60 * MINUTE)
    assert (fired.at, fired.to, fired.told) == ("50%", "duty_lead", ["mei"])
    assert clock_of(session, ticket).next_at == now + 90 * MINUTE


def test_after_an_outage_all_that_is_overdue_fires_in_order(session, ticket, now):
    fired = tick(session, now + 300 * MINUTE)
    assert [(each.rung, each.at) for each in fired] == list(enumerate(IN_ORDER, 1))
    assert {each.fired_at for each in fired} == {now + 300 * MINUTE}
    assert list(breaks(session)) == []


def test_a_rung_that_is_told_after_the_limit_says_by_how_much_it_is_late(session, ticket, now):
    tick(session, now + 300 * MINUTE)
    told = session.exec(select(Notice).where(Notice.template == "escalation")).all()
    texts = [f"{each.title} {each.text}" for each in told]
    assert texts and not any("剩 -" in text or "PT2H" in text for text in texts)
    assert any("超时 2 小时" in text and "已超出 3 小时" in text for text in texts)


def test_a_repeating_clock_fires_once_after_an_outage(session, cast, now):
    ticket = limited(session, now, {"progress_every": 30}, ladder=[])
    assert len(tick(session, now + 200 * MINUTE)) == 1
    clock = clock_of(session, ticket, "progress")
    assert (clock.cycle, clock.next_at) == (2, now + 210 * MINUTE)
    assert [each.cycle for each in tick(session, now + 210 * MINUTE)] == [2]


def test_two_at_once_fire_it_once(engine, session, ticket, now):
    at = now + 60 * MINUTE
    if engine.dialect.name == "sqlite":  # one writer at a time: the second finds nothing, as above
        return
    other = connect(engine.url.render_as_string(hide_password=False))
    with open_session(engine) as one, open_session(other) as two:
        first, second = escalations.due(one, at), escalations.due(two, at)
        assert (len(first), second) == (1, [])
        assert len(escalations.fire_all(one, first, now=at)) == 1
        assert escalations.fire_all(two, second, now=at) == []
    other.dispose()


def test_a_clock_that_was_stopped_or_told_meanwhile_fires_nothing(session, ticket, cast, now):
    at = now + 60 * MINUTE
    clock = clock_of(session, ticket)
    times = {"resume_at": at + 60 * MINUTE, "by": cast["mei"]}
    stops.suspend(session, ticket, **STOP, **times, now=at - MINUTE)
    assert escalations.fire(session, clock.id, now=at) == []
    session.commit()
    assert tick(session, at + 500 * MINUTE) == []
    stops.resume(session, ticket, by="mei", now=at + 600 * MINUTE)
    session.commit()
    assert clock_of(session, ticket).next_at == at + 601 * MINUTE
    assert [each.at for each in tick(session, at + 601 * MINUTE)] == ["50%"]


def test_a_limit_that_was_put_off_is_told_of_at_its_new_time(session, ticket, cast, now):
    promises.postpone(session, ticket, reason="x", minutes=120, by=cast["mei"], now=now)
    session.commit()
    assert tick(session, now + 119 * MINUTE) == []
    assert [each.at for each in tick(session, now + 120 * MINUTE)] == ["50%"]


def test_a_regrade_tells_nobody_twice(session, ticket, now):
    tick(session, now + 60 * MINUTE)
    urgency.set_limit(
        session, ticket, {"restore": 80}, "F1", by="noc", now=now + 61 * MINUTE, ladder=LADDER
    )
    session.commit()
    assert [each.at for each in tick(session, now + 80 * MINUTE)] == IN_ORDER[1:4]


# Whom, and what they read


def test_who_is_told_reads_what_to_do_by_when(session, ticket, now):
    tick(session, now + 60 * MINUTE)
    notices = session.exec(select(Notice).where(Notice.channel == "inbox")).all()
    assert [(each.to, each.template) for each in notices] == [("mei", "escalation")]
    assert "请录入预计恢复时间" in notices[0].text and "海东银行" in notices[0].text
    assert notices[0].is_urgent


def test_a_rung_that_reaches_nobody_goes_up_and_says_so(session, cast, ticket, now):
    fired = tick(session, now + 90 * MINUTE)
    assert [each.told for each in fired] == [["mei"], ["gwen"], ["gwen"]]
    assert fired[1].facts == {"nobody": ["city_head"], "reached": "province_crc"}
    assert fired[2].facts["nobody"] == ["account_manager", "city_head"]
    entry = told(session, ticket)[-1]
    assert (entry.verb, entry.particulars["nobody"]) == ("escalated", fired[2].facts["nobody"])


def test_a_missed_limit_is_recorded_with_where_the_time_went(session, cast, ticket, now):
    open_order(session, ticket, "line", now)
    session.commit()
    *_, missed = tick(session, now + 120 * MINUTE)
    assert (missed.at, missed.told, missed.action) == ("100%", ["gwen"], "start_report")
    assert sum(missed.facts["shares"].values()) == pytest.approx(1)
    entry = told(session, ticket)[-1]
    assert (entry.verb, entry.particulars["at"]) == ("limit missed", "100%")
    assert entry.particulars["shares"] == missed.facts["shares"]
    assert clock_of(session, ticket).breached_at == now + 120 * MINUTE
    read = session.exec(select(Notice).where(Notice.template == "limit_missed")).first()
    assert "100%" in read.text and "已超时,开始写书面报告" in read.text


def test_what_nobody_accepts_comes_with_somebody_to_send(session, cast, now):
    ladder = [{"clock": "accept", "at": "100%", "to": "team_lead", "action": "reassign"}]
    ticket = limited(session, now, {"accept": 10}, ladder)
    hire(session, "lee", "line", now=now, skills=["splicing"])
    order = open_order(session, ticket, "line", now, title="线路现场 / Line, on site")
    session.commit()

    (fired,) = tick(session, now + 12 * MINUTE)
    assert fired.facts["suggested"] == ["lee", "liu"] and fired.facts["work_order"] == order.id
    read = session.exec(select(Notice).where(Notice.template == "redispatch")).first()
    assert "建议改派:Lee" in read.text and "就在海州" in read.text and "12 分," in read.text


def test_a_limit_without_a_rung_is_recorded_and_told_to_nobody(session, cast, now):
    ticket = limited(session, now, {"judge": 10}, ladder=[])
    tickets.accept(session, ticket, by="dora", now=now)
    session.commit()
    (fired,) = tick(session, now + 10 * MINUTE)
    assert (fired.to, fired.told, fired.at) == ("", [], "100%")
    assert session.exec(select(Notice)).all() == []


def test_the_ladder_of_a_child_is_its_parents_but_for_its_account_manager(session, cast, now):
    hire(session, "ann", now=now)
    parent, child = (limited(session, now, {"restore": 120}, open_key=key) for key in "pc")
    tickets.merge(session, child, parent, reason="x", by="dora", now=now)
    session.get_one(Customer, child.customer_id).account_manager = "ann"
    session.commit()
    fired = [each for each in tick(session, now + 90 * MINUTE) if each.ticket_id == child.id]
    assert [each.told for each in fired] == [[], [], ["ann"]]


# Seen


def test_an_escalation_is_acknowledged_once(session, cast, ticket, now):
    (fired,) = tick(session, now + 60 * MINUTE)
    escalations.acknowledge(session, fired, by=cast["mei"], now=now)
    assert (fired.seen_by, fired.seen_at) == ("mei", now)
    with pytest.raises(NotAllowed, match="mei has acknowledged"):
        escalations.acknowledge(session, fired, by=cast["dora"], now=now)
