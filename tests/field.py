"""A team with a van and instruments in 海州, and what is to be done at the bank's. For test_*.py of
visits, bookings and crews.
"""

from datetime import timedelta

from sqlmodel import select

from records import Asset, Certificate, Customer, Site, Team, Teammate
from tasks.field import visits
from tasks.field.visit_crews import Crew, assign
from tasks.field.visit_jobs import Job, Window
from tests.crews import hire

DAY = timedelta(days=1)
CPE = Job("order:5", "cpe")  # needs a router's skill, 45 minutes
TEST = Job("order:5", "test")  # needs an Ethernet tester, 30 minutes


class Field:
    """Liu and Kai (a climber until in ten days) of one team; their van, their tester."""

    def __init__(self, session, cast, now):
        self.session, self.now, self.liu = session, now, cast["liu"]
        self.site = session.exec(select(Site).where(Site.code == "HZ-CB")).one()
        self.base = session.exec(select(Site).where(Site.code == "HZ-DJ")).one()
        self.bank = session.exec(select(Customer)).one()
        self.base.latitude, self.base.longitude = 28.0, 123.5
        self.site.latitude, self.site.longitude = 28.05, 123.5
        self.team = Team(
            key="east", name="东区班", city="海州", base_site_id=self.base.id, lead="mei"
        )
        session.add(self.team)
        session.flush()
        self.liu.skills = ["router", "splicing"]
        self.kai = hire(session, "kai", "field", now=now, skills=["router"])
        until = now + 10 * DAY
        session.add_all(
            [
                Teammate(person_id=self.liu.id, team_id=self.team.id),
                Teammate(person_id=self.kai.id, team_id=self.team.id),
                Certificate(person_id=self.kai.id, skill="climbing", level=2, expires_at=until),
            ]
        )
        self.van = self.asset("V1", "vehicle", "van", seats=5)
        self.tester = self.asset(
            "T1", "instrument", "ethernet_tester", calibration_due_at=now + 60 * DAY
        )
        session.commit()

    def asset(self, code, kind, type, **told):
        told = {"name": code, "city": "海州", "team_id": self.team.id} | told
        asset = Asset(code=code, kind=kind, type=type, **told)
        self.session.add(asset)
        return asset

    def window(self, days=1, hours=3):
        start = self.now + days * DAY
        return Window(start, start + timedelta(hours=hours))

    def plan(self, *jobs, by="dora", days=1, reason="", **told):
        told = {"site_id": self.site.id, "customer_id": self.bank.id} | told
        told |= {"window": self.window(days), "by": by, "now": self.now, "reason": reason}
        return visits.plan(self.session, jobs=jobs or (CPE, TEST), **told)

    def crewed(self, *jobs, **told):
        visit = self.plan(*jobs, **told)
        self.send(visit)
        return visit

    def send(self, visit, *people, **told):
        crew = {"vehicle": self.van, "instruments": [self.tester]} | told
        crew = Crew(people or (self.liu,), **crew)
        assign(self.session, visit, crew, by="dora", now=self.now)

    def go(self, visit, now=None):
        """There, with the customer's word."""
        visits.start(
            self.session, visit, by="liu", now=now or visit.starts_at, unexplained="电话约定"
        )

    def done(self, visit, now=None, **more):
        results = {
            job.id: {"is_done": True, "measured": {"loss": 0}} | more
            for job in visits.jobs_of(self.session, visit)
        }
        visits.finish(self.session, visit, results, by="liu", now=now or visit.ends_at)

    def made(self, *jobs, results=None, **told):
        """A visit from the plan to the end."""
        visit = self.crewed(*jobs, **told)
        self.go(visit)
        self.done(visit, **(results or {}))
        return visit
