"""A tour of consultations and of a hot issue, through the HTTP API in virtual time.

python -m workflows tour hot-issue: each of the five named cases is taken twice, once by
complaint_consultation and once by linear_forwarding, by the same people who take as long for the
same; then one of the themes becomes a hot issue. Prints hops and hours, measured from the runs.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from sqlmodel import col, select

from records import Entry, HotIssue, Notice, Person
from records.database import open_session
from workflows import hot_issues, hot_tour_told, plans, stage
from workflows.clerk import Answered
from workflows.colleagues import Colleagues, Told
from workflows.hot_plan import Plan
from workflows.replay import serve

PASSWORD = "tour-of-baton-1"
BEGINS = datetime(2026, 3, 11, 0, 30, tzinfo=UTC)  # half past eight in Shanghai
AGENTS = ("ada", "dora")
WAYS = ("consultation", "linear")
APART = timedelta(minutes=12)  # between two calls of the surge
SURGE, CALLS_BEFORE_PRESS = 24, 14
TO_PUSH, TO_SETTLE = timedelta(minutes=20), timedelta(minutes=90)  # after it is red
SURE = 60  # percent, from which on an owner takes an answer
STORIES = json.loads(Path(__file__).with_name("hot_stories.json").read_text(encoding="utf-8"))
PLAIN = "已为您查清:{answer}。多收的部分会退给您。"


def walk_hot_issue() -> Told:
    """What is told of it: the courses of the cases, and the story of the hot issue."""
    with _play() as tour:
        courses = tour.compare()
        story = tour.make_hot()
        told = {"courses": courses, "surge": tour.surge, **story}
    hot_tour_told.show(told)
    return told


@contextmanager
def _play() -> Iterator["Tour"]:
    with stage.region(PASSWORD, BEGINS) as engine, ExitStack() as stack:
        folder = Path(str(engine.url.database)).parent
        time = stage.Time(folder, BEGINS)
        port = stack.enter_context(serve("--clock", str(time.path)))
        people = stack.enter_context(closing(Colleagues(engine, port, time, PASSWORD, ANSWERS)))
        tour = Tour(engine, people)
        tour.appoint()
        yield tour


class Tour:
    def __init__(self, engine: Engine, people: Colleagues) -> None:
        self.engine, self.people, self.time = engine, people, people.time
        self.surge: list[Told] = []
        self.issue: Told = {}
        self.plan: Plan | None = None

    def appoint(self) -> None:
        """Experts, whoever else there is; and nobody has been told yet what to say."""
        root, mei = self.people.clerk("root"), self.people.clerk("mei")
        for each in STORIES["experts"]:
            who = {"login": each["login"], "name": each["name"], "city": "海州"}
            root.post("/api/people", who | {"roles": ["expert"]})
            told = {name: each[name] for name in ("login", "level", "skills")}
            mei.post("/api/experts", told)
            mei.post(f"/api/experts/{each['login']}/term")
        for push in mei.get("/api/faq-pushes?active=true")["items"]:
            mei.post(f"/api/faq-pushes/{push['id']}/ending", {"reason": "演练 / rehearsal"})
        for issue in mei.get("/api/hot-issues")["items"]:
            mei.post(f"/api/hot-issues/{issue['id']}/closure", {"reason": "演练 / rehearsal"})

    def compare(self) -> list[Told]:
        """Each of the five by either way; the second way begins when the first is over."""
        for way in WAYS:
            for n, story in enumerate(STORIES["stories"]):
                at = self.time.now + timedelta(minutes=30 * n)
                self._call_in(at, story | {"way": way}, AGENTS[n % len(AGENTS)])
            self.people.work()
        return [self._course(case) for case in self.people.cases.values()]

    def make_hot(self) -> Told:
        """Many call about the same; the media, too; until there is one answer to all of it."""
        begins = self.time.now + timedelta(hours=24)
        first = STORIES["stories"][0]
        for n in range(SURGE):
            words = STORIES["surge"][n % len(STORIES["surge"])]
            told = first | {"key": f"surge {n}", "words": words, "way": "consultation"}
            self._call_in(begins + n * APART, told, AGENTS[n % len(AGENTS)])
        press = {"key": "press", "words": STORIES["reporter"], "channel": "media"}
        told = first | press | {"way": "consultation"}
        self._call_in(begins + CALLS_BEFORE_PRESS * APART, told, AGENTS[0])
        self.time.go_to(begins)
        self.people.jobs += [plans.offer, plans.watch_runs]
        self.people.every(5, begins + SURGE * APART, self._count)
        self.people.work()
        self.surge = [
            self._course(case) for case in self.people.cases.values()
            if case["key"].startswith(("surge", "press"))
        ]  # fmt: skip
        return self._told()

    def _call_in(self, at: datetime, story: Told, agent: str) -> None:
        def take() -> None:
            said = {"words": story["words"], "channel": story.get("channel", "hotline")}
            clerk = self.people.clerk(agent)
            told = clerk.post("/api/cases", said | {"way": story["way"], "caller": "客户"})
            self.people.cases[told["run_id"]] = story | {"id": told["id"], "agent": agent}

        self.people.at(at, take)

    def _count(self) -> None:
        """As the timed job does; and what a manager does once it is red."""
        hot_issues.count_themes(self.engine, self.time.now)
        shown = self.people.clerk("mei").get("/api/hot-issues?state=red")["items"]
        if shown and not self.issue:
            self.issue = shown[0]
            self.plan = Plan(self.people, self.issue["id"])
            self.people.at(self.time.now + TO_PUSH, self._push)
            self.people.at(self.time.now + TO_SETTLE, self._settle)

    def _push(self) -> None:
        mei, place = self.people.clerk("mei"), f"/api/hot-issues/{self.issue['id']}"
        found = mei.get("/api/articles?q=Wi-Fi%20GPRS&limit=1")["items"][0]
        mei.post(f"{place}/pushes", {"article": found["id"], "note": "今早同类咨询增多"})

    def _settle(self) -> None:
        mei, place = self.people.clerk("mei"), f"/api/hot-issues/{self.issue['id']}"
        words = PLAIN.format(answer=STORIES["stories"][0]["answer"])
        self.issue |= mei.post(f"{place}/settlement", {"words": words})

    def _course(self, case: Told) -> Told:
        told: Told = self.people.clerk(case["agent"]).get(f"/api/cases/{case['id']}")
        return {"key": case["key"], "way": case["way"], "number": told["number"],
                "state": told["state"], "article": told["article_id"],
                "opened_at": told["opened_at"], **told["course"]}  # fmt: skip

    def _told(self) -> Told:
        with open_session(self.engine, readonly=True) as session:
            issue = session.get_one(HotIssue, self.issue["id"])
            mine = select(Entry).where(Entry.subject == f"hot issue:{issue.id}")
            entries = session.exec(mine.order_by(col(Entry.seq))).all()
            sent = (
                select(Notice.queued_at, Notice.template, Person.login)
                .join(Person, col(Person.id) == col(Notice.person_id))
                .where(col(Notice.template).in_(("hot_issue", "faq_pushed", "plan_proposed")))
                .where(Notice.channel == "inbox")
                .order_by(col(Notice.queued_at), col(Person.login))
            )
            timeline = [(e.at, e.verb, e.by, e.particulars) for e in entries]
            notices = [tuple(row) for row in session.exec(sent)]
            plan = self.plan.told() if self.plan else {}
            told = {"issue": issue.model_dump(), "timeline": timeline, "notices": notices}
            return told | {"plan": plan}


def _triage(people: Colleagues, order: Told, case: Told) -> Told:
    """The script that was pushed opens, if there is one; else the case is asked about."""
    told: Told = {"about": case["about"], "parties": case["parties"]}
    found = people.clerk(case["agent"]).get(f"/api/cases/{case['id']}/help")
    if found["scripts"]:
        told["article"] = found["scripts"][0]["article_id"]
    return told


def _answer(people: Colleagues, order: Told, case: Told) -> Told:
    """Who knows says so; who does not says that it is not theirs."""
    if not _knows(people, order["holder"], case):
        return {"text": "我这边查了没有异常", "confidence": 20}
    wait = timedelta(minutes=4)
    people.at(people.time.now + wait, lambda: _accept(people, order["holder"], case))
    return {"text": case["answer"], "evidence": "见查询记录", "confidence": 85}


def _accept(people: Colleagues, by: str, case: Told) -> None:
    clerk, place = people.clerk(case["agent"]), f"/api/cases/{case['id']}"
    posts = clerk.get(f"{place}/posts?limit=200")["items"]
    good = [post["id"] for post in posts if (post["confidence"] or 0) >= SURE]
    try:
        clerk.post(f"{place}/acceptance", {"answers": good[:1]})
    except Answered as refused:  # another one was accepted before
        if refused.status not in (409, 422):
            raise


def _look(people: Colleagues, order: Told, case: Told) -> Told:
    """A desk of the old way: it knows, or passes it on to the next party that may."""
    if _knows(people, order["holder"], case):
        return {"can_answer": True, "text": case["answer"]}
    desks = case.setdefault("desks", list(case["parties"]))
    desks.pop(0)
    after = desks[0] if desks else case["truth"]
    return {"can_answer": False, "text": "查了没有异常,请再看看", "next_party": after}


def _reply(people: Colleagues, order: Told, case: Told) -> Told:
    return {"words": PLAIN.format(answer=case["answer"]), "has_agreed": True, "score": 5}


def _close(people: Colleagues, order: Told, case: Told) -> Told:
    return {"causes": [{"party": case["truth"], "text": case["answer"], "share": 100}]}


def _hand_back(people: Colleagues, order: Told, case: Told) -> Told:
    return {"text": f"对方答复:{case['answer']}"}


def _knows(people: Colleagues, login: str, case: Told) -> bool:
    """Who looks after knowledge is asked when all else fails, and need not be an expert."""
    found = people.clerk("mei").get(f"/api/experts?q={login}")["items"]
    return any(case["skill"] in one["skills"] for one in found if one["login"] == login)


ANSWERS: dict[str, Any] = {
    "triage": _triage,
    "answer": _answer,
    "look": _look,
    "hand_back": _hand_back,
    "reply": _reply,
    "close": _close,
}
