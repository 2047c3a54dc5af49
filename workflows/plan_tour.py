"""A tour of a cable cut, through the HTTP API in virtual time.

python -m workflows tour cable-cut: a cable of the demo region is cut, its alarms come in over HTTP
and become a ticket with a child for each customer; the plan is offered, confirmed, carried out by
the people of the region, judged and reviewed; then it is drilled. Told by plan_tour_told.py.
"""

import heapq
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from sqlmodel import col, select

from records import Contact, Customer, Notice, Person
from records.database import open_session
from records.region.messages import Message, tell
from records.region.storms import Storm, make_storms
from records.region.terrain import Terrain
from workflows import plan_tour_told, rehearsal, stage
from workflows.clerk import Clerk
from workflows.replay import open_source, serve

PASSWORD, SOURCE = "tour-of-baton-1", "trace"
BEGINS = datetime(2026, 3, 11, 1, 30, tzinfo=UTC)  # half past nine in Shanghai
LANES = ("alarms", "children", "timers", "plans")
KIND, STORMS, WANTED = "cable cut", 60, 10  # of so many, the first that hits so many circuits
WORKERS = {  # group: who does its work orders
    "crc": "ada",
    "dispatch": "dora",
    "line": "liu",
    "field": "liu",
    "transport": "nora",
    "data": "nora",
    "noc": "nora",
    "nsm": "mei",
    "duty": "mei",
    "province_crc": "gwen",
}
TAKES = {  # minutes, where it is not what the diagram says
    "confirm": 3,
    "assess": 8,
    "further": 20,
    "draft_statement": 25,
    "sign_off": 15,
    "review_plan": 180,
    "cut_permits": 75,  # the property manager cannot be reached: something has to go wrong
}
LOOKS = 2  # minutes until somebody takes an order, or answers a call
SILENT = {"cut_splice"}  # where nobody tells the customer, so that there is something to see
QUICK, SLOW, LATER = timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=30)
NOTES, MOST = timedelta(minutes=25), 100
LONGEST = timedelta(days=3)
NOTED = ("断点已定位,两队在途", "备用芯已通 AAA、AA,正在开挖", "接续过半,按等级逐批开通")
Told = dict[str, Any]


def walk_cable_cut() -> Told:
    """What is told of it: the run, its timeline, and who was told what and when."""
    with _play() as tour:
        tour.cut()
        told = tour.told() | {"drill": tour.drill()}
    plan_tour_told.show(told)
    return told


@contextmanager
def _play() -> Iterator["Tour"]:
    with stage.region(PASSWORD, BEGINS) as engine, ExitStack() as stack:
        time = stage.Time(Path(str(engine.url.database)).parent, BEGINS)
        port = stack.enter_context(serve("--clock", str(time.path)))

        def clerk(login: str) -> Clerk:
            return stack.enter_context(closing(Clerk(port, login, PASSWORD)))

        open_source(clerk("root"), PASSWORD)
        clerks = {login: clerk(login) for login in {*WORKERS.values(), SOURCE}}
        yield Tour(engine, clerks, time)


class Tour:
    """What happens at its time: alarms come in, timed work is done, people do their part."""

    def __init__(self, engine: Engine, clerks: Mapping[str, Clerk], time: stage.Time) -> None:
        self.engine, self.clerks, self.time = engine, clerks, time
        self.shift = rehearsal.Shift(engine, LANES)
        self.storm = _cut(engine)
        self.run: Told = {}
        self._known: set[int] = set()
        self._plan: list[tuple[datetime, int, Callable[[], None]]] = []
        self._numbers = count()
        self._takes = self._usual()
        self._notes = list(NOTED)
        self._stream = [one for one in tell(self.storm) if not one.is_clear]

    def cut(self) -> None:
        """From the first alarm to the review."""
        while not self.run.get("closed_at") and self.time.now < BEGINS + LONGEST:
            self._go_on()

    def told(self) -> Told:
        place = f"/api/plan-runs/{self.run['id']}"
        timeline = self.clerks["mei"].get(f"{place}/timeline?limit=200")["items"]
        ticket = self.clerks["mei"].get(f"/api/tickets/{self.run['subject'].split(':')[1]}")
        return {"run": self.run, "timeline": timeline, "ticket": ticket,
                "circuits": len(self.storm.outage), "notices": self._notices()}  # fmt: skip

    def drill(self) -> Told:
        """The same plan in rehearsal, beside what really was."""
        why = {"reason": "演练 / drill", "city": self.run["city"], "case": self.run["case"]}
        drill: Told = self.clerks["mei"].post("/api/plan-drills", {"plan": "cable_cut", **why})
        return drill

    def _go_on(self) -> None:
        """To whatever is next: a moment of timed work, or what somebody had planned."""
        step = QUICK if not self.run else LATER if self.run["stood_down_at"] else SLOW
        tick = self.time.now + step
        planned = self._plan[0][0] if self._plan else tick
        self.time.go_to(min(tick, planned))
        self._send()
        while self._plan and self._plan[0][0] <= self.time.now:
            heapq.heappop(self._plan)[2]()
        self.shift.tick(self.time.now)
        self._look()

    def _look(self) -> None:
        """What has been offered, who was called, and what waits for somebody."""
        if not self.run:
            found = self.clerks["mei"].get("/api/plan-runs?plan=cable_cut")["items"]
            self.run = found[0] if found else {}
        if not self.run:
            return
        was, place = self.run["state"], f"/api/plan-runs/{self.run['id']}"
        self.run = self.clerks["mei"].get(place)
        if (was, self.run["state"]) == ("proposed", "active"):
            self._be_called()
        for order in self.run["work_orders"]:
            if order["id"] not in self._known:
                self._known.add(order["id"])
                self._take(order)

    def _be_called(self) -> None:
        logins = sorted({call["login"] for call in self.run["calls"]} & self.clerks.keys())
        place = f"/api/plan-runs/{self.run['id']}"
        for n, login in enumerate(logins):
            self._in(LOOKS + n, self._asking(login, f"{place}/acknowledgement", {"answer": "就来"}))
        self._in(NOTES.total_seconds() / 60, self._note)
        for row in self.run["reservations"][:2]:
            arrival = f"{place}/reservations/{row['id']}/arrival"
            self._in(35 + row["id"], self._asking("liu", arrival, {}))

    def _note(self) -> None:
        if self.run["state"] == "active":
            text = self._notes.pop(0) if len(self._notes) > 1 else self._notes[0]
            told = {"text": text, "customer_told": True, "customer_expects": "半小时一报"}
            self.clerks["mei"].post(f"/api/plan-runs/{self.run['id']}/notes", told)
            self._in(NOTES.total_seconds() / 60, self._note)

    def _take(self, order: Told) -> None:
        login, place = WORKERS[order["group"]], f"/api/work-orders/{order['id']}"
        takes = TAKES.get(order["element"]) or self._takes[order["element"]]
        self._in(min(LOOKS, takes - 1), self._asking(login, f"{place}/acceptance", {}))
        self._in(takes, lambda: self._finish(order, login, place))

    def _finish(self, order: Told, login: str, place: str) -> None:
        answers = dict(self.clerks[login].get(place)["form_schema"]["examples"][0])
        if "customer_told" in answers:
            answers["customer_told"] = order["element"] not in SILENT
        if order["element"] == "assess":
            done = {node["element"]: node["done_at"] for node in self.run["nodes"]}
            answers["restored_at"] = done["cut_test"]
        self.clerks[login].post(f"{place}/completion", {"answers": answers})

    def _send(self) -> None:
        due = [one for one in self._stream if self._when(one.at) <= self.time.now][:MOST]
        self._stream = self._stream[len(due) :]
        if due:
            self.clerks[SOURCE].post("/api/alarms/batches", {"alarms": [*map(self._report, due)]})

    def _report(self, message: Message) -> Told:
        told = {name: getattr(message, name) for name in ("object", "cause", "severity")}
        return told | {"source": SOURCE, "raised_at": self._when(message.raised).isoformat()}

    def _when(self, seconds: float) -> datetime:
        return BEGINS + timedelta(seconds=max(0.0, seconds - self.storm.begins))

    def _usual(self) -> dict[str, int]:
        nodes = self.clerks["mei"].get("/api/plans/cable_cut")["nodes"]
        return {node["element"]: node["minutes"] for node in nodes}

    def _asking(self, login: str, place: str, body: Told) -> Callable[[], None]:
        return lambda: self.clerks[login].post(place, body)

    def _in(self, minutes: float, act: Callable[[], None]) -> None:
        self._at(self.time.now + timedelta(minutes=minutes), act)

    def _at(self, when: datetime, act: Callable[[], None]) -> None:
        heapq.heappush(self._plan, (when, next(self._numbers), act))

    def _notices(self) -> list[Told]:
        """What left, or lies in an inbox: one line for each person or contact and template."""
        names = (Person.login, Customer.name, Customer.grade)
        rows = (
            select(Notice.queued_at, Notice.template, Notice.channel, *names)  # type: ignore[call-overload]
            .outerjoin(Person, col(Person.id) == col(Notice.person_id))
            .outerjoin(Contact, col(Contact.id) == col(Notice.contact_id))
            .outerjoin(Customer, col(Customer.id) == col(Contact.customer_id))
            .order_by(col(Notice.queued_at), col(Notice.id))
        )
        with open_session(self.engine, readonly=True) as session:
            found = session.exec(rows).all()
        keys = ("at", "template", "channel", "person", "customer", "grade")
        return [dict(zip(keys, row, strict=True)) for row in found]


def _cut(engine: Engine) -> Storm:
    with open_session(engine, readonly=True) as session:
        storms = make_storms(Terrain(session), STORMS, edition="tour")
    cuts = [storm for storm in storms if storm.kind == KIND and len(storm.outage) >= WANTED]
    return cuts[0]
