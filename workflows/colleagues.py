"""People who work off what waits for them, in a time of its own and over the HTTP API.

How long somebody takes is assumed, and the same whatever the diagram is: drawn by person and case.
Who waits for whom, and how often, the diagrams make. Used by hot_tour.py.
"""

import heapq
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import Engine

from records.region.dice import Dice
from workflows import runs
from workflows.clerk import Answered, Clerk
from workflows.schedule import Work
from workflows.stage import Time

Told = dict[str, Any]
Answer = Callable[["Colleagues", Told, Told], Told | None]
Range = tuple[int, int]  # minutes, from and up to
ASSUMED: dict[str, tuple[Range, Range]] = {  # step: until somebody looks; how long it takes them
    "triage": ((1, 4), (5, 12)),
    "answer": ((10, 50), (15, 40)),
    "answer_invited": ((10, 50), (15, 40)),
    "look": ((10, 50), (15, 40)),
    "hand_back": ((5, 25), (3, 8)),
    "reply": ((2, 8), (8, 15)),
    "close": ((2, 8), (3, 6)),
}
USUALLY: tuple[Range, Range] = ((1, 6), (15, 40))  # whatever else there is to do
SAME = {
    "answer_invited": "answer",
    "look": "answer",
}  # it takes them as long, whatever it is called
SHIFT = timedelta(hours=10)  # after which somebody signs in again
WATCHER, ADMINISTRATOR = "mei", "root"
WORKERS = {"crc": "ada", "dispatch": "dora", "data": "nora", "noc": "nora", "province_crc": "gwen"}


class Colleagues:
    """Everybody does one thing at a time."""

    def __init__(
        self, engine: Engine, port: int, time: Time, password: str, answers: Mapping[str, Answer]
    ) -> None:
        self.engine, self.port, self.time, self.password = engine, port, time, password
        self.answers = answers
        self.jobs: list[Work] = [runs.fire_timers]  # done before whatever happens
        self.cases: dict[int, Told] = {}  # by their run
        self._clerks: dict[str, tuple[Clerk, datetime]] = {}
        self._free: dict[str, datetime] = {}
        self._known: set[int] = set()  # orders that somebody has in hand
        self._plan: list[tuple[datetime, int, Callable[[], None]]] = []
        self._numbers = count()

    def clerk(self, login: str) -> Clerk:
        """Whoever has no password yet gets one."""
        clerk, since = self._clerks.get(login, (None, self.time.now))
        if clerk is None or self.time.now - since > SHIFT:
            if login not in self._clerks and login not in (WATCHER, ADMINISTRATOR):
                place = f"/api/people/{login}/password"
                self.clerk(ADMINISTRATOR).ask("PUT", place, {"password": self.password})
            if clerk:
                clerk.close()
            clerk = Clerk(self.port, login, self.password)
            self._clerks[login] = clerk, self.time.now
        return clerk

    def at(self, when: datetime, act: Callable[[], None]) -> None:
        heapq.heappush(self._plan, (when, next(self._numbers), act))

    def every(self, minutes: int, until: datetime, act: Callable[[], None]) -> None:
        when = self.time.now
        while (when := when + timedelta(minutes=minutes)) <= until:
            self.at(when, act)

    def work(self) -> None:
        """Until nothing is planned any more."""
        while self._plan:
            when, _, act = heapq.heappop(self._plan)
            self.time.go_to(when)
            for job in self.jobs:
                job(self.engine, self.time.now)
            act()
            self._look()

    def close(self) -> None:
        for clerk, _ in self._clerks.values():
            clerk.close()

    def _look(self) -> None:
        """Whatever waits for somebody, and was not seen before."""
        told = self.clerk(WATCHER).get("/api/work-orders?limit=30&sort=-opened_at")
        for order in reversed(told["items"]):
            if order["id"] not in self._known and order["run_id"] in self.cases:
                self._known.add(order["id"])
                self._take(order, order["holder"] or WORKERS.get(order["group"], WATCHER))

    def _take(self, order: Told, login: str) -> None:
        """When they come to it, and when they have done it."""
        case = self.cases[order["run_id"]]
        waits, takes = ASSUMED.get(order["element"], USUALLY)
        name = SAME.get(order["element"], order["element"])
        dice = Dice(f"{login} {name} {case['key']}")
        begins = max(self.time.now + _draw(dice, waits), self._free.get(login, self.time.now))
        ends = self._free[login] = begins + _draw(dice, takes)
        place = f"/api/work-orders/{order['id']}"
        self.at(begins, lambda: self._try(login, f"{place}/acceptance", {}))
        self.at(ends, lambda: self._finish(order, case, login))

    def _finish(self, order: Told, case: Told, login: str) -> None:
        answer = self.answers.get(order["element"], as_on_the_form)
        answers = answer(self, order | {"holder": login}, case)
        place = f"/api/work-orders/{order['id']}/completion"
        self._try(login, place, {"answers": answers})

    def _try(self, login: str, place: str, body: Told) -> None:
        """Somebody may have been faster: then it is not waited for any more."""
        try:
            self.clerk(login).post(place, body)
        except Answered as refused:
            if refused.status != 409:
                raise


def as_on_the_form(people: Colleagues, order: Told, case: Told) -> Told:
    """The first of the examples that every form has."""
    shown = people.clerk(order["holder"]).get(f"/api/work-orders/{order['id']}")
    examples: list[Told] = shown["form_schema"]["examples"]
    return examples[0]


def _draw(dice: Dice, minutes: Range) -> timedelta:
    least, most = minutes
    return timedelta(minutes=least + dice.below(most - least + 1))
