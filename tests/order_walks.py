"""Walks through service_activation, one for each way that an order can go. Used by
test_service_orders.py.
"""

from datetime import timedelta
from itertools import chain

from sqlmodel import col, select

from bpmn import bundles, forms, library, runs, service_orders, wall
from records import Asset, Certificate, Entry, Run, ServiceOrder, WorkOrder
from tasks import work_orders
from tasks.field import visit_sheets, visits
from tasks.orders.order_states import subject_of
from tests.field import Field

ACTIVATION = bundles.gather(library.SHIPPED / "diagrams" / "service_activation.bpmn").files
ACTIVATION_BLUEPRINT = wall.read_blueprint(ACTIVATION)
ACTIVATION_FORMS = forms.readers(ACTIVATION_BLUEPRINT.forms)
NEW = {
    "kind": "new",
    "customer": "C-1",
    "product": "DIA",
    "megabits": 100,
    "a_site": "HZ-CB",
    "z_site": "HZ-DJ",
}
OLD = {"customer": "C-1", "circuit": "HD-DIA-1"}


def example(form):
    return ACTIVATION_FORMS[form].schema["examples"][0]


class Order:
    """One order on its way: `do` a work order by its element, or call a verb of the order."""

    def __init__(self, session, cast, now):
        self.session, self.cast, self.now = session, cast, now
        self.field = Field(session, cast, now)
        self.order = None
        self.n, later = 1, now + timedelta(days=900)
        self.field.tester.calibration_due_at = later
        for type_ in ("power_meter", "earth_tester"):
            self.field.asset(type_, "instrument", type_, calibration_due_at=later)
        self.field.liu.skills = ["router", "cabling"]
        self.field.kai.skills = ["router", "cabling"]
        self.session.flush()
        for person in (self.field.liu, self.field.kai):
            told = {"level": 3, "expires_at": later}
            session.add(Certificate(person_id=person.id, skill="power", **told))
        session.commit()

    def again(self):
        """The next order, a month later, with a code and ports of its own."""
        self.n, self.order = self.n + 1, None
        return self.later(days=30)

    @property
    def ports(self):
        return [{"kind": "port", "object": f"HZ-{k}", "unit": f"{self.n}/{k}"} for k in (1, 2)]

    def take_in(self, **given):
        given = {**NEW, **given} if given.get("kind", "new") == "new" else {**OLD, **given}
        self.order = service_orders.open_order(
            self.session, given, by=self.cast["dora"], now=self.now
        )
        return self.kept()

    def do(self, *elements, **answers):
        for element in elements:
            one, dora = self.orders()[element], self.cast["dora"]
            given = {**example(one.form), **answers}
            work_orders.accept(self.session, one, by=dora, now=self.now)
            runs.complete_order(self.session, one, given, by=dora, now=self.now)
            self.kept()
        return self

    def say(self, verb, *given, **told):
        if verb != "resume":
            told["by"] = self.cast["mei"]
        verb = getattr(service_orders, verb)
        verb(self.session, self.order, *given, now=self.now, **told)
        return self.kept()

    def check(self):
        """Whatever checks there are."""
        self.do("intake_check")
        return self.do(*sorted(each for each in self.orders() if each.startswith("check_")))

    def design(self, **answers):
        start = self.now + timedelta(days=2)
        window = {"starts_at": start, "ends_at": start + timedelta(hours=6)}
        usual = {"window_a": {k: at.isoformat() for k, at in window.items()}}
        usual |= {"circuit_code": f"HD-DIA-9{self.n}", "allocations": self.ports}
        return self.do("make_design", **usual | answers)

    def second(self, hours=6, **answers):
        """Once more, at its A end, the day after tomorrow."""
        start = self.now + timedelta(days=2)
        window = {"starts_at": start, "ends_at": start + timedelta(hours=hours)}
        window = {name: at.isoformat() for name, at in window.items()}
        return self.do("second_visit", window=window, **answers)

    def confirm(self):
        for visit in self.visits():
            if visit.state in ("planned", "crewed") and visit.explained_at:
                visit_sheets.confirm(self.session, visit, who="王敏", by="mei", now=self.now)
        return self.tick()

    def go(self, **result):
        """The crew comes, and does what there is."""
        for visit in self.visits():
            if visit.state == "to_approve":
                visits.approve(self.session, visit, by=self.cast["mei"], now=self.now)
            if visit.state == "planned":
                self.send(visit)
            self.now = max(self.now, visit.starts_at)
            if visit.state == "crewed":
                self.field.go(visit, self.now)
                self.field.done(visit, visit.ends_at, **result)
                self.now = max(self.now, visit.ends_at)
        return self.tick()

    def send(self, visit):
        things = self.session.exec(select(Asset).where(Asset.kind == "instrument")).all()
        wanted = {tool for job in visits.jobs_of(self.session, visit) for tool in job.tools}
        instruments = [one for one in things if one.type in wanted]
        people = (self.field.liu, self.field.kai)
        self.field.send(visit, *people, instruments=instruments)

    def tick(self):
        """As workflows/service_orders.py does."""
        for key, message in service_orders.find_ready(self.session):
            order = self.session.get_one(ServiceOrder, key)
            service_orders.go_on(self.session, order, message, now=self.now)
        return self.kept()

    def later(self, **time):
        self.now += timedelta(**time)
        return self

    def kept(self):
        self.session.commit()
        failed = [e.particulars for e in self.entries() if e.verb == "failed"]
        assert not failed, failed
        return self

    @property
    def run(self):
        self.session.expire_all()
        return self.session.get_one(Run, self.order.run_id)

    def visits(self):
        return visits.of_subject(self.session, subject_of(self.order))

    def entries(self, subject=None):
        mine = select(Entry).where(Entry.subject == (subject or f"run:{self.order.run_id}"))
        return list(self.session.exec(mine.order_by(col(Entry.seq))))

    def visited(self):
        steps = chain(*(entry.particulars.get("steps", []) for entry in self.entries()))
        return {step["element"] for step in steps if step["state"] == "done"}

    def orders(self):
        waiting = col(WorkOrder.finished_at).is_(None)
        mine = select(WorkOrder).where(WorkOrder.run_id == self.order.run_id, waiting)
        return {order.element: order for order in self.session.exec(mine)}


def in_one_visit(walk):
    """A new circuit: one visit, explained before, and done."""
    walk.take_in().check().do("summarise").design()
    walk.do("explain", "configure").confirm().go()
    walk.do("end_to_end_test", "accept")


def moved_to_another_place(walk):
    """Sites far from the old one: built by a partner, who says so; the cable is tested twice."""
    walk.take_in(kind="move", a_site="HZ-DJ", z_site="HZ-CB").check()
    walk.do("summarise", needs_construction=True)
    walk.design(circuit_code="").do("explain")
    walk.say("finish_construction").do("configure").confirm().go()
    walk.do("end_to_end_test", is_passed=False, remedy="remote")
    walk.do("end_to_end_test").do("accept", is_accepted=False)
    walk.do("end_to_end_test", "accept")


def faster_without_a_visit(walk):
    walk.take_in(kind="change", megabits=500).check().do("summarise")
    walk.do("make_design", allocations=[], needs_visit=False).do("configure")
    walk.do("end_to_end_test", "accept")


def ceased(walk):
    walk.take_in(kind="cease").do("intake_check")
    walk.design(allocations=[], needs_data=False).do("explain").confirm().go().do("accept")


def comes_twice(walk):
    """The customer's rack has no power; the second visit is approved, and the third design will
    do."""
    walk.take_in().check().do("summarise", needs_construction=True)
    walk.design(allocations=[{**walk.ports[0], "object": "HZ-99"}])
    walk.design(circuit_code="HD-DIA-1").design()
    walk.do("explain", "construct", "configure").confirm().go(is_done=False, reason="机柜没有电")
    walk.second(hours=0).second().go()
    walk.do("end_to_end_test", is_passed=False, remedy="visit").second(jobs=["test"])
    walk.go().do("end_to_end_test", "accept")


def not_complete(walk):
    walk.take_in().do("intake_check", is_complete=False).do("reply")


def not_feasible(walk):
    walk.take_in(product="MSTP").check().do("summarise", is_feasible=False).do("reply")


def put_off(walk):
    """The bank renovates: the clock stands, the visit waits, and so do the work orders."""
    walk.take_in().check().do("summarise").design().do("explain")
    due = walk.order.limits["of"]["total"]["due"]
    until = walk.now + timedelta(days=14)
    walk.say("postpone", reason="机房装修", resume_at=until)
    assert {one.state for one in walk.orders().values()} == {"suspended"}
    assert all(visit.starts_at >= until for visit in walk.visits())
    walk.later(days=20).say("resume", by="system")
    assert walk.order.limits["of"]["total"]["due"] > due
    walk.do("configure").confirm().go().do("end_to_end_test", "accept")


def changed_in_flight(walk):
    """A date, then a speed, then a place: more of what was done is undone each time."""
    walk.take_in().say("change", {"megabits": 200}, reason="改速率").check()
    walk.do("summarise").design().do("explain", "configure").confirm()
    walk.say("change", {"promised_at": walk.now + timedelta(days=20)}, reason="改期")
    assert walk.orders().keys() == {"explain"} and len(walk.visits()) == 1
    walk.say("change", {"megabits": 300}, reason="改速率").do("take_back")
    assert walk.orders().keys() == {"make_design"} and len(walk.visits()) == 1
    walk.design().say("change", {"is_protected": True}, reason="要双路由")
    assert walk.orders().keys() == {"intake_check"} and walk.visits() == []
    walk.check().do("summarise").design().do("explain", "configure").confirm().go()
    walk.do("end_to_end_test", "accept")


def cancelled_early(walk):
    walk.take_in().say("cancel", reason="客户改用他网")


def cancelled_late(walk):
    walk.take_in().check().do("summarise").design().do("configure")
    walk.say("cancel", reason="客户停业").do("clean_up")
    assert walk.visits() == []


ORDER_ENDS = {  # the end of the run, and the state of the order
    in_one_visit: ("archived", "archived"),
    moved_to_another_place: ("archived", "archived"),
    faster_without_a_visit: ("archived", "archived"),
    comes_twice: ("archived", "archived"),
    not_complete: ("not_feasible", "refused"),
    not_feasible: ("not_feasible", "refused"),
    put_off: ("is_postponed,is_resumed,archived", "archived"),
    changed_in_flight: ("archived", "archived"),
    cancelled_early: ("cancelled", "cancelled"),
    cancelled_late: ("cancelled", "cancelled"),
    ceased: ("archived", "archived"),
}
