"""What people make of an alarm, apart from what the network says of it."""

from datetime import timedelta

import pytest
from sqlmodel import select

from records import Alarm, Entry
from tasks.network import alarm_holds, alarm_states, alarms
from tasks.network.alarms import Report
from tasks.refusals import Conflict, Forbidden, Invalid, NotAllowed
from tests.asking import post, refused, wrong_fields
from workflows.alarm_states import note_lapses, wake_shelved

HOUR = timedelta(hours=1)


@pytest.fixture
def tell(session, cast, now):
    """The network's word on one port, so many minutes later; its last row then."""

    def tell(minutes=0, **changed):
        at = now + timedelta(minutes=minutes)
        told = {"source": "ems", "object": "HZ-1/GE1", "cause": "linkDown", "raised_at": at}
        alarms.receive(session, [Report(**told | changed)], now=at)
        session.commit()
        rows = select(Alarm).order_by(Alarm.id).execution_options(populate_existing=True)
        last = session.exec(rows).all()[-1]
        session.commit()
        return last

    return tell


@pytest.fixture
def wake(engine, session):
    def wake(at):
        session.commit()
        done = wake_shelved(engine, at)
        session.expire_all()
        return done

    return wake


def to_act_on(session, now):
    left = alarm_holds.hold_back(session, alarms.due(session, now=now), now=now)
    session.commit()
    return left


def test_it_is_acknowledged_once_and_a_repeat_or_a_clear_changes_that_not(session, tell, cast, now):
    alarm = tell()
    alarm_states.acknowledge(session, alarm, by=cast["dora"], now=now)
    with pytest.raises(Conflict, match="dora acknowledged"):
        alarm_states.acknowledge(session, alarm, by=cast["nora"], now=now)
    assert tell(1).acknowledged_by == "dora"
    over = tell(2, is_clear=True)
    assert (over.acknowledged_at, over.cleared_at) == (now, now + timedelta(minutes=2))
    alarm_states.unacknowledge(session, alarm, by=cast["nora"], now=now)
    with pytest.raises(NotAllowed):
        alarm_states.unacknowledge(session, alarm, by=cast["nora"], now=now)


@pytest.mark.parametrize("is_batch", [False, True])
def test_one_that_gets_worse_is_to_be_acknowledged_again(
    engine, session, tell, cast, now, is_batch
):
    alarm = tell()
    alarm_states.acknowledge(session, alarm, by=cast["dora"], now=now)
    session.commit()
    assert tell(1, severity="minor").acknowledged_at
    at = now + timedelta(minutes=2)
    told = {"source": "ems", "cause": "linkDown", "raised_at": at, "severity": "critical"}
    beside = [Report(object="HZ-2/GE1", **told)] * is_batch
    alarms.receive(session, [Report(object="HZ-1/GE1", **told), *beside], now=at)
    session.commit()
    assert (note_lapses(engine, at), note_lapses(engine, at)) == (1, 0)
    session.expire_all()
    assert (alarm.acknowledged_at, alarm.acknowledged_by, alarm.lapsed_at) == (None, "", None)
    entry = session.exec(select(Entry).where(Entry.verb == "acknowledgement lapsed")).one()
    assert (entry.at, entry.particulars) == (at, {"was": "dora", "severity": "critical"})


def test_who_acknowledges_it_anew_before_that_is_told_is_not_taken_for_the_first(
    engine, session, tell, cast, now
):
    alarm_states.acknowledge(session, tell(), by=cast["dora"], now=now)
    session.commit()
    alarm = tell(1, severity="critical")
    alarm_states.acknowledge(session, alarm, by=cast["nora"], now=now)
    session.commit()
    assert (note_lapses(engine, now), alarm.acknowledged_by) == (0, "nora")
    rows = select(Entry.verb).where(Entry.subject == f"alarm:{alarm.id}").order_by(Entry.seq)
    assert list(session.exec(rows)) == ["acknowledged", "acknowledgement lapsed", "acknowledged"]


def test_what_is_shelved_is_not_acted_on_until_then_and_then_is(session, wake, tell, cast, now):
    alarm, until = tell(), now + HOUR
    alarm_states.shelve(session, alarm, until=until, reason="换板", by=cast["dora"], now=now)
    session.commit()
    assert tell(5, severity="critical").act_at is None
    assert [wake(at) for at in (until - timedelta(seconds=1), until)] == [0, 1]
    session.expire_all()
    assert (alarm.shelved_until, alarm.shelved_by, alarm.act_at) == (None, "", until)
    assert to_act_on(session, until) == [alarm.id]


def test_what_is_raised_anew_while_its_shelf_lasts_is_shelved_too(session, wake, tell, cast, now):
    told = {"until": now + HOUR, "reason": "换板", "by": cast["dora"], "now": now}
    alarm_states.shelve(session, tell(), **told)
    tell(1, is_clear=True)
    again = tell(20)
    assert to_act_on(session, now + timedelta(minutes=21)) == []
    session.expire_all()
    assert (again.shelved_until, again.shelved_by, again.act_at) == (now + HOUR, "dora", None)
    session.commit()
    assert wake(now + HOUR) == 2  # and the one that is over
    assert to_act_on(session, now + HOUR) == [again.id]


def test_what_is_taken_from_the_shelf_is_acted_on_at_once_and_so_is_the_next(
    session, tell, cast, now
):
    told = {"until": now + HOUR, "reason": "换板", "by": cast["dora"], "now": now}
    alarm_states.shelve(session, tell(), **told)
    tell(1, is_clear=True)
    alarm = tell(2)
    soon = now + timedelta(minutes=3)
    assert to_act_on(session, soon) == []
    session.expire_all()
    alarm_states.unshelve(session, alarm, by=cast["nora"], now=soon)
    assert to_act_on(session, soon) == [alarm.id]
    tell(4, is_clear=True)
    assert to_act_on(session, now + timedelta(minutes=9)) == []
    assert len({tell(10).id, *to_act_on(session, now + timedelta(minutes=11))}) == 1
    with pytest.raises(NotAllowed):
        alarm_states.unshelve(session, alarm, by=cast["nora"], now=soon)


def test_a_shelf_in_the_past_or_far_ahead_or_without_a_reason_is_refused(session, tell, cast, now):
    alarm, told = tell(), {"by": cast["dora"], "now": now}
    for hours, reason in [(-1, "换板"), (0, "换板"), (73, "换板"), (1, " ")]:
        with pytest.raises(Invalid):
            alarm_states.shelve(session, alarm, until=now + hours * HOUR, reason=reason, **told)


def test_what_is_over_is_not_shelved_and_who_may_not_does_none_of_it(session, tell, cast, now):
    tell()
    alarm, told = tell(1, is_clear=True), {"until": now + HOUR, "reason": "换板", "now": now}
    with pytest.raises(NotAllowed):
        alarm_states.shelve(session, alarm, **told, by=cast["dora"])
    with pytest.raises(Forbidden):
        alarm_states.shelve(session, alarm, **told, by=cast["ada"])
    with pytest.raises(Forbidden):
        alarm_states.comment(session, alarm, "x", by=cast["liu"], now=now)


def test_alarms_are_handled_and_found_over_http(session, as_, tell, now):
    dora, place, until = as_("dora"), f"alarms/{tell().id}", (now + HOUR).isoformat()
    assert post(dora, f"{place}/acknowledgement")["acknowledged_by"] == "dora"
    refused(as_("nora").post(f"/api/{place}/acknowledgement", json={"note": "我来"}), 409)
    assert post(dora, f"{place}/shelf", until=until, reason="换板")["shelved_by"] == "dora"
    assert wrong_fields(dora.post(f"/api/{place}/shelf", json={"until": until})) == ["reason"]
    post(dora, f"{place}/comments", text="已联系机房")
    assert [one["text"] for one in dora.get(f"/api/{place}/comments").json()] == ["已联系机房"]
    refused(as_("liu").post(f"/api/{place}/comments", json={"text": "x"}), 403)
    for query, many in {
        "active=true&acknowledged=true&shelved=true&device=HZ-1": 1,
        "active=false": 0,
        "acknowledged=false": 0,
        "shelved=false": 0,
        "shielded=true": 0,
        "shielded=false&flapping=false": 1,
        "group=7": 0,
        "planned_work=7": 0,
        "device=HZ-2": 0,
    }.items():
        assert len(dora.get(f"/api/alarms?{query}").json()["items"]) == many, query
    assert dora.delete(f"/api/{place}/shelf").json()["shelved_until"] is None
    assert dora.delete(f"/api/{place}/acknowledgement").json()["acknowledged_at"] is None
    verbs = session.exec(
        select(Entry.verb).where(Entry.subject == f"alarm:{place[7:]}").order_by(Entry.id)
    ).all()
    assert verbs == ["acknowledged", "shelved", "commented", "unshelved", "unacknowledged"]
