"""What a customer is promised: told how it goes, a limit put off, a stop noted afterwards."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import col, select

from bpmn import tickets as runs_of
from records import Entry, Notice
from tasks.faults import promises, stops, tickets, urgency
from tasks.refusals import Conflict, Forbidden, Invalid, NotAllowed
from tasks.sla import clocks, past_stops
from tests.crews import open_ticket

MINUTE = timedelta(minutes=1)
LIMIT = {"accept": 5, "first_feedback": 15, "progress_every": 30, "restore": 120}
STOP = {"reason": "no_access", "evidence": "照片 3", "customer_told": True}


@pytest.fixture
def ticket(session, cast, now):
    ticket = open_ticket(session, now, open_key="k")
    urgency.set_limit(session, ticket, LIMIT, "F2", by="noc", now=now)
    session.commit()
    return ticket


def told(session, ticket):
    mine = select(Entry).where(Entry.subject == f"ticket:{ticket.id}")
    return list(session.exec(mine.order_by(col(Entry.seq).desc())))


def clock(session, ticket, name, now):
    return {each.name: each for each in clocks.read_all(session, ticket, now)}[name]


def tell(session, ticket, now, **given):
    given = {"words": "已定位", "by": "ada"} | given
    return promises.tell_progress(session, ticket, now=now, **given)


# Telling how it goes


def test_every_contact_is_told_and_the_clocks_of_talking_begin_anew(session, ticket, now):
    at = now + 10 * MINUTE
    assert tell(session, ticket, at, expected_at=at + 60 * MINUTE) == 1
    notice = session.exec(select(Notice)).one()
    assert "HD-DIA-1" in notice.title and "03-11 11:24" in notice.text
    assert clock(session, ticket, "first_feedback", at).state == "met"
    assert clock(session, ticket, "progress", at).due_at == at + 30 * MINUTE
    assert clock(session, ticket, "restore", at).due_at == now + 120 * MINUTE
    assert ticket.expected_at == at + 60 * MINUTE


def test_customers_of_merged_tickets_read_about_their_own_circuit(session, ticket, now):
    child = open_ticket(session, now, open_key="c")
    tickets.merge(session, child, ticket, reason="同一光缆", by="dora", now=now)
    assert tell(session, ticket, now) == 2
    session.commit()
    assert told(session, child)[0].verb == told(session, ticket)[0].verb == "progress told"
    assert {notice.subject for notice in session.exec(select(Notice))} == {"ticket:1", "ticket:2"}


def test_a_call_counts_too_and_nothing_is_sent(session, ticket, now):
    assert tell(session, ticket, now, by_phone=True) == 0
    assert clock(session, ticket, "first_feedback", now).state == "met"
    assert session.exec(select(Notice)).all() == []


def test_nobody_to_tell_is_no_progress_told(session, cast, now):
    ticket = open_ticket(session, now, circuit=None)
    with pytest.raises(NotAllowed, match="call the customer"):
        tell(session, ticket, now)
    with pytest.raises(Invalid, match="how it goes"):
        tell(session, ticket, now, words=" ")
    with pytest.raises(Invalid, match="has passed"):
        tell(session, ticket, now, expected_at=now)
    with pytest.raises(Invalid, match="30 days"):
        tell(session, ticket, now, expected_at=datetime(9999, 12, 31, 23, tzinfo=UTC))


@pytest.mark.parametrize(
    "slip", [datetime(9999, 12, 31, 23, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)]
)
def test_no_customer_reads_of_a_time_that_cannot_be_meant(session, ticket, now, slip):
    told = {"domains": ["line"], "section": "", "by": "nora", "now": now}
    tickets.accept(session, ticket, by="nora", now=now)
    tickets.judge(session, ticket, expected_at=slip, **told)
    assert tell(session, ticket, now) == 1
    assert "预计" not in session.exec(select(Notice)).one().text


# Putting off a limit


def postpone(session, ticket, by, now, **given):
    return promises.postpone(session, ticket, reason="客户同意", by=by, now=now, **given)


def test_a_limit_is_put_off_until_then_or_by_so_much(session, ticket, cast, now):
    until = now + 180 * MINUTE
    assert postpone(session, ticket, cast["mei"], now, until=until) is None
    assert clock(session, ticket, "restore", now).due_at == until
    assert postpone(session, ticket, cast["mei"], now, minutes=20) is None
    assert clock(session, ticket, "restore", now).due_at == until + 20 * MINUTE


def test_only_a_manager_puts_it_off_and_within_reason(session, ticket, cast, now):
    with pytest.raises(Forbidden):
        postpone(session, ticket, cast["dora"], now, minutes=20)
    for wrong in (
        {},
        {"minutes": 0},
        {"minutes": 10**9},
        {"until": now + 120 * MINUTE},
        {"until": now + timedelta(days=60)},
        {"until": now + 180 * MINUTE, "minutes": 5},
    ):
        with pytest.raises(Invalid):
            postpone(session, ticket, cast["mei"], now, **wrong)


def test_asked_after_the_limit_it_is_refused_and_counts_as_a_breach(session, ticket, cast, now):
    late = now + 120 * MINUTE
    refusal = postpone(session, ticket, cast["mei"], late, minutes=20)
    session.commit()
    assert "已记为一次超时" in refusal.zh and "too late" in refusal.en
    entry = told(session, ticket)[0]
    assert (entry.verb, entry.particulars["is_breach"]) == ("postponement refused", True)
    assert clock(session, ticket, "restore", late).due_at == late


def test_what_has_no_limit_cannot_be_put_off(session, cast, now):
    with pytest.raises(NotAllowed, match="no limit yet"):
        postpone(session, open_ticket(session, now), cast["mei"], now, minutes=5)


# A stop that is noted afterwards


def suspend(session, ticket, by, now, since, resume_at):
    times = {"since": now + since * MINUTE, "resume_at": now + resume_at * MINUTE}
    at = now + 60 * MINUTE
    runs_of.suspend(session, ticket, **STOP, **times, by=by, now=at)
    return clock(session, ticket, "restore", at)


def test_a_stop_in_the_past_moves_the_limit_and_stops_nothing_now(session, ticket, cast, now):
    restore = suspend(session, ticket, cast["mei"], now, since=10, resume_at=40)
    assert (restore.state, restore.due_at) == ("running", now + 150 * MINUTE)
    assert ticket.state == "dispatched"


def test_a_stop_since_then_lasts_on(session, ticket, cast, now):
    restore = suspend(session, ticket, cast["mei"], now, since=10, resume_at=90)
    assert (restore.state, restore.due_at, ticket.state) == ("paused", None, "suspended")
    at = now + 80 * MINUTE
    stops.resume(session, ticket, by="mei", now=at)
    assert clock(session, ticket, "restore", at).due_at == now + 190 * MINUTE


def test_it_lies_within_the_life_of_the_ticket(session, ticket, cast, now):
    for since, resume_at, field in (
        (-5, 40, "since"),
        (70, 90, "since"),
        (40, 40, "resume_at"),
        (40, 30, "resume_at"),
    ):
        with pytest.raises(Invalid) as refused:
            suspend(session, ticket, cast["mei"], now, since, resume_at)
        assert [each["field"] for each in refused.value.facts["fields"]] == [field]


def test_it_needs_a_manager_a_reason_and_evidence(session, ticket, cast, now):
    with pytest.raises(Forbidden):
        suspend(session, ticket, cast["dora"], now, 10, 40)
    for wrong in ({"reason": "night"}, {"evidence": " "}):
        with pytest.raises(Invalid):
            past_stops.note_stop(
                session,
                ticket,
                **STOP | wrong,
                since=now,
                until=now + MINUTE,
                by=cast["mei"],
                now=now + MINUTE,
            )


def test_stops_do_not_overlap(session, ticket, cast, now):
    times = {"resume_at": now + 30 * MINUTE, "by": cast["mei"]}
    stops.suspend(session, ticket, **STOP, **times, now=now + 10 * MINUTE)
    stops.resume(session, ticket, by="mei", now=now + 30 * MINUTE)
    for since, resume_at in ((10, 20), (0, 15), (15, 50), (25, 90)):
        with pytest.raises(Conflict, match="stopped from"):
            suspend(session, ticket, cast["mei"], now, since, resume_at)
    suspend(session, ticket, cast["mei"], now, 30, 45)
    with pytest.raises(Conflict):
        suspend(session, ticket, cast["mei"], now, 44, 50)


def test_the_time_of_children_stands_still_with_it(session, ticket, cast, now):
    child = open_ticket(session, now, open_key="c")
    urgency.set_limit(session, child, LIMIT, "F2", by="noc", now=now)
    tickets.merge(session, child, ticket, reason="同一光缆", by="dora", now=now)
    suspend(session, ticket, cast["mei"], now, since=10, resume_at=40)
    assert clock(session, child, "restore", now + 60 * MINUTE).due_at == now + 150 * MINUTE


def test_a_child_takes_over_whether_time_stands_still(session, ticket, cast, now):
    child = open_ticket(session, now, open_key="c")
    urgency.set_limit(session, child, LIMIT, "F2", by="noc", now=now)
    times = {"resume_at": now + 60 * MINUTE, "by": cast["mei"]}
    stops.suspend(session, child, **STOP, **times, now=now + 10 * MINUTE)
    tickets.merge(session, child, ticket, reason="x", by="dora", now=now + 30 * MINUTE)
    assert clock(session, child, "restore", now + 30 * MINUTE).due_at == now + 140 * MINUTE


# Over the API


def test_progress_is_told_and_a_limit_put_off_over_the_api(as_, ticket, now, clock):
    mei, at = as_("mei"), f"/api/tickets/{ticket.id}"
    given = {"words": "已定位", "expected_at": (now + 50 * MINUTE).isoformat()}
    assert mei.post(f"{at}/progress", json=given).json()["notices"] == 1
    assert mei.post(f"{at}/progress", json={"words": ""}).status_code == 422
    asked = {"reason": "客户同意", "minutes": 30}
    kept = {"Idempotency-Key": "p1"}
    granted = [mei.post(f"{at}/postponements", json=asked, headers=kept).json() for _ in range(2)]
    assert granted[0]["is_granted"] and granted[0] == granted[1]
    assert granted[0]["due_at"] == "2026-03-11T04:44:00Z"
    clock.now += 200 * MINUTE
    stopped = {"since": (now + 20 * MINUTE).isoformat(), "resume_at": clock.now.isoformat()}
    assert mei.post(f"{at}/suspension", json=STOP | stopped).json()["state"] == "dispatched"
    clock.now += 200 * MINUTE
    refused = mei.post(f"{at}/postponements", json=asked)
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:baton:not-allowed")
    entries = as_("mei").get(f"/api/history?subject=ticket:{ticket.id}").json()["items"]
    assert "postponement refused" in {entry["verb"] for entry in entries}
    assert as_("dora").post(f"{at}/postponements", json=asked).status_code == 403


def test_every_contact_is_told_once_that_the_service_is_back(session, ticket, now):
    ticket.restored_at = now + 86 * MINUTE
    for _ in range(2):
        assert promises.tell_restored(session, ticket, key="k", now=ticket.restored_at) == 1
    notice = session.exec(select(Notice)).one()
    lasted = (ticket.restored_at - ticket.started_at).total_seconds() // 60
    assert (notice.template, notice.facts["lasted_minutes"]) == ("restored", lasted)
