"""Walks of a cable cut that hits two customers: a parent ticket in fault_handling, a child for each
in customer_impact. Used by test_diagrams.py and test_child_tickets.py.
"""

from sqlmodel import col, select

from bpmn import bundles, child_tickets, group_tickets, library, tickets, wall
from records import AlarmGroup, Circuit, Contact, Customer, Device, Hop, Section, Ticket
from tasks.network import affected
from tests.fault_walks import Walk

IMPACT = bundles.gather(library.SHIPPED / "diagrams" / "customer_impact.bpmn").files
IMPACT_BLUEPRINT = wall.read_blueprint(IMPACT)


def lay_cable(session, hospital_grade="A"):
    """One cable under the bank's circuit and under the hospital's, who reads English."""
    bank = session.exec(select(Circuit)).one()
    devices = session.exec(select(Device).order_by(col(Device.code))).all()
    ends = {"from_site_id": bank.a_site_id, "to_site_id": bank.z_site_id}
    cable = Section(code="GL-1", duct="GD-1", **ends)
    hospital = Customer(
        code="C-2", name="海州医院", name_en="Haizhou Hospital", grade=hospital_grade
    )
    session.add_all([cable, hospital])
    session.flush()
    doctor = {"name": "Dr Li", "email": "li@hospital.example", "language": "en"}
    session.add(Contact(customer_id=hospital.id, **doctor))
    ends = {"a_site_id": bank.a_site_id, "z_site_id": bank.z_site_id}
    circuit = Circuit(code="HD-MSTP-2", customer_id=hospital.id, product="MSTP", **ends)
    session.add(circuit)
    session.flush()
    for seq, device in enumerate(devices, 1):
        session.add(Hop(circuit_id=circuit.id, seq=seq, device_id=device.id))
    session.flush()
    for hop in session.exec(select(Hop).where(Hop.seq == 1)):
        hop.section_id = cable.id
    session.commit()
    return cable


def found_group(session, root, now, kind="section"):
    """A group of alarms with this root."""
    times = dict.fromkeys(("raised_at", "last_at", "opened_at"), now)
    about = {"layer": 3, "cause": "lossOfSignal", "severity": "critical"}
    group = AlarmGroup(root_kind=kind, root_id=root.id, root_object=root.code, **about, **times)
    session.add(group)
    session.flush()
    return group


def hits_of(session, group):
    return affected.hit_by(session, group.root_kind, group.root_id, group.root_object)


class Cut(Walk):
    """A cable is cut: the walk of the parent; `child` is that of a customer's ticket."""

    def __init__(self, session, cast, now):
        super().__init__(session, cast, now)
        self.cable = session.exec(select(Section)).first() or lay_cable(session)
        self.group = None

    def happen(self, to=("HD-DIA-1", "HD-MSTP-2"), **said):
        """`said`: by the table alarm_priority."""
        self.group = found_group(self.session, self.cable, self.now)
        self.group.decision = {"result": said} if said else {}
        codes = dict(self.session.exec(select(Circuit.id, Circuit.code)).all())
        hits = [hit for hit in hits_of(self.session, self.group) if codes[hit.circuit_id] in to]
        told = {"priority": "P1", "now": self.now}
        self.ticket = group_tickets.open_for(self.session, self.group, hits, **told)
        return self.kept()

    def child(self, name="海东银行"):
        whose = select(Customer.id).where(Customer.name == name)
        mine = select(Ticket).where(Ticket.customer_id == whose.scalar_subquery())
        walk = Walk.__new__(Walk)
        walk.session, walk.cast, walk.now = self.session, self.cast, self.now
        walk.ticket = self.session.exec(mine.order_by(col(Ticket.id).desc())).first()
        return walk

    def mend(self):
        """Until the parent is restored, and its children know."""
        self.do("accept_alarm").do("judge", domains=[]).later(minutes=40).do("restore_test")
        return self.tick()

    def tick(self):
        """As workflows/child_tickets.py does, in one transaction."""
        session, now = self.session, self.now
        for child, message in child_tickets.find_untold(session).items():
            child_tickets.tell(session, child, message, now=now)
        for parent in child_tickets.find_called_back(session):
            child_tickets.tell(session, parent, "children_called_back", now=now)
        for stray in child_tickets.find_strays(session):
            tickets.start(session, session.get_one(Ticket, stray), by="alarms", now=now)
        return self.kept()


def told_mended_called_back(walk):
    """Both are told, the cable is mended, both are called back, and only then the parent closes."""
    walk.happen().mend()
    bank, hospital = walk.child(), walk.child("海州医院")
    assert walk.orders() == {} and bank.orders().keys() == {"call_back"}
    bank.do("call_back")
    assert walk.tick().orders() == {}
    hospital.do("call_back", report_wanted=True).do("fault_report")
    walk.tick().do("close_ticket").tick()
    return hospital


def calls_and_is_regraded(walk):
    """The customer calls twice and is made AAA: so is the parent, which has their better grade."""
    hospital = walk.happen().child("海州医院")
    call = {"words": "断了", "caller": "Dr Li"}
    hospital.say("call_again", **call).say("call_again", **call)
    hospital.say("regrade", grade="AAA", reason="手术周")
    assert (hospital.ticket.level, hospital.ticket.limit["restore"]) == ("F2", 120)
    walk.mend()
    for child in (hospital, walk.child()):
        child.do("call_back")
    walk.tick().do("close_ticket").tick()
    return hospital


def parent_is_reopened(walk):
    """The bank's own ticket is the parent; it says twice that its service is not back."""
    walk.happen(to=["HD-DIA-1"])
    group_tickets.extend(walk.session, walk.group, hits_of(walk.session, walk.group), now=walk.now)
    hospital = walk.mend().child("海州医院")
    walk.do("call_back", satisfied=False).tick()
    assert hospital.orders() == {} and hospital.ticket.state == "following"
    mend_again(walk)
    hospital.do("call_back")
    walk.do("call_back", satisfied=False).tick()
    assert hospital.ticket.state == "following"
    mend_again(walk)
    hospital.do("call_back")
    walk.do("call_back")
    assert walk.orders().keys() == {"close_ticket"}
    walk.do("close_ticket").tick()
    return hospital


def mend_again(walk):
    walk.do("judge", domains=[]).do("restore_test").tick()


def not_satisfied(walk):
    """The hospital has a fault of its own besides; the parent does not wait for that."""
    walk.happen().mend()
    walk.child().do("call_back")
    return walk.child("海州医院").do("call_back", satisfied=False, customer_words="还是不通")


def not_hit_after_all(walk):
    walk.happen().child("海州医院").say("cancel", reason="customer_side", note="客户自己断电")
    return walk.child("海州医院")


IMPACT_ENDS = {  # the end of the run, and the state of the ticket
    told_mended_called_back: ("closed", "closed"),
    calls_and_is_regraded: ("closed", "closed"),
    parent_is_reopened: ("closed", "closed"),
    not_satisfied: ("own_fault", "new"),
    not_hit_after_all: ("cancelled", "cancelled"),
}
