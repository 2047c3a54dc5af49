"""Plans that begin by themselves or are offered: by the tables, for tickets and hot issues."""

from datetime import timedelta

import pytest
from sqlmodel import select

from bpmn import library, runs
from records import AffectedCircuit, Circuit, Entry, HotIssue, Notice, PlanRun, Ticket
from tasks.faults import intake
from tasks.plans import plans as written
from tests.fault_walks import FAULT
from tests.plan_walks import Walk, publish_plans
from workflows.plans import offer

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@pytest.fixture
def published(session, cast, now):
    publish_plans(session, now)
    library.keep_version(session, FAULT, [], by="owen", now=now)
    session.commit()
    return session


@pytest.fixture
def circuit(published):
    return published.exec(select(Circuit)).one()


def open_ticket(session, now, **told):
    given = {"source": "alarm", "started_at": now, "by": "alarms", "now": now} | told
    ticket = intake.open_ticket(session, **given)
    session.commit()
    return ticket


def begun(session):
    rows = session.exec(select(PlanRun).order_by(PlanRun.id)).all()
    told = [(row.plan_key, row.mode, row.state) for row in rows]
    session.commit()
    return told


def test_a_linked_circuit_of_the_best_grade_begins_its_plan_at_once(
    engine, published, circuit, cast, now
):
    plan = written.find(published, "customer_recovery")
    written.link(published, plan, circuit, note="4G 备用", by=cast["mei"], now=now)
    ticket = open_ticket(published, now, circuit=circuit)
    assert offer(engine, now) == 1 and offer(engine, now) == 0
    assert begun(published) == [("customer_recovery", "auto", "active")]
    published.refresh(ticket)
    assert (ticket.plan, ticket.plan_look_at) == ("customer_recovery", None)
    [run] = published.exec(select(PlanRun))
    assert (run.subject, run.city, run.fired[-1]["rows"]) == (f"ticket:{ticket.id}", "海州", [1])
    entry = published.exec(select(Entry).where(Entry.verb == "plan proposed")).one()
    assert entry.particulars["plan_run"] == run.id


def test_a_linked_circuit_of_a_lesser_grade_is_offered_it(engine, published, circuit, cast, now):
    plan = written.find(published, "customer_recovery")
    written.link(published, plan, circuit, note="", by=cast["mei"], now=now)
    open_ticket(published, now, circuit=circuit, impact="degraded")
    offer(engine, now)
    assert begun(published) == [("customer_recovery", "propose", "proposed")]
    told = published.exec(select(Notice.template, Notice.person_id)).all()
    assert ("plan_proposed", cast["mei"].id) in told


def test_what_lasts_is_looked_at_again(engine, published, circuit, now):
    ticket = open_ticket(published, now, circuit=circuit)
    offer(engine, now)
    assert begun(published) == []
    published.refresh(ticket)
    again = ticket.plan_look_at
    published.commit()
    assert again == now + timedelta(minutes=1)
    offer(engine, now + timedelta(minutes=6))
    assert begun(published) == [("customer_recovery", "auto", "active")]


def test_what_no_table_names_is_not_looked_at_again(engine, published, circuit, now):
    circuit.grade = "std"
    published.get_one(Ticket, open_ticket(published, now, circuit=circuit).id).grade = "std"
    published.commit()
    assert offer(engine, now) == 1
    assert published.exec(select(Ticket.plan_look_at)).one() is None
    assert begun(published) == []


def test_a_cut_that_hits_many_is_offered_its_plan_once(engine, published, circuit, cast, now):
    recovery = written.find(published, "customer_recovery")
    ticket = open_ticket(published, now, cause="lossOfSignal", priority="P1")
    for n in range(12):
        told = circuit.model_dump(exclude={"id"}) | {"code": f"C{n}", "grade": "A"}
        row = Circuit(**told)
        published.add(row)
        published.flush()
        hit = {"ticket_id": ticket.id, "circuit_id": row.id, "since": now, "impact": "outage"}
        published.add(AffectedCircuit(**hit, customer_id=row.customer_id))
    child = Ticket(source="alarm", title="", started_at=now, opened_at=now, parent_id=ticket.id)
    published.add(child)
    published.flush()
    published.exec(select(AffectedCircuit)).first().ticket_id = child.id  # the bank's own by now
    first = published.exec(select(Circuit).where(Circuit.code == "C0")).one()
    written.link(published, recovery, first, note="", by=cast["mei"], now=now)
    published.commit()
    offer(engine, now)
    told = [("cable_cut", "propose", "proposed"), ("customer_recovery", "propose", "proposed")]
    assert begun(published) == told
    ticket = published.get_one(Ticket, ticket.id)
    ticket.plan_look_at = now
    published.commit()
    offer(engine, now)
    run, _ = published.exec(select(PlanRun).order_by(PlanRun.id)).all()
    assert (run.merged, [made["table"] for made in run.fired]) == (
        0, ["plan_activation", "cable_cut_criteria"],
    )  # fmt: skip


def test_a_proposal_goes_when_its_ticket_is_mended(engine, published, circuit, cast, now):
    plan = written.find(published, "customer_recovery")
    written.link(published, plan, circuit, note="", by=cast["mei"], now=now)
    ticket = open_ticket(published, now, circuit=circuit, impact="degraded")
    offer(engine, now)
    published.refresh(ticket)
    ticket.restored_at = now
    published.commit()
    assert offer(engine, now) == 1 and offer(engine, now) == 0
    published.expire_all()
    assert begun(published) == [("customer_recovery", "propose", "aborted")]


def test_a_plan_that_is_withdrawn_is_not_offered(engine, published, circuit, cast, now):
    plan = written.find(published, "customer_recovery")
    written.withdraw(published, plan, reason="x", by=cast["mei"], now=now)
    open_ticket(published, now - timedelta(minutes=9), circuit=circuit)
    offer(engine, now)
    assert begun(published) == []


def test_a_red_hot_issue_proposes_its_plan_and_hears_what_became_of_it(
    engine, published, cast, now
):
    times = dict.fromkeys(("seen_at", "amber_at", "red_at", "counted_at"), now)
    told = {"theme": "wifi", "title": "Wi-Fi 流量", "state": "red", "volume": 24, "usual": 4.0}
    issue = HotIssue(**told, **times, open_key="wifi", plan="hot_issue", plan_state="proposed")
    published.add(issue)
    published.commit()
    assert offer(engine, now) == 1 and offer(engine, now) == 0
    walk = Walk(published, cast, now, "hot_issue")
    [walk.plan_run] = published.exec(select(PlanRun))
    assert (walk.plan_run.level, walk.plan_run.fired[0]["rows"]) == ("province", [2])
    walk.do("confirm")
    published.refresh(issue)
    assert (issue.plan_state, issue.plan_ref) == ("activated", f"plan run:{walk.plan_run.id}")


def test_judging_it_offers_what_the_diagram_said(engine, published, circuit, cast, now):
    """Where the diagram of an owner says something else than the table that is asked here."""
    circuit.grade = "std"
    ticket = open_ticket(published, now, circuit=circuit)
    ticket.grade, ticket.plan = "std", "power_outage_room"
    published.commit()
    offer(engine, now)
    assert begun(published) == [("power_outage_room", "propose", "proposed")]
    [run] = published.exec(select(PlanRun))
    assert runs.why(published, published.get_one(runs.Run, run.run_id), now=now)
