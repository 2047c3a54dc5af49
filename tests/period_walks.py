"""Walks through assurance_period and cutover, one for each way that they can go. Used by
test_assurance_periods.py and test_cutovers.py.
"""

from datetime import datetime, timedelta

from sqlmodel import col, select

from bpmn import assurance_periods, bundles, cutovers, forms, library, runs, wall
from records import Device, Run, WorkOrder
from tasks import work_orders
from workflows.runs import fire_timers

DAY = timedelta(days=1)


class Diagram:
    """A shipped diagram with its forms."""

    def __init__(self, key):
        self.files = bundles.gather(library.SHIPPED / "diagrams" / f"{key}.bpmn").files
        self.blueprint = wall.read_blueprint(self.files)
        self.forms = forms.readers(self.blueprint.forms)


PERIOD, CUTOVER = Diagram("assurance_period"), Diagram("cutover")


class Walk:
    """Work orders done by the cast, timers that come when they come."""

    diagram = PERIOD

    def __init__(self, engine, session, cast, now):
        self.engine, self.session, self.cast, self.now = engine, session, cast, now
        self.row = None

    def do(self, element, by, **answers):
        self.session.expire_all()
        waiting = (WorkOrder.run_id == self.row.run_id, col(WorkOrder.finished_at).is_(None))
        order = self.session.exec(select(WorkOrder).where(*waiting)).one()
        assert order.element == element
        given = {**self.diagram.forms[order.form].schema["examples"][0], **answers}
        work_orders.accept(self.session, order, by=self.cast[by], now=self.now)
        runs.complete_order(self.session, order, given, by=self.cast[by], now=self.now)
        self.session.commit()
        return self

    def wait(self, until):
        self.session.commit()
        self.now = until
        assert fire_timers(self.engine, until)
        self.session.expire_all()
        return self

    @property
    def run(self):
        return self.session.get_one(Run, self.row.run_id)


class Period(Walk):
    def begin(self, **more):
        told = {"name": "年终决算", "level": "A", "starts_at": self.now + 20 * DAY}
        told |= {"ends_at": self.now + 22 * DAY + timedelta(hours=1), **more}
        mei, bank = self.cast["mei"], [1]
        self.row = assurance_periods.create(self.session, told, bank, by=mei, now=self.now)
        self.session.commit()
        return self

    def approve(self):
        return self.do("make_plan", "liu").do("approve", "gwen")


class Cut(Walk):
    diagram = CUTOVER

    def begin(self, **more):
        first = self.session.exec(select(Device).order_by(Device.code)).first()
        told = {"title": "东街割接", "way_back": "恢复原光缆", "devices": [first.code]}
        midnight = datetime.fromisoformat("2026-04-02T00:00:00+08:00")
        told |= {"starts_at": midnight, "ends_at": midnight + timedelta(hours=4), **more}
        self.row = cutovers.create(self.session, told, by=self.cast["nora"], now=self.now)
        self.session.commit()
        return self

    def go(self):
        self.do("approve", "mei").wait(self.row.starts_at - timedelta(hours=1))
        return self.do("check_before", "nora").do("do_work", "nora")

    def end(self):
        return self.do("update_inventory", "nora").do("call_back", "liu")


def watched_to_its_end(one):
    one.begin().do("make_plan", "liu").do("approve", "mei")  # who asked for it
    one.do("make_plan", "liu").do("approve", "gwen", is_approved=False, reason="备件不足")
    one.approve().wait(one.row.starts_at - DAY).do("confirm_ready", "liu")
    one.wait(one.row.starts_at)
    for n in (1, 2):
        one.wait(one.row.starts_at + n * DAY).do("note_day", "nora")
    one.wait(one.row.ends_at).do("sum_up", "liu")


def moved_and_called_off(one):
    one.begin().approve()
    told = {"starts_at": one.now + 40 * DAY, "ends_at": one.now + 41 * DAY, "reason": "改期"}
    assurance_periods.move(one.session, one.row, told, by=one.cast["mei"], now=one.now)
    one.session.commit()
    one.wait(one.row.starts_at - DAY).do("confirm_ready", "liu")
    told = {"reason": "取消", "by": one.cast["mei"], "now": one.now}
    assurance_periods.cancel(one.session, one.row, **told)
    one.session.commit()


def cut_over(one):
    one.begin().go().do("check_after", "nora").end()


def backed_out(one):
    one.begin().go()
    one.do("check_after", "nora", levels=[]).do("check_after", "nora", is_go=False)
    one.do("go_back", "nora").do("check_after", "nora").end()


def not_wanted(one):
    one.begin().do("approve", "mei", is_approved=False, is_final=True, reason="不做")


def put_off(one):
    """Back for another time, one that has passed, a no go, and then it is called off."""
    one.begin().do("approve", "mei", is_approved=False)
    past = {"starts_at": "2026-03-01T00:00:00+08:00", "ends_at": "2026-03-01T04:00:00+08:00"}
    later = {"starts_at": "2026-04-20T00:00:00+08:00", "ends_at": "2026-04-20T04:00:00+08:00"}
    one.do("plan_again", "nora", **past).do("plan_again", "nora", **later)
    one.do("approve", "mei").wait(one.row.starts_at - timedelta(hours=1))
    one.do("check_before", "nora", is_go=False)
    cutovers.cancel(one.session, one.row, reason="取消", by=one.cast["nora"], now=one.now)
    one.session.commit()


PERIOD_ENDS = {watched_to_its_end: "closed", moved_and_called_off: "cancelled"}
CUTOVER_ENDS = {
    cut_over: "done",
    backed_out: "backed_out",
    not_wanted: "refused",
    put_off: "cancelled",
}
