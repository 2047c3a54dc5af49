"""Walks through fault_handling, one for each way that a ticket can go. Used by test_diagrams.py.

A walk goes the whole way: work orders, forms, decisions, services, messages, on a real database.
"""

from datetime import timedelta
from itertools import chain, count

from sqlmodel import col, select

from bpmn import bundles, forms, library, runs, tickets, wall
from records import Alarm, Customer, Device, Entry, Run, WorkOrder
from tasks import work_orders
from tasks.faults import intake

FAULT = bundles.gather(library.SHIPPED / "diagrams" / "fault_handling.bpmn").files
RESPONSE = bundles.gather(library.SHIPPED / "diagrams" / "alarm_response.bpmn").files
BLUEPRINT = wall.read_blueprint(FAULT)
FORMS = forms.readers(BLUEPRINT.forms) | {"fault_intake.json": tickets.intake_form()}
LARGEST_STATE = 8 * 1024  # DESIGN §9
NUMBERS = count()


class Walk:
    """One ticket on its way: `do` an order by its element, or call a verb of bpmn.tickets."""

    def __init__(self, session, cast, now):
        self.session, self.cast, self.now = session, cast, now
        self.ticket = None
        self.sell()

    def sell(self, product="DIA", grade="AAA", manageability="full"):
        """What the bank has of us; without arguments, as in the cast."""
        circuit = intake.find_circuit(self.session, code="HD-DIA-1")
        circuit.product, circuit.grade, circuit.manageability = product, grade, manageability
        self.session.get_one(Customer, circuit.customer_id).grade = grade
        return self

    def call(self, **answers):
        told = {**example("fault_intake.json"), "circuit_code": "HD-DIA-1", **answers}
        self.ticket = tickets.report(self.session, told, by=self.cast["ada"], now=self.now)
        return self.kept()

    def alarm(self, cause="lossOfSignal"):
        device = self.session.exec(select(Device)).first()
        told = {"source": "ems", "object": device.code, "cause": cause, "device_id": device.id}
        times = dict.fromkeys(("raised_at", "last_at", "received_at"), self.now)
        alarm = Alarm(key=f"alarm {next(NUMBERS)}", **told, **times)
        self.session.add(alarm)
        self.session.flush()
        self.ticket = self._open_for(alarm, device)
        self.kept()
        return alarm

    def _open_for(self, alarm, device):
        """As for a group of one alarm."""
        about = {"device": device, "cause": alarm.cause, "started_at": alarm.raised_at}
        told = {"source": "alarm", "open_key": f"alarm:{alarm.id}", **about}
        ticket = intake.open_ticket(self.session, **told, by="alarms", now=self.now)
        intake.append_alarm(self.session, ticket, alarm, by="alarms", now=self.now)
        return tickets.start(self.session, ticket, by="alarms", now=self.now)

    def do(self, *elements, **answers):
        for element in elements:
            order, dora = self.orders()[element], self.cast["dora"]
            given = {**example(order.form), **answers}
            work_orders.accept(self.session, order, by=dora, now=self.now)
            runs.complete_order(self.session, order, given, by=dora, now=self.now)
            self.kept()
        return self

    def say(self, verb, **told):
        getattr(tickets, verb)(self.session, self.ticket, by=self.cast["mei"], now=self.now, **told)
        return self.kept()

    def later(self, **time):
        self.now += timedelta(**time)
        return self

    def kept(self):
        """What every move must leave behind: no incident, and a small state."""
        self.session.commit()
        assert not [e.particulars for e in self.entries() if e.verb == "failed"]
        assert len(self.run.state) <= LARGEST_STATE
        return self

    @property
    def run(self):
        self.session.expire_all()
        return self.session.get_one(Run, self.ticket.run_id)

    def entries(self):
        mine = select(Entry).where(Entry.subject == f"run:{self.ticket.run_id}")
        return list(self.session.exec(mine.order_by(col(Entry.seq))))

    def visited(self):
        steps = chain(*(entry.particulars.get("steps", []) for entry in self.entries()))
        return {step["element"] for step in steps if step["state"] == "done"}

    def orders(self):
        waiting = col(WorkOrder.finished_at).is_(None)
        mine = select(WorkOrder).where(WorkOrder.run_id == self.ticket.run_id, waiting)
        return {order.element: order for order in self.session.exec(mine)}

    def finish(self):
        """From the restore test to the close."""
        self.do("restore_test", "call_back", "close_ticket")
        return self.do("fault_report") if "fault_report" in self.orders() else self


def example(form):
    return FORMS[form].schema["examples"][0]


def line_is_cut(walk):
    """A customer's call; AAA, so the crew sets out while the line is measured."""
    walk.call().later(minutes=10).do("accept_call", "judge")
    assert walk.ticket.plan == "customer_recovery"
    assert walk.orders().keys() == {"line_remote", "line_on_site"}
    walk.do("line_remote", "line_on_site").later(hours=2).finish()


def every_domain_at_once(walk):
    domains = ["transport", "data", "line", "access"]
    walk.call().do("accept_call").do("judge", domains=domains)
    on_site = {"line_on_site", "access_on_site"}
    assert walk.orders().keys() == {f"{domain}_remote" for domain in domains} | on_site
    walk.do("transport_remote", "data_remote", result="needs_crew")
    walk.do("line_remote", "access_remote", "line_on_site", "access_on_site")
    walk.do("transport_on_site", "data_on_site").finish()


def night_with_little_to_see(walk):
    """Partly managed, a customer of grade A: located remotely before anybody is sent."""
    walk.sell("IP-VPN", "A", "partial").later(hours=14).call().do("accept_call").do(
        "judge", domains=["line", "access"]
    )
    assert walk.orders().keys() == {"line_remote", "access_remote", "data_remote"}
    walk.do("line_remote", "access_remote", result="needs_crew").do("data_remote", result="fixed")
    walk.do("line_on_site", "access_on_site").finish()


def old_system(walk):
    """DDN cannot be seen from afar: crews at once."""
    walk.sell("DDN", "std", "none").call().do("accept_call").do(
        "judge", domains=["transport", "line", "access"]
    )
    assert walk.orders().keys() == {"transport_on_site", "line_on_site", "access_on_site"}
    walk.do("transport_on_site", "line_on_site", "access_on_site").finish()


def mended_remotely(walk):
    """Nothing to dispatch; short, so there is no report, and the alarm clears in time."""
    alarm = walk.alarm()
    walk.do("accept_alarm").do("judge", domains=[])
    alarm.cleared_at = walk.now
    walk.later(minutes=6).do("restore_test", restored_at=walk.now.isoformat())
    walk.do("call_back", "close_ticket")


def alarm_clears_for_good(walk):
    alarm = walk.alarm()
    walk.do("accept_alarm").do("judge", domains=[]).do("restore_test")
    assert walk.orders().keys() == {"prove_clear"}
    alarm.cleared_at = walk.now
    walk.later(minutes=5)
    assert tickets.cleared(walk.session, now=walk.now) == [walk.ticket.id]
    tickets.tell_cleared(walk.session, walk.ticket.id, now=walk.now)
    walk.kept().do("call_back", "close_ticket")


def alarm_is_disproved(walk):
    """The alarm stands although the service is good; the report was asked for."""
    walk.alarm()
    walk.do("accept_alarm").do("judge", domains=[]).do("restore_test", "prove_clear")
    walk.do("call_back", report_wanted=True).do("close_ticket", "fault_report")


def fails_twice(walk):
    walk.call().do("accept_call").do("judge", domains=[])
    walk.do("restore_test", service_ok=False).do("judge", domains=["data"])
    walk.do("data_remote", result="not_ours").do("restore_test")
    walk.do("call_back", satisfied=False).do("judge", domains=[]).finish()
    assert walk.ticket.reopened == 2


def specialties_are_added(walk):
    """Each gets an order, and the repair waits for all of them."""
    walk.call().do("accept_call").do("judge", domains=["data"])
    for domain in ("transport", "data", "line", "access", "field"):
        walk.say("add_specialty", domain=domain, reason="需要协同")
    walk.do("data_remote", result="fixed")
    walk.do(*(f"{domain}_added" for domain in ("transport", "data", "line", "access")))
    assert walk.orders().keys() == {"field_added"}
    walk.do("field_added").finish()


def customer_calls_twice(walk):
    walk.alarm()
    assert walk.ticket.level == "F2"
    walk.say("call_again", words="断了", caller="王敏").say(
        "call_again", words="还断", caller="王敏"
    )
    assert (walk.ticket.calls, walk.ticket.level) == (2, "F1")
    walk.do("accept_alarm").do("judge", domains=[]).do("restore_test", "prove_clear")
    walk.do("call_back", "close_ticket")


def regraded(walk):
    walk.sell(grade="std").call().say("regrade", grade="AA", reason="重要会议")
    assert (walk.ticket.grade, walk.ticket.limit["restore"]) == ("AA", 180)
    walk.do("accept_call").do("judge", domains=[]).finish()


def suspended_and_resumed(walk):
    """By hand, then by itself; once more still suspended when the work is over."""
    walk.call().do("accept_call")
    stop = {"reason": "no_access", "evidence": "照片 3", "customer_told": True}
    walk.say("suspend", resume_at=walk.now + timedelta(hours=1), **stop)
    assert walk.orders()["judge"].state == "suspended"
    walk.say("resume").say("suspend", resume_at=walk.now + timedelta(hours=1), **stop)
    walk.later(hours=1)
    runs.wake(walk.session, walk.run.id, now=walk.now)
    assert walk.kept().ticket.state == "accepted"
    walk.do("judge", domains=[]).finish()


def restored_while_suspended(walk):
    """The customer's power comes back: what waited to resume does not keep the ticket open."""
    alarm = walk.alarm()
    walk.do("accept_alarm").do("judge", domains=[]).do("restore_test")
    stop = {"reason": "customer_side", "evidence": "电话", "customer_told": True}
    walk.say("suspend", resume_at=walk.now + timedelta(hours=9), **stop)
    alarm.cleared_at = walk.now
    tickets.tell_cleared(walk.session, walk.ticket.id, now=walk.now)
    walk.kept().do("call_back", "close_ticket")


def judged_no_fault(walk):
    walk.call().do("accept_call").do("judge", verdict="not_a_fault").do("explain")


def cancelled_from_outside(walk):
    walk.call().do("accept_call", "judge").say(
        "cancel", reason="customer_withdrew", note="客户撤单"
    )
    assert walk.orders() == {}


def judged_a_duplicate(walk):
    """A wrong number is sent back to be judged again."""
    parent = another_ticket(walk)
    walk.call().do("accept_call").do("judge", verdict="duplicate", parent_number="FT-20260311-999")
    walk.do("judge", verdict="duplicate", parent_number=parent.number)
    assert walk.ticket.parent_id == parent.id
    see_through(walk, parent)


def merged_from_outside(walk):
    parent = another_ticket(walk)
    walk.call().say("merge", parent=parent, reason="同一断点")
    assert (walk.ticket.state, parent.grade) == ("merged", "AAA")
    see_through(walk, parent)


def another_ticket(walk):
    told = {"source": "inspection", "started_at": walk.now, "title": "东街–城北光缆"}
    parent = intake.open_ticket(walk.session, by="dora", now=walk.now, **told)
    return tickets.start(walk.session, parent, by="dora", now=walk.now)


def see_through(walk, parent):
    """The parent is restored and closed, and its child with it."""
    other = Walk(walk.session, walk.cast, walk.now)
    other.ticket = parent
    other.do("accept_call").do("judge", domains=[]).finish()
    walk.session.refresh(walk.ticket)
    assert walk.ticket.restored_at and walk.ticket.open_key is None


ENDS = {
    "closed": [
        line_is_cut,
        every_domain_at_once,
        night_with_little_to_see,
        old_system,
        mended_remotely,
        alarm_clears_for_good,
        alarm_is_disproved,
        fails_twice,
        specialties_are_added,
        customer_calls_twice,
        regraded,
        suspended_and_resumed,
        restored_while_suspended,
    ],
    "cancelled": [judged_no_fault, cancelled_from_outside],
    "merged": [judged_a_duplicate, merged_from_outside],
}
WALKS = {walk: end for end, walks in ENDS.items() for walk in walks}
