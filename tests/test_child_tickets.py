"""One fault, many customers: a parent, a child for each, told apart, called back apart."""

from datetime import timedelta

import pytest
from sqlmodel import col, select

from bpmn import child_tickets, group_tickets, runs, tickets
from records import (
    AffectedCircuit,
    Circuit,
    Clock,
    Customer,
    Device,
    Entry,
    Hop,
    Notice,
    Run,
    Section,
    Ticket,
)
from records.database import open_session
from tasks.faults import intake, promises, told_first
from tasks.refusals import NotAllowed
from tasks.sla import clocks
from tasks.timelines.time_spent import own_stretches, stretches_of
from tests.asking import publish
from tests.fault_walks import FAULT
from tests.impact_walks import IMPACT, Cut, found_group, hits_of
from workflows import child_tickets as flow

pytestmark = pytest.mark.one_database

on_sqlite = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)  # it is quicker
BANK, HOSPITAL = "海东银行", "海州医院"


@pytest.fixture
def cut(session, cast, now, monkeypatch):
    monkeypatch.setenv("BATON_SMTP", "smtp://mail.example:25")
    publish(session, now, FAULT, IMPACT)
    return Cut(session, cast, now)


def test_each_customer_reads_only_of_their_own(cut, session):
    cut.happen().later(minutes=20)
    told = {"words": "已定位,抢修队已出发", "expected_at": cut.now + timedelta(hours=1)}
    assert promises.tell_progress(session, cut.ticket, by="dora", now=cut.now, **told) == 2
    cut.mend()
    notices = session.exec(select(Notice).order_by(Notice.id)).all()
    read = {to: [n.title + n.text for n in notices if n.to.startswith(to)] for to in ("wang", "li")}
    assert [len(texts) for texts in read.values()] == [3, 3]
    assert not [text for text in read["wang"] if "HD-MSTP-2" in text or "医院" in text]
    assert not [text for text in read["li"] if "HD-DIA-1" in text or "Bank" in text]
    assert "a fibre cable is broken" in read["li"][0] and "光缆线路中断" in read["wang"][0]


@on_sqlite
def test_nothing_on_a_child_names_another_customer(cut, session):
    cut.happen().later(minutes=20).mend()
    child = cut.child(HOSPITAL).ticket
    subjects = (f"ticket:{child.id}", f"run:{child.run_id}")
    entries = session.exec(select(Entry).where(col(Entry.subject).in_(subjects)))
    kept = str([entry.particulars for entry in entries]) + str(child.model_dump())
    run = session.get_one(Run, child.run_id)
    kept += str(runs.facts(session, run, now=cut.now)) + run.state.decode()
    assert not [name for name in (BANK, "Haidong Bank", "HD-DIA-1", "王敏") if name in kept]


@on_sqlite
def test_the_notice_says_which_circuits_and_when_they_hear_again(cut, session):
    add_circuit(cut, session, "HD-SDH-3")
    cut.happen(to=["HD-DIA-1", "HD-MSTP-2", "HD-SDH-3"])
    text = session.exec(select(Notice).where(Notice.to == "wang@bank.example")).one().text
    assert "HD-DIA-1 等 2 条" in text and "HD-DIA-1、HD-SDH-3" in text
    assert "预计 03-11 12:14" in text and "下次通报不晚于 03-11 10:44" in text


@on_sqlite
def test_the_expected_time_is_that_of_the_clock(cut, session):
    child = cut.happen().child(HOSPITAL).ticket
    clock = select(Clock).where(Clock.ticket_id == child.id, Clock.name == "restore")
    assert session.exec(clock).one().due_at == cut.now + timedelta(hours=4)
    text = session.exec(select(Notice).where(Notice.to == "li@hospital.example")).one().text
    assert "03-11 14:14" in text


@on_sqlite
def test_who_calls_about_a_hit_circuit_is_noted_on_their_child(cut, session):
    cut.happen().later(minutes=3)
    count = len(session.exec(select(Ticket)).all())
    child = cut.child().ticket
    cut.child().call()
    session.refresh(child)
    assert len(session.exec(select(Ticket)).all()) == count
    assert (child.calls, child.called_at) == (1, cut.now) and child.told_at < child.called_at


def test_who_called_before_we_knew_keeps_their_number_as_a_child(cut, session):
    before = cut.child().call()
    run_id = before.ticket.run_id
    cut.later(minutes=2).happen()
    session.refresh(before.ticket)
    assert (before.ticket.parent_id, before.ticket.state) == (cut.ticket.id, "following")
    assert session.get_one(Run, run_id).status == "cancelled" and before.orders() == {}
    assert len(session.exec(select(Ticket)).all()) == 3
    cut.mend()
    assert before.do("call_back").ticket.state == "called_back"


@on_sqlite
def test_a_child_that_came_of_a_call_can_be_cancelled(cut, session):
    before = cut.child().call()
    cut.happen()
    before.say("cancel", reason="customer_side", note="客户自己断电")
    assert before.ticket.state == "cancelled"
    left = select(AffectedCircuit).where(AffectedCircuit.ticket_id == before.ticket.id)
    assert [row.until for row in session.exec(left)] == [cut.now]


@on_sqlite
def test_what_somebody_repairs_already_goes_on(cut, session):
    before = cut.child().call().do("accept_call").do("judge", domains=["data"])
    order = before.orders()["data_remote"]
    order.state = "accepted"
    session.commit()
    cut.happen()
    session.refresh(before.ticket)
    assert before.ticket.parent_id is None and before.orders().keys() == {"data_remote"}
    assert intake.find_open_of(session, circuit_of(session, "HD-DIA-1")).id == before.ticket.id


@on_sqlite
def test_who_was_only_at_risk_and_calls_is_hit_after_all(cut, session):
    second = protect(cut, session)
    group = found_group(session, second, cut.now)
    ticket = group_tickets.open_for(
        session, group, hits_of(session, group), priority="P3", now=cut.now
    )
    assert (ticket.impact, ticket.customer_id) == ("degraded", None)
    assert session.exec(select(Notice.template)).all() == ["at_risk"]
    called = cut.child().call()
    assert (called.ticket.parent_id, called.ticket.impact) == (ticket.id, "outage")
    assert called.ticket.calls == 1


@on_sqlite
def test_a_second_cut_takes_down_who_was_only_at_risk(cut, session):
    second = protect(cut, session)
    first = found_group(session, second, cut.now)
    group_tickets.open_for(session, first, hits_of(session, first), priority="P3", now=cut.now)
    cut.happen()
    child = cut.child().ticket
    assert (child.parent_id, child.impact) == (cut.ticket.id, "outage")


def test_a_better_root_takes_over_the_ticket_and_gives_a_child_to_the_other(cut, session):
    """Two ports go dark, then the cable between them is known: one ticket, and its number stays."""
    groups, opened = [], []
    for code in ("HD-DIA-1", "HD-MSTP-2"):
        circuit = circuit_of(session, code)
        groups.append(found_group(session, circuit, cut.now, kind="circuit"))
        hits = hits_of(session, groups[-1])
        told = {"priority": "P2", "now": cut.now}
        opened.append(group_tickets.open_for(session, groups[-1], hits, **told))
    session.commit()
    better = found_group(session, cut.cable, cut.now)
    for group in groups:
        group.taken_over_by = better.id
    hits = hits_of(session, better)
    parent = group_tickets.open_for(session, better, hits, priority="P1", now=cut.now)
    session.commit()
    assert parent.id == opened[0].id and parent.title.startswith("GL-1")
    assert (opened[1].parent_id, opened[1].state) == (parent.id, "following")
    assert len(session.exec(select(Ticket)).all()) == 2


def test_children_move_along_to_the_better_root(cut, session):
    cut.happen()
    lesser, child = cut.ticket, cut.child().ticket
    duct = found_group(session, cut.cable, cut.now, kind="section")
    other = intake.open_ticket(
        session, source="alarm", by="alarms", now=cut.now, started_at=cut.now, title="GD-1"
    )
    duct.ticket_id = other.id
    cut.group.taken_over_by = duct.id
    group_tickets.open_for(session, duct, hits_of(session, duct), priority="P1", now=cut.now)
    session.commit()
    assert (lesser.state, lesser.parent_id) == ("merged", other.id)
    assert child.parent_id == other.id and len(session.exec(select(Ticket)).all()) == 4
    assert cut.group.ticket_id == other.id


@on_sqlite
def test_the_time_of_children_stands_still_with_their_parent(cut, session):
    child = cut.happen().child(HOSPITAL)
    stop = {"reason": "no_access", "evidence": "照片 3", "customer_told": True}
    cut.say("suspend", resume_at=cut.now + timedelta(hours=1), **stop)
    clock = select(Clock).where(Clock.ticket_id == child.ticket.id, Clock.name == "restore")
    assert session.exec(clock).one().state == "paused"
    with pytest.raises(NotAllowed):
        child.say("suspend", resume_at=cut.now + timedelta(hours=1), **stop)
    cut.later(minutes=30).say("resume")
    session.expire_all()
    assert session.exec(clock).one().due_at == cut.now + timedelta(hours=4)


@on_sqlite
def test_a_child_opened_while_its_parent_is_suspended_stands_still_too(cut, session):
    cut.happen(to=["HD-DIA-1"])
    stop = {"reason": "no_access", "evidence": "照片 3", "customer_told": True}
    cut.say("suspend", resume_at=cut.now + timedelta(hours=1), **stop)
    group_tickets.extend(session, cut.group, hits_of(session, cut.group), now=cut.now)
    session.commit()
    child = cut.child(HOSPITAL).ticket
    clock = select(Clock).where(Clock.ticket_id == child.id, Clock.name == "restore")
    assert session.exec(clock).one().state == "paused"


@on_sqlite
def test_the_time_of_a_child_is_its_parents_until_it_is_restored(cut, session):
    child = cut.happen().child(HOSPITAL).ticket
    cut.mend().later(minutes=10)
    shown, own = (of(session, child, cut.now) for of in (stretches_of, own_stretches))
    assert sum((one.length for one in shown), timedelta()) == timedelta(minutes=50)
    assert {one.ticket for one in shown} == {cut.ticket.id, child.id}
    assert [(one.kind, one.length) for one in own] == [("verify", timedelta(minutes=10))]


@on_sqlite
def test_a_child_whose_customer_is_not_satisfied_is_a_fault_of_its_own(cut, session):
    cut.happen().mend()
    hospital = cut.child(HOSPITAL).do("call_back", satisfied=False, customer_words="还是不通")
    cut.child().do("call_back")
    cut.tick()
    assert cut.orders().keys() == {"close_ticket"}
    session.refresh(hospital.ticket)
    assert hospital.ticket.parent_id is None and hospital.orders().keys() == {"accept_call"}
    accept = select(Clock).where(Clock.ticket_id == hospital.ticket.id, Clock.name == "accept")
    assert session.exec(accept).one().state == "running"
    hospital.later(minutes=41).do("accept_call").do("judge", domains=[]).finish()
    assert hospital.ticket.state == "closed"


@on_sqlite
def test_a_child_is_moved_by_hand_and_merged_into_no_child(cut, session):
    child = cut.happen().child(HOSPITAL)
    other = intake.open_ticket(
        session, source="inspection", by="dora", now=cut.now, started_at=cut.now, title="GD-1"
    )
    tickets.start(session, other, by="dora", now=cut.now)
    with pytest.raises(NotAllowed):
        tickets.merge(session, other, child.ticket, reason="x", by=cut.cast["mei"], now=cut.now)
    child.say("merge", parent=other, reason="另一处断点")
    assert (child.ticket.parent_id, child.ticket.state) == (other.id, "following")
    assert other.grade == child.ticket.grade


def test_batches_lose_and_double_nobody_whoever_is_killed(cut, session, engine, now):
    """The first batch is kept; the second worker dies before its commit; the third goes on."""
    ids = add_customers(cut, session, 5)
    group = found_group(session, cut.cable, now)
    parent = group_tickets.open_for(session, group, [], priority="P1", now=now)
    group_tickets._add_hits(session, group, parent, hits_of(session, group), "alarms", now)
    child_tickets.open_some(session, parent.id, now=now, limit=2)
    parent_id = parent.id
    session.commit()
    with pytest.raises(KeyboardInterrupt), open_session(engine) as other:
        child_tickets.open_some(other, parent_id, now=now)
        raise KeyboardInterrupt
    assert flow.open_children(engine, now) == 1 and flow.open_children(engine, now) == 0
    session.expire_all()
    mine = session.exec(select(Ticket.customer_id).where(Ticket.parent_id == parent_id)).all()
    assert len(mine) == len(set(mine)) == 7 and set(ids) < set(mine)
    clocks.catch_up(session, now=now)
    assert len(session.exec(select(Clock.ticket_id).distinct()).all()) == 8


def test_one_customer_who_cannot_be_helped_holds_up_no_other(cut, session, engine, now):
    ids = add_customers(cut, session, 3)
    group = found_group(session, cut.cable, now)
    taken = Ticket(source="customer", title="x", started_at=now, opened_at=now)
    session.add(taken)
    parent = group_tickets.open_for(session, group, [], priority="P1", now=now)
    taken.open_key = f"child:{parent.id}:{ids[1]}"
    group_tickets._add_hits(session, group, parent, hits_of(session, group), "alarms", now)
    session.commit()
    flow.open_children(engine, now)
    session.expire_all()
    mine = session.exec(select(Ticket.customer_id).where(Ticket.parent_id == parent.id)).all()
    assert ids[1] not in mine and len(mine) == 4
    taken.open_key = None
    session.commit()
    assert flow.open_children(engine, now + timedelta(minutes=1)) == 1


def test_the_flow_tells_children_and_parents(cut, session, engine):
    cut.happen().do("accept_alarm").do("judge", domains=[]).do("restore_test")
    session.commit()
    assert flow.tell_children(engine, cut.now) == 2 and flow.tell_parents(engine, cut.now) == 0
    for name in (BANK, HOSPITAL):
        cut.child(name).do("call_back")
    session.commit()
    assert flow.tell_parents(engine, cut.now) == 1 and flow.tell_children(engine, cut.now) == 0
    cut.do("close_ticket")
    session.commit()
    assert flow.tell_children(engine, cut.now) == 2
    session.expire_all()
    assert {ticket.state for ticket in session.exec(select(Ticket))} == {"closed"}


@on_sqlite
def test_crews_go_at_once_to_what_cannot_be_seen_from_afar(cut, session):
    device = session.exec(select(Device)).first()
    device.manageability = "none"
    group = found_group(session, device, cut.now, kind="device")
    told = {"priority": "P1", "now": cut.now}
    cut.ticket = group_tickets.open_for(session, group, hits_of(session, group), **told)
    assert cut.ticket.limit["judge"] == 5
    cut.kept().do("accept_alarm").do("judge", domains=["transport", "line"])
    assert cut.orders().keys() == {"transport_on_site", "line_on_site"}


def test_told_first_is_told_before_the_call(cut, session, now):
    before = cut.child().call()
    cut.later(minutes=2).happen()
    month = {"since": now - timedelta(days=1), "until": now + timedelta(days=1)}
    found = {
        by: told_first.share_by(session, by=by, **month) for by in ("month", "grade", "product")
    }
    assert [(one.key, one.first, one.late) for one in found["grade"]] == [
        ("A", 1, 0),
        ("AAA", 0, 1),
    ]
    assert [(one.key, one.tickets, one.share) for one in found["month"]] == [("2026-03", 2, 0.5)]
    assert {one.key for one in found["product"]} == {"DIA", "MSTP"}
    assert told_first.share(session, **month).untold == 0 and before.ticket.told_at == cut.now


@on_sqlite
def test_the_report_of_told_first(cut, session, as_):
    mei = as_("mei")
    cut.happen()
    session.commit()
    shown = mei.get("/api/reports/told-first?by=manageability&until=2026-03-12T00:00:00Z")
    assert shown.json()["total"] | {"key": ""} == {
        "key": "", "tickets": 2, "first": 2, "late": 0, "untold": 0, "share": 1.0,
    }  # fmt: skip
    wrong = mei.get("/api/reports/told-first?from=2026-03-12T00:00:00Z")
    assert wrong.status_code == 422


@on_sqlite
def test_a_parent_shows_its_circuits_and_whose_child_has_each(cut, session, as_):
    dora, parent_id = as_("dora"), cut.happen().ticket.id
    session.commit()
    shown = dora.get(f"/api/tickets/{parent_id}").json()
    assert [(one["code"], one["ticket"]) for one in shown["circuits"]] == [
        ("HD-DIA-1", shown["children"][0]),
        ("HD-MSTP-2", shown["children"][1]),
    ]
    assert shown["priority"] == "P1"


def circuit_of(session, code):
    return session.exec(select(Circuit).where(Circuit.code == code)).one()


def add_circuit(cut, session, code, customer=None):
    bank = circuit_of(session, "HD-DIA-1")
    ends = {"a_site_id": bank.a_site_id, "z_site_id": bank.z_site_id}
    circuit = Circuit(
        code=code, customer_id=customer or bank.customer_id, product="SDH", grade="std", **ends
    )
    session.add(circuit)
    session.flush()
    device = session.exec(select(Hop.device_id)).first()
    session.add(Hop(circuit_id=circuit.id, seq=1, device_id=device, section_id=cut.cable.id))
    session.commit()
    return circuit


def add_customers(cut, session, count):
    new = [Customer(code=f"N-{n}", name=f"新客户{n}号") for n in range(count)]
    session.add_all(new)
    session.flush()
    for n, customer in enumerate(new):
        add_circuit(cut, session, f"HD-NEW-{n}", customer.id)
    return [customer.id for customer in new]


def protect(cut, session):
    """The bank's circuit has a second way, by a cable of its own; that one's section."""
    bank = circuit_of(session, "HD-DIA-1")
    ends = {"from_site_id": bank.a_site_id, "to_site_id": bank.z_site_id}
    second = Section(code="GL-2", duct="GD-2", **ends)
    session.add(second)
    session.flush()
    bank.is_protected = True
    told = {"route": "backup", "seq": 1, "section_id": second.id}
    device = session.exec(select(Hop.device_id)).first()
    session.add(Hop(circuit_id=bank.id, device_id=device, **told))
    session.commit()
    return second
