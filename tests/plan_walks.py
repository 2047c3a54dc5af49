"""Walks through emergency_plan with each of the shipped plans, one for each way that it can go.

Used by test_plan_runs.py and its neighbours.
"""

from datetime import timedelta
from itertools import chain

import orjson
from sqlmodel import col, select

from bpmn import bundles, library, plan_runs, plans, runs, wall
from records import Entry, Plan, PlanCall, PlanResource, Run, WorkOrder
from tasks import work_orders
from tasks.plans import notes
from tests.databases import SHELF

KEYS = ("cable_cut", "customer_recovery", "hot_issue", "power_outage_room", "typhoon_flood")
FLOWS = {key: bundles.gather(library.SHIPPED / "diagrams" / f"{key}.bpmn").files for key in KEYS}
RUNNER = bundles.gather(library.SHIPPED / "diagrams" / "emergency_plan.bpmn").files
RUNNER_BLUEPRINT = wall.read_blueprint(RUNNER)
STOCK = {"otdr": 2, "splicer": 2, "cable": 600, "joint": 4, "repair_van": 2, "mobile_cpe": 1}


def publish_plans(session, now, *keys):
    """The runner, the diagrams of these plans, and the plans themselves; past the gate, which has
    a test of its own."""
    wanted = keys or KEYS

    def keep():
        for bundle in (RUNNER, *(FLOWS[key] for key in wanted)):
            library.keep_version(session, bundle, [], by="owen", now=now)
        for key in wanted:
            content = orjson.loads((plans.SHIPPED / f"{key}.json").read_bytes())
            told = {"owner": content.pop("owner"), "created_by": "system", "created_at": now}
            plan = Plan(key=key, content=content, **told)
            session.add(plan)
            session.flush()
            plans.keep_version(session, plan, reason="shipped", by="system", now=now)

    SHELF.lay(session, f"plans {now} {wanted}", keep)
    session.commit()


def stock(session, city="海州"):
    for kind, quantity in STOCK.items():
        told = {"code": kind, "kind": kind, "name": kind, "city": city, "place": "东街库"}
        session.add(PlanResource(**told, quantity=quantity, keeper="liu"))
    session.commit()


class Walk:
    """One run of a plan: `do` a work order by its element, or call a verb of bpmn.plan_runs."""

    def __init__(self, session, cast, now, key="cable_cut"):
        self.session, self.cast, self.now, self.key = session, cast, now, key
        self.plan_run = None

    def begin(self, mode="manual", case=None, **told):
        given = {"subject": "case:1", "city": "海州", "title": "", "reason": "多条中断"} | told
        case = plan_runs.cases.fill(case or {})
        self.plan_run, _ = plan_runs.begin(
            self.session, self.key, mode=mode, case=case, by="ada", now=self.now, **given
        )
        return self.kept()

    def do(self, *elements, by="mei", **answers):
        for element in elements:
            one, person = self.orders()[element], self.cast[by]
            form = self.blueprint.forms[one.form]
            work_orders.accept(self.session, one, by=person, now=self.now)
            given = {**form["examples"][0], **answers}
            runs.complete_order(self.session, one, given, by=person, now=self.now)
            self.kept()
        return self

    def say(self, verb, *given, by="mei", **told):
        verb = getattr(plan_runs, verb)
        verb(self.session, self.plan_run, *given, by=self.cast[by], now=self.now, **told)
        return self.kept()

    def note(self, text="接续中", customer_told=True):
        told = {"customer_told": customer_told, "by": self.cast["mei"], "now": self.now}
        notes.add(self.session, self.plan_run, text, **told)
        return self.kept()

    def finish(self):
        """From the goal that is met to the end."""
        self.do("assess").do("draft_statement", by="ada").do("sign_off", by="gwen")
        return self.do("review_plan")

    def later(self, minutes):
        self.now += timedelta(minutes=minutes)
        return self

    def kept(self):
        self.session.commit()
        self.session.refresh(self.plan_run)
        failed = [e.particulars for e in self.entries() if e.verb == "failed"]
        self.session.commit()  # others may write
        assert not failed, failed
        return self

    @property
    def run(self):
        self.session.expire_all()
        return self.session.get_one(Run, self.plan_run.run_id)

    @property
    def blueprint(self):
        run = self.run
        return library.load(self.session, run.version_id, run.content_hash).blueprint

    def entries(self, subject=None):
        mine = select(Entry).where(Entry.subject == (subject or f"run:{self.plan_run.run_id}"))
        return list(self.session.exec(mine.order_by(col(Entry.seq))))

    def verbs(self):
        return [entry.verb for entry in self.entries(f"plan run:{self.plan_run.id}")]

    def visited(self):
        steps = chain(*(entry.particulars.get("steps", []) for entry in self.entries()))
        return {step["element"] for step in steps if step["state"] == "done"}

    def orders(self):
        waiting = col(WorkOrder.finished_at).is_(None)
        mine = select(WorkOrder).where(WorkOrder.run_id == self.plan_run.run_id, waiting)
        return {order.element: order for order in self.session.exec(mine)}

    def calls(self):
        mine = select(PlanCall).where(PlanCall.plan_run_id == self.plan_run.id)
        return list(self.session.exec(mine.order_by(col(PlanCall.id))))

    def wake(self):
        runs.wake(self.session, self.plan_run.run_id, now=self.now)
        return self.kept()

    def again(self):
        """The next one, with this one behind it."""
        return Walk(self.session, self.cast, self.now + timedelta(days=1), self.key)


CUT_FIRST = ("cut_tell", "cut_permits", "cut_locate", "cut_switch", "cut_crews")
CUT_LAST = ("cut_restore", "cut_back", "cut_inventory")


def cable_mended(walk):
    """Confirmed late; the first test fails; one thing more has to be done at the end."""
    walk.begin().later(6).wake().do("confirm").do(*CUT_FIRST).do("cut_splice")
    walk.do("cut_test", is_passed=False).do("cut_splice", "cut_test", *CUT_LAST)
    walk.say("escalate", level="province", reason="跨市")
    walk.do("assess", is_met=False).do("further").do("assess")
    walk.do("draft_statement", by="ada").do("sign_off", by="gwen", is_signed=False, note="写时间")
    walk.do("draft_statement", by="gwen").do("sign_off", by="gwen")  # nobody signs their own
    walk.do("draft_statement", by="ada").do("sign_off", by="gwen").do("review_plan")


def not_started(walk):
    walk.begin().do("confirm", is_confirmed=False, reason="已由割接覆盖")


def called_off_early(walk):
    walk.begin().say("abort", reason="误报")


def called_off_late(walk):
    walk.begin(mode="auto").do("cut_tell").say("abort", reason="已自行恢复")


def over_another_route(walk):
    walk.begin(mode="auto").do("rec_tell", "rec_way", "rec_switch")
    walk.do("rec_confirm", is_passed=False).do("rec_way", way="mobile").do("rec_mobile")
    walk.do("rec_confirm", is_passed=False).do("rec_way", way="spare").do("rec_spare")
    walk.do("rec_confirm", "rec_hold", "rec_return").finish()


def issue_settles(walk):
    walk.begin(mode="auto").do("hot_freeze", "hot_team", "hot_faq", "hot_voice")
    walk.do("hot_joint", "hot_evidence", "hot_clarify", "hot_refund")
    walk.do("hot_watch", is_falling=False).do("hot_again", "hot_watch", "hot_article").finish()


def power_comes_back(walk):
    walk.begin(mode="auto").do("pow_battery", minutes_left=50)
    walk.do("pow_tell", "pow_order", "pow_generator", "pow_shed", "pow_mains")
    walk.do("pow_check", is_passed=False).do("pow_repair", "pow_check", "pow_back").finish()


def batteries_last(walk):
    walk.begin(mode="auto").do("pow_battery", minutes_left=300)
    walk.do("pow_tell", "pow_order", "pow_generator", "pow_mains", "pow_check", "pow_back").finish()


def weather_is_red(walk):
    walk.begin(mode="auto", case={"warning": "red"})
    walk.do("fl_rooms", "fl_stage", "fl_tell", "fl_people").do("fl_watch", "fl_patrol")
    walk.do("fl_account").finish()


def weather_is_blue(walk):
    walk.begin(mode="auto", case={"warning": "blue"})
    walk.do("fl_rooms", "fl_watch", "fl_patrol", "fl_account").finish()


PLAN_ENDS = {  # the plan; the end of the run; the state of the plan run
    cable_mended: ("cable_cut", "closed"),
    not_started: ("cable_cut", "declined"),
    called_off_early: ("cable_cut", "aborted"),
    called_off_late: ("cable_cut", "aborted"),
    over_another_route: ("customer_recovery", "closed"),
    issue_settles: ("hot_issue", "closed"),
    power_comes_back: ("power_outage_room", "closed"),
    batteries_last: ("power_outage_room", "closed"),
    weather_is_red: ("typhoon_flood", "closed"),
    weather_is_blue: ("typhoon_flood", "closed"),
}
