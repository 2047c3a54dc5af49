"""Walks through room_inspection, one for each way that an inspection can go. Used by
test_inspections.py.
"""

from datetime import timedelta

from sqlmodel import col, select

from bpmn import bundles, forms, inspections, library, runs, wall
from records import Finding, Group, Inspection, Membership, Run, Visit, WorkOrder
from tasks import work_orders
from tasks.field import visits
from tasks.inspections.checklists import wanted
from tests.field import Field

ROOM = bundles.gather(library.SHIPPED / "diagrams" / "room_inspection.bpmn").files
ROOM_BLUEPRINT = wall.read_blueprint(ROOM)
ROOM_FORMS = forms.readers(ROOM_BLUEPRINT.forms)
GOOD = {
    **{"temperature": 22, "humidity": 50, "voltage": 220, "ups_minutes": 120, "earthing": 1},
    **{"bend_radius": 40, "received_power": -15, "spare_ports": 4},
}


def filled(session, row, **values):
    """The whole checklist, all good but for `values` of items."""
    lines = []
    for one in wanted(session, row):
        value = values.get(one.item, GOOD.get(one.item, "yes"))
        told = {"value": value} if one.rule["kind"] == "number" else {"said": value}
        lines.append({"item": one.item, "object": one.object, **told})
    return {"measured": lines, "seen": [], "needs": []}


class Room:
    """An inspection of the bank's room, from the planner on."""

    def __init__(self, session, cast, now):
        self.session, self.cast, self.now = session, cast, now
        self.field = Field(session, cast, now)
        self.field.site.kind = "customer"
        self.field.liu.skills = ["inspection"]
        nsm = session.exec(select(Group).where(Group.key == "nsm")).one()
        session.add(Membership(person_id=self.field.liu.id, group_id=nsm.id))
        told = {"calibration_due_at": now + timedelta(days=900)}
        self.meter = self.field.asset("M1", "instrument", "power_meter", **told)
        session.commit()

    def begin(self, at=None):
        at = at or self.now + timedelta(days=1)
        told = {"customer_id": self.field.bank.id, "site_id": self.field.site.id}
        told |= {"from_at": at - timedelta(days=1), "by_at": at + timedelta(days=30)}
        told |= {"starts_at": at, "ends_at": at + timedelta(hours=2), "state": "planned"}
        told |= {"lead_id": self.field.liu.id, "planned_by": "system", "planned_at": self.now}
        crew = {"vehicle": None, "instruments": [self.meter.id]}
        self.row = Inspection(kind="periodic", room="cabinet", crew=crew, **told)
        self.session.add(self.row)
        self.session.commit()
        assert inspections.send(self.session, self.row.id, now=self.now)
        self.session.commit()
        return self

    def do(self, element, by="mei", **answers):
        self.session.expire_all()
        waiting = (WorkOrder.run_id == self.row.run_id, col(WorkOrder.finished_at).is_(None))
        order = self.session.exec(select(WorkOrder).where(*waiting)).one()
        assert order.element == element
        given = {**ROOM_FORMS[order.form].schema["examples"][0], **answers}
        work_orders.accept(self.session, order, by=self.cast[by], now=self.now)
        runs.complete_order(self.session, order, given, by=self.cast[by], now=self.now)
        self.session.commit()
        return self

    def arrive(self):
        """The crew is there, and says so."""
        visit = self.session.get_one(Visit, self.row.visit_id)
        self.now = visit.starts_at
        visits.start(self.session, visit, by="liu", now=self.now, unexplained="电话约定")
        self.session.commit()
        return self

    def inspect(self, **values):
        return self.do("inspect", "liu", **filled(self.session, self.row, **values))

    def sign(self, **answers):
        return self.do("sign", "liu", signed_at=self.now.isoformat(), **answers)

    def findings(self):
        mine = select(Finding).where(Finding.inspection_id == self.row.id)
        return self.session.exec(mine.order_by(col(Finding.id))).all()

    @property
    def run(self):
        return self.session.get_one(Run, self.row.run_id)


def all_good(room):
    room.begin().do("appoint").arrive().inspect().sign().do("report")


def mended(room):
    """Measured again, signed at the second time, mended and looked at until it is gone."""
    room.begin().do("appoint", outcome="moved", starts_at="2026-03-11T09:00:00+08:00")  # over
    room.do("appoint").do("inspect", "liu").arrive()
    room.inspect(earthing=7, water="no", cpe="HG8245", contacts="周敏 000-9")
    room.do("sign", "liu", is_signed=False, words="再量一次")
    room.inspect(earthing=7, cpe="HG8245")
    room.sign(signed_by="王敏").do("report")
    one = next(row for row in room.findings() if row.action == "work")
    room.do("mend", "liu", done=[]).do("mend", "liu", done=[{"finding": one.id, "what": "接地"}])
    room.do("look_again", "liu", gone=[one.id]).do("look_again", gone=[])
    room.do("mend", "liu", done=[{"finding": one.id, "what": "重做"}])
    room.do("look_again", gone=[one.id])


def signed_late(room):
    room.begin().do("appoint").arrive().inspect()
    room.do("sign", "liu", signed_at="2027-01-01T09:00:00+08:00").sign().do("report")


def declined(room):
    room.begin().do("appoint", outcome="declined", reason="机房搬迁")


def called_off(room):
    room.begin()
    told = {"reason": "不再需要", "by": "mei", "now": room.now}
    inspections.call_off(room.session, room.row, **told)
    room.session.commit()


ENDS = {
    all_good: ("done", "done"),
    mended: ("done", "done"),
    signed_late: ("done", "done"),
    declined: ("not_wanted", "cancelled"),
    called_off: ("cancelled", "cancelled"),
}
