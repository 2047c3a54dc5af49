"""Fault tickets: how one is opened, what may be done to it, and what its run makes of it."""

from datetime import timedelta

import pytest
from sqlmodel import select

from bpmn import runs, tickets
from records import (
    Alarm,
    Circuit,
    Customer,
    Device,
    Entry,
    Incident,
    Notice,
    Run,
    Site,
    Ticket,
    WorkOrder,
)
from tasks import work_orders
from tasks.faults import impact, intake, stops, urgency
from tasks.faults import tickets as verbs
from tasks.refusals import Forbidden, Invalid, NotAllowed, NotFound
from tasks.services import Caller, ServiceRefused
from tasks.services import tickets as services
from tasks.states import STATES
from tests.asking import publish_fault
from tests.fault_walks import FORMS, example

STOP = {"reason": "no_access", "evidence": "照片 3", "customer_told": True}


@pytest.fixture
def published(session, cast, now):
    publish_fault(session, now)
    return session


@pytest.fixture
def call(published, cast, now):
    """call(…): Ada takes a call, with the example's answers and these."""

    def call(**answers):
        told = {**example("fault_intake.json"), **answers}
        ticket = tickets.report(published, told, by=cast["ada"], now=now)
        published.commit()
        return ticket

    return call


@pytest.fixture
def ticket(session, cast, now):
    """A ticket without a run."""
    circuit = intake.find_circuit(session, code="HD-DIA-1")
    return open_ticket(session, now, circuit=circuit, open_key="k")


def open_ticket(session, now, **told):
    told = {"source": "inspection", "started_at": now} | told
    ticket = intake.open_ticket(session, by="dora", now=now, **told)
    session.commit()
    return ticket


def alarm(session, now, source="ems", cause="lossOfSignal", **told):
    device = session.exec(select(Device)).first()
    told = {"object": device.code, "device_id": device.id} | told
    times = dict.fromkeys(("raised_at", "last_at", "received_at"), now)
    key = f"{source}|{told['object']}|{cause}"
    row = Alarm(key=key, source=source, cause=cause, **times, **told)
    session.add(row)
    session.commit()
    return row


def told_of(session, ticket):
    session.commit()
    rows = select(Entry).where(Entry.subject == f"ticket:{ticket.id}").order_by(Entry.seq)
    return [entry.verb for entry in session.exec(rows)]


def caller(session, ticket, now):
    return Caller(session, now, 1, f"ticket:{ticket.id}", "x", "nora", "key")


# Opening


def test_the_better_of_two_grades_counts(session, cast, now):
    circuit = intake.find_circuit(session, code="HD-DIA-1")
    circuit.grade = "std"
    assert open_ticket(session, now, circuit=circuit).grade == "AAA"
    session.get_one(Customer, circuit.customer_id).grade = "A"
    assert open_ticket(session, now, circuit=circuit).grade == "A"


def test_a_device_gives_the_best_grade_of_its_circuits(session, cast, now):
    device = session.exec(select(Device)).first()
    assert open_ticket(session, now, device=device).grade == "AAA"
    assert open_ticket(session, now).grade == "std"


def test_a_circuit_is_found_by_customer_and_city(session, cast):
    assert intake.find_circuit(session, customer="海东银行", city="海州").code == "HD-DIA-1"
    assert intake.find_circuit(session, customer="C-1", city="海州").code == "HD-DIA-1"


def test_a_circuit_that_is_not_there_is_not_found(session, cast):
    for wanted in ({"code": "X"}, {"customer": "海东银行", "city": "泉州"}, {}):
        with pytest.raises(NotFound):
            intake.find_circuit(session, **wanted)


def test_several_circuits_of_a_customer_are_offered(session, cast):
    found = intake.find_circuit(session, code="HD-DIA-1")
    same = found.model_dump(exclude={"id", "code"})
    session.add(Circuit(code="HD-DIA-2", **same))
    with pytest.raises(Invalid, match="HD-DIA-1, HD-DIA-2"):
        intake.find_circuit(session, customer="海东银行", city="海州")


@pytest.mark.parametrize("wrong", [{"source": "x"}, {"impact": "x"}, {"started_at": 1}])
def test_a_fault_that_makes_no_sense_is_refused(session, cast, now, wrong):
    if "started_at" in wrong:
        wrong = {"started_at": now + timedelta(hours=1)}
    with pytest.raises(Invalid) as refusal:
        open_ticket(session, now, **wrong)
    assert refusal.value.facts["fields"][0]["field"] in wrong


def test_a_call_opens_a_ticket_and_its_run(session, call):
    ticket = call()
    assert (ticket.state, ticket.level, ticket.calls) == ("dispatched", "F2", 1)
    assert ticket.title == "海东银行 HD-DIA-1 中断"
    assert session.get_one(Run, ticket.run_id).subject == f"ticket:{ticket.id}"
    assert told_of(session, ticket) == ["opened", "reported", "limit set"]


def test_a_call_about_a_circuit_with_a_ticket_is_noted_on_it(session, call):
    first = call()
    assert call(symptom="还没好") is first
    assert (first.calls, first.level) == (2, "F1")  # AAA outage F2, raised by the second call
    assert told_of(session, first)[-2:] == ["customer called", "level raised"]


def test_a_wrong_report_opens_nothing(session, call):
    with pytest.raises(Invalid):
        call(phone="")
    assert session.exec(select(Ticket)).all() == []


# States


def test_every_state_has_a_name():
    assert set(STATES) >= verbs.OPEN | {"closed", "merged", "cancelled"}


@pytest.mark.parametrize("verb", ["accept", "restore", "reopen", "call_back", "close"])
def test_a_verb_is_refused_in_the_wrong_state(session, ticket, now, verb):
    ticket.state = "cancelled"
    told = {"restore": {"at": now}, "call_back": {"words": ""}, "close": {"closing": {}}}
    with pytest.raises(NotAllowed, match="cancelled"):
        getattr(verbs, verb)(session, ticket, **told.get(verb, {}), by="dora", now=now)


def test_a_close_needs_all_six_elements(session, ticket, now):
    ticket.state = "called_back"
    closing = example("close.json") | {"cause": " ", "handler": ""}
    with pytest.raises(Invalid) as refusal:
        verbs.close(session, ticket, closing, by="dora", now=now)
    assert [each["field"] for each in refusal.value.facts["fields"]] == ["cause", "handler"]


def test_an_end_frees_the_key(session, ticket, now):
    verbs.cancel(session, ticket, reason="test", note="", by="dora", now=now)
    assert (ticket.open_key, ticket.closed_at) == (None, now)
    assert open_ticket(session, now, open_key="k") is not ticket


@pytest.mark.parametrize("minutes, counts", [(-60, 0), (5, 5), (60, 10)])
def test_a_time_of_restoring_that_cannot_be_is_brought_near(session, ticket, now, minutes, counts):
    ticket.state = "accepted"
    at, later = now + timedelta(minutes=minutes), now + timedelta(minutes=10)
    verbs.restore(session, ticket, at=at, by="dora", now=later)
    assert ticket.restored_at == now + timedelta(minutes=counts)


def test_a_level_is_raised_up_to_the_first(session, ticket, now):
    levels = []
    for _ in range(4):
        urgency.raise_level(session, ticket, reason="媒体", by="dora", now=now)
        levels.append(ticket.level)
    assert levels == ["F3", "F2", "F1", "F1"]


def test_a_regrading_keeps_the_level_that_calls_have_raised(session, ticket, now):
    ticket.level, ticket.calls = "F1", 2
    urgency.set_limit(session, ticket, {"restore": 240}, "F3", by="dora", now=now)
    assert (ticket.level, ticket.limit, ticket.state) == ("F1", {"restore": 240}, "dispatched")


@pytest.mark.parametrize(
    "wrong", [{"grade": "gold"}, {"impact": "bad"}, {"reason": " "}], ids=lambda w: next(iter(w))
)
def test_a_regrading_that_makes_no_sense_is_refused(session, ticket, now, wrong):
    told = {"grade": "AA", "impact": "", "reason": "r"} | wrong
    with pytest.raises(Invalid):
        urgency.regrade(session, ticket, **told, by="dora", now=now)
    assert ticket.grade == "AAA"


# Parents and children (主单、副单)


def test_a_ticket_is_merged_into_an_open_one_only(session, ticket, now):
    parent = open_ticket(session, now)
    parent.state = "closed"
    with pytest.raises(NotAllowed, match="is closed"):
        verbs.merge(session, ticket, parent, reason="r", by="dora", now=now)
    with pytest.raises(Invalid):
        verbs.merge(session, ticket, ticket, reason="r", by="dora", now=now)


def test_no_circle_comes_about(session, ticket, now):
    parent = open_ticket(session, now)
    verbs.merge(session, ticket, parent, reason="r", by="dora", now=now)
    with pytest.raises(NotAllowed):
        verbs.merge(session, parent, ticket, reason="r", by="dora", now=now)


def test_children_move_along_with_their_parent(session, ticket, now):
    parent, grand = open_ticket(session, now), open_ticket(session, now)
    verbs.merge(session, ticket, parent, reason="r", by="dora", now=now)
    verbs.merge(session, parent, grand, reason="r", by="dora", now=now)
    assert [child.id for child in verbs.children(session, grand)] == [ticket.id, parent.id]
    assert intake.find_open(session, "k") is grand


def test_a_parent_is_not_cancelled(session, ticket, now):
    parent = open_ticket(session, now)
    verbs.merge(session, ticket, parent, reason="r", by="dora", now=now)
    with pytest.raises(NotAllowed, match="child tickets"):
        verbs.cancel(session, parent, reason="r", note="", by="dora", now=now)


def test_a_parent_takes_over_the_better_grade_with_its_limits(session, call, cast, now):
    parent = tickets.start(session, open_ticket(session, now), by="dora", now=now)
    assert (parent.grade, parent.limit["restore"]) == ("std", 240)
    tickets.merge(session, call(), parent, reason="同一断点", by=cast["mei"], now=now)
    assert (parent.grade, parent.limit["restore"]) == ("AAA", 120)


# Suspending (挂起)


def test_a_suspension_holds_the_ticket_and_its_orders(session, call, cast, now):
    ticket = call()
    order = session.exec(select(WorkOrder)).one()
    work_orders.accept(session, order, by=cast["ada"], now=now)
    at = now + timedelta(hours=1)
    tickets.suspend(session, ticket, **STOP, resume_at=at, by=cast["dora"], now=now)
    assert (ticket.state, order.state) == ("suspended", "suspended")
    tickets.resume(session, ticket, by=cast["dora"], now=now)
    assert (ticket.state, order.state) == ("dispatched", "accepted")


@pytest.mark.parametrize(
    "change, refusal",
    [
        ({"reason": "spare"}, Invalid),
        ({"evidence": " "}, Invalid),
        ({"hours": 25}, Invalid),
        ({"hours": 3}, Forbidden),
    ],
    ids=["never a reason", "no evidence", "too long", "more than a dispatcher may"],
)
def test_a_suspension_keeps_to_the_rules(session, call, cast, now, change, refusal):
    told = {**STOP, "hours": 1, **change}
    told["resume_at"] = now + timedelta(hours=told.pop("hours"))
    ticket = call()
    with pytest.raises(refusal):
        tickets.suspend(session, ticket, **told, by=cast["dora"], now=now)
    assert ticket.state == "dispatched"


def test_the_third_renewal_needs_a_manager(session, ticket, cast, now):
    told = STOP | {"resume_at": now + timedelta(hours=1)}
    for _ in range(3):
        stops.suspend(session, ticket, **told, by=cast["dora"], now=now)
    with pytest.raises(Forbidden):
        stops.suspend(session, ticket, **told, by=cast["dora"], now=now)
    stops.suspend(session, ticket, **told, by=cast["mei"], now=now)
    assert ticket.renewals == 3


def test_a_lengthened_stop_is_not_ended_by_its_first_time(session, call, cast, now):
    ticket, one, two = call(), now + timedelta(hours=1), now + timedelta(hours=2)
    tickets.suspend(session, ticket, **STOP, resume_at=one, by=cast["dora"], now=now)
    tickets.suspend(session, ticket, **STOP, resume_at=two, by=cast["dora"], now=now)
    runs.wake(session, ticket.run_id, now=one)
    assert ticket.state == "suspended"
    runs.wake(session, ticket.run_id, now=two)
    assert (ticket.state, ticket.renewals) == ("dispatched", 0)


def test_the_time_of_children_stops_with_their_parent(session, ticket, cast, now):
    parent = open_ticket(session, now)
    verbs.merge(session, ticket, parent, reason="r", by="dora", now=now)
    at = now + timedelta(hours=1)
    stops.suspend(session, parent, **STOP, resume_at=at, by=cast["dora"], now=now)
    stops.resume(session, parent, by="dora", now=now)
    assert told_of(session, ticket)[-2:] == ["suspended with its parent", "resumed with its parent"]


# With and without a run


def test_a_verb_is_done_at_once_where_no_run_listens(session, ticket, cast, now):
    dora = cast["dora"]
    tickets.call_again(session, ticket, words="断了", caller="王敏", by=dora, now=now)
    tickets.regrade(session, ticket, grade="A", reason="降级", by=dora, now=now)
    at = now + timedelta(hours=1)
    tickets.suspend(session, ticket, **STOP, resume_at=at, by=dora, now=now)
    tickets.resume(session, ticket, by=dora, now=now)
    tickets.cancel(session, ticket, reason="test", note="试", by=dora, now=now)
    assert (ticket.calls, ticket.grade, ticket.state) == (1, "A", "cancelled")


def test_a_specialty_is_added_only_while_repair_is_on(session, call, cast, now):
    with pytest.raises(NotAllowed, match="not being repaired"):
        tickets.add_specialty(session, call(), domain="line", reason="r", by=cast["dora"], now=now)


def test_an_unknown_specialty_is_refused(session, ticket, cast, now):
    with pytest.raises(Invalid):
        tickets.add_specialty(session, ticket, domain="sales", reason="r", by=cast["dora"], now=now)


def test_a_closed_ticket_takes_no_more_calls(session, ticket, cast, now):
    ticket.state = "closed"
    with pytest.raises(NotAllowed):
        tickets.call_again(session, ticket, words="?", caller="王敏", by=cast["ada"], now=now)


def test_a_service_that_refuses_becomes_an_incident(session, call, cast, now):
    ticket = call()
    ticket.state = "closed"  # behind the run's back
    order = session.exec(select(WorkOrder)).one()
    work_orders.accept(session, order, by=cast["ada"], now=now)
    runs.complete_order(session, order, {"confirmed": True}, by=cast["ada"], now=now)
    incident = session.exec(select(Incident)).one()
    assert (incident.element, incident.kind) == ("note_acceptance", "service")
    assert "归档" in incident.zh and "closed" in incident.en


# Services


def test_each_contact_of_the_customer_is_told_once(session, ticket, now):
    urgency.set_limit(session, ticket, {"restore": 120}, "F2", by="dora", now=now)
    for _ in range(2):
        services.tell_customer(caller(session, ticket, now))
    notice = session.exec(select(Notice)).one()
    assert (notice.to, notice.template) == ("wang@bank.example", "fault_known")
    assert notice.facts["expected"] == "03-11 12:14"  # 02:14 UTC is 10:14 there, and two hours


@pytest.mark.parametrize(
    "minutes_clear, standing", [(None, 1), (4, 1), (5, 0)], ids=["stands", "just now", "for good"]
)
def test_an_alarm_is_clear_after_five_minutes(session, ticket, now, minutes_clear, standing):
    row = alarm(session, now)
    intake.append_alarm(session, ticket, row, by="alarms", now=now)
    if minutes_clear:
        row.cleared_at = now - timedelta(minutes=minutes_clear)
    assert services.look_at_alarms(caller(session, ticket, now)) == {"standing": standing}


def test_a_judgement_that_will_not_do_says_why(session, ticket, now):
    ticket.state = "accepted"
    judgement = {"verdict": "duplicate", "parent_number": ticket.number}
    judged = services.take_judgement(caller(session, ticket, now), judgement=judgement)
    assert (judged["verdict"], judged["parent_id"]) == ("unclear", None)
    assert told_of(session, ticket)[-1] == "judgement refused"


def test_a_product_adds_its_specialty_only_beside_others(session, ticket, now):
    ticket.state = "accepted"
    at = "2026-03-11T13:00:00+08:00"
    for chosen, expected in (([], []), (["line"], ["line", "data"]), (["data"], ["data"])):
        judgement = {"verdict": "fault", "domains": chosen, "expected_restore_at": at}
        told = services.take_judgement(
            caller(session, ticket, now), judgement=judgement, also="data"
        )
        assert told["domains"] == ticket.domains == expected


@pytest.mark.parametrize("hour, is_night", [(13, False), (14, True), (21, True), (22, False)])
def test_night_is_from_ten_to_six_in_shanghai(now, hour, is_night):
    assert impact.is_night(now.replace(hour=hour, minute=0)) is is_night


def test_facts_count_the_circuits_of_a_device(session, cast, now):
    device = session.exec(select(Device)).first()
    session.get_one(Site, device.site_id).county = "临海县"
    told = impact.facts_of(session, open_ticket(session, now, device=device))
    assert (told["circuits"], told["aaa"], told["is_remote"]) == (1, 1, True)
    assert (told["product"], told["manageability"]) == ("", "full")


def test_a_run_about_something_else_has_no_ticket(session, ticket, now):
    with pytest.raises(ServiceRefused):
        services.describe(Caller(session, now, 1, "plan:1", "x", "nora", "key"))


def test_every_form_of_the_diagram_has_an_example():
    assert all(form.schema["examples"] for form in FORMS.values())
