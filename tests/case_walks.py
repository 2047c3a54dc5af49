"""Walks through complaint_consultation and linear_forwarding, one for each way that a case can go.
Used by test_case_runs.py.
"""

from datetime import timedelta
from itertools import chain

from sqlmodel import col, select

from bpmn import bundles, cases, forms, library, runs, wall
from records import Entry, Person, Run, Timer, WorkOrder
from tasks import work_orders

FILES = library.SHIPPED / "diagrams"
CONSULTATION = bundles.gather(FILES / "complaint_consultation.bpmn").files
LINEAR = bundles.gather(FILES / "linear_forwarding.bpmn").files
BLUEPRINTS = {
    "consultation": wall.read_blueprint(CONSULTATION),
    "linear": wall.read_blueprint(LINEAR),
}
CASE_FORMS = forms.readers(BLUEPRINTS["consultation"].forms | BLUEPRINTS["linear"].forms)
SAID = {"words": "我一直连着 Wi-Fi,怎么还扣 GPRS 流量费?", "channel": "hotline", "caller": "赵先生"}


def example(form):
    return CASE_FORMS[form].schema["examples"][0]


class Way:
    """One case on its way: `do` a work order by its element, or call a verb of the case."""

    def __init__(self, session, cast, now):
        self.session, self.cast, self.now = session, cast, now
        self.case = None

    def take_down(self, **told):
        ada = self.cast["ada"]
        self.case = cases.open_case(self.session, SAID | told, by=ada, now=self.now)
        return self.kept()

    def do(self, *elements, **answers):
        for element in elements:
            one = next(order for order in self.orders() if order.element == element)
            by = self.person(one.holder or "mei")
            given = {**example(one.form), **answers}
            work_orders.accept(self.session, one, by=by, now=self.now)
            runs.complete_order(self.session, one, given, by=by, now=self.now)
            self.kept()
        return self

    def answer(self, login, text="商场信号弱"):
        told = {"text": text}
        row = cases.answer(self.session, self.case, told, by=self.person(login), now=self.now)
        self.kept()
        return row

    def accept(self, *answers, by="ada"):
        told = [row.id for row in answers]
        cases.accept(self.session, self.case, told, by=self.cast[by], now=self.now)
        return self.kept()

    def withdraw(self):
        told = {"reason": "客户说不用了", "by": self.cast["ada"], "now": self.now}
        cases.withdraw(self.session, self.case, **told)
        return self.kept()

    def wait(self, **time):
        """Until then, every timer that is due is fired."""
        self.now += timedelta(**time)
        due = select(Timer.run_id).where(Timer.due_at <= self.now)
        while run_id := self.session.exec(due).first():
            runs.wake(self.session, run_id, now=self.now)
            self.session.commit()
        return self.kept()

    def kept(self):
        self.session.commit()
        failed = [e.particulars for e in self.entries() if e.verb == "failed"]
        assert not failed, failed
        return self

    def person(self, login):
        return self.session.exec(select(Person).where(Person.login == login)).one()

    @property
    def run(self):
        self.session.expire_all()
        return self.session.get_one(Run, self.case.run_id)

    def entries(self):
        mine = select(Entry).where(Entry.subject == f"run:{self.case.run_id}")
        return list(self.session.exec(mine.order_by(col(Entry.seq))))

    def visited(self):
        steps = chain(*(entry.particulars.get("steps", []) for entry in self.entries()))
        return {step["element"] for step in steps if step["state"] == "done"}

    def orders(self):
        waiting = col(WorkOrder.finished_at).is_(None)
        mine = select(WorkOrder).where(WorkOrder.run_id == self.case.run_id, waiting)
        return list(self.session.exec(mine.order_by(col(WorkOrder.id))))

    def asked(self):
        return sorted(order.holder for order in self.orders() if order.element == "answer")


def by_the_first_accepted(way):
    """Two are asked at once, one of them with HTML in it first; the other's answer comes late."""
    way.take_down().do("triage", when="<script>").do("triage")
    way.do("answer", text="<script>x</script>")
    way.accept(way.answer("air")).do("reply", words="APN 正常").do("reply")
    way.do("close", causes=[{"party": "usage", "text": "x", "share": 60}] * 2).do("close")


def by_an_article(way):
    way.take_down().do("triage", knows_answer=True, parties=[])
    way.do("reply", has_agreed=False).do("meeting", outcome="reply")
    way.do("reply", has_agreed=False).do("meeting", minutes="<iframe>").do(
        "meeting", outcome="close"
    )
    way.do("close")


def from_city_to_group(way):
    """What was accepted does not hold, so it begins anew."""
    way.take_down().do("triage").wait(hours=2).wait(hours=4)
    way.accept(way.answer("high")).do("reply", has_agreed=False).do("meeting", outcome="ask")
    way.withdraw()


def everybody_has_answered(way):
    """Nobody is left to be asked, and none of it was accepted: the owner replies all the same."""
    way.take_down().do("triage", parties=["offer"])
    for hours in (2, 4, 8, 8):
        for login in way.asked():
            way.answer(login)
        way.wait(hours=hours)
    way.do("reply", "close")


def with_an_invited_post(way):
    way.take_down().do("triage")
    cases.invite(way.session, way.case, ["liu"], by=way.cast["ada"], now=way.now)
    way.kept().do("answer_invited", text="<img src=x onerror=y>").accept(way.answer("liu"))
    way.do("reply", "close")


def with_its_hot_issue(way):
    way.take_down().do("triage")
    cases.settle(way.session, way.case, "终端升级后恢复", by="mei", now=way.now)
    way.kept().do("reply", "close")


def along_the_line(way):
    """Billing cannot, the network cannot, terminals can; and back by the same desks."""
    way.take_down(way="linear").do("triage", when="<script>").do("triage")
    way.do("look", next_party="coverage").do("look", next_party="terminal")
    way.do("look", can_answer=True, text="<svg onload=x>").do("look", can_answer=True)
    way.do("hand_back", "hand_back").do("reply", words="APN 正常").do("reply")
    way.do("close", causes=[{"party": "usage", "text": "x", "under": 1}]).do("close")


def known_at_once(way):
    way.take_down(way="linear").do("triage", knows_answer=True).do("reply", "close")


def withdrawn_at_a_desk(way):
    way.take_down(way="linear").do("triage").withdraw()


CONSULTED = {
    by_the_first_accepted: "closed",
    by_an_article: "closed",
    from_city_to_group: "withdrawn",
    with_an_invited_post: "closed",
    with_its_hot_issue: "closed",
    everybody_has_answered: "closed",
}
FORWARDED = {
    along_the_line: "closed",
    known_at_once: "closed",
    withdrawn_at_a_desk: "withdrawn",
}
