"""The emergency plan of a hot issue, carried out by colleagues: who is called comes, how things
stand is noted; its work orders they do like any others. Used by hot_tour.py.
"""

from datetime import timedelta

from workflows.clerk import Answered
from workflows.colleagues import Colleagues, Told

NOTES, LOOKS = timedelta(minutes=25), timedelta(minutes=5)
MOST = 400  # looks
COMES = timedelta(minutes=6)  # until who is called says so
NOTED = {"text": "来电在减少,口径已统一", "customer_told": True, "customer_expects": "尽快给说法"}


class Plan:
    """A run of it, from when it is found until it is over."""

    def __init__(self, people: Colleagues, issue: int) -> None:
        self.people, self.subject = people, f"hot issue:{issue}"
        self.id = 0
        self.called: set[str] = set()
        self._look_again(MOST)

    def told(self) -> Told:
        """In full, as the API has it; empty where there is none."""
        if not self.id:
            return {}
        shown: Told = self.people.clerk("mei").get(f"/api/plan-runs/{self.id}")
        return shown

    def _look_again(self, left: int) -> None:
        def look() -> None:
            if self._is_over() or not left:
                return
            self._look_again(left - 1)

        self.people.at(self.people.time.now + LOOKS, look)

    def _is_over(self) -> bool:
        if not self.id:
            self._find()
            return False
        return self._go_on()

    def _find(self) -> None:
        place = f"/api/plan-runs?subject={self.subject.replace(' ', '%20')}"
        for shown in self.people.clerk("mei").get(place)["items"]:
            self.id = shown["id"]
            self.run_id = self.told()["run_id"]
            self.people.cases[self.run_id] = {"key": "plan", "agent": "mei"}
            self.noted_at = self.people.time.now

    def _go_on(self) -> bool:
        """Whether it is over."""
        run, now = self.told(), self.people.time.now
        new = [call["login"] for call in run["calls"] if call["login"] not in self.called]
        for login in new:
            self.called.add(login)
            self._come(login)
        if run["state"] == "active" and now - self.noted_at >= NOTES:
            self.noted_at = now
            self.people.clerk("ada").post(f"/api/plan-runs/{self.id}/notes", NOTED)
        return run["state"] in ("closed", "declined", "aborted")

    def _come(self, login: str) -> None:
        place = f"/api/plan-runs/{self.id}/acknowledgement"

        def answer() -> None:
            try:
                self.people.clerk(login).post(place, {"answer": "马上到"})
            except Answered as refused:  # they do not take part in plans, or it is over
                if refused.status not in (403, 409):
                    raise

        self.people.at(self.people.time.now + COMES, answer)
