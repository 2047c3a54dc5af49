"""What is to be done on a visit, and when: given by whoever plans one, filled in from the policy
"visits", refused where it cannot be done. Called by visits.py.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlmodel import Session, col, select

from records import Visit, VisitJob
from tasks import policies
from tasks.field.assets import check_tools
from tasks.field.certificates import check_skills
from tasks.refusals import wrong

SUBJECT = re.compile(r"[a-z][a-z -]{0,38}:[A-Za-z0-9._-]{1,60}")
MOST_JOBS, LONGEST_TITLE = 40, 200
Rules = Mapping[str, Any]


class Window(NamedTuple):
    """From when to when the crew may be there."""

    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Job:
    """One thing to do, for `subject` ("order:5"). What is left out is as the policy has the kind;
    skills and tools are added to those of the kind."""

    subject: str
    kind: str
    title: str = ""
    skills: Sequence[str] = ()
    tools: Sequence[str] = ()
    minutes: int | None = None
    people: int | None = None


def fill_in(session: Session, jobs: Sequence[Job]) -> list[VisitJob]:
    """As rows that belong to no visit yet, none twice."""
    rules = policies.current(session, "visits").content
    crews = policies.current(session, "crews").content
    if not 0 < len(jobs) <= MOST_JOBS:
        zh = f"请写明要做什么,最多 {MOST_JOBS} 项"
        raise wrong("jobs", zh, f"Say what is to be done, {MOST_JOBS} jobs at most")
    rows = [_row(rules, crews, n, job) for n, job in enumerate(jobs)]
    return list({_key(row): row for row in rows}.values())


def jobs_of(session: Session, visit: Visit) -> list[VisitJob]:
    """All but those that were dropped, in the order in which they came."""
    mine = select(VisitJob).where(VisitJob.visit_id == visit.id, VisitJob.state != "dropped")
    return list(session.exec(mine.order_by(col(VisitJob.id))))


def is_new(row: VisitJob, jobs: Sequence[VisitJob]) -> bool:
    return _key(row) not in {_key(each) for each in jobs}


def check_window(rules: Rules, window: Window, jobs: Sequence[VisitJob], now: datetime) -> None:
    """Not over, not too far, not too long, and long enough for what is to be done."""
    starts_at, ends_at = window
    if not starts_at < ends_at:
        raise wrong("ends_at", "结束须晚于开始", "It has to end after it starts")
    if ends_at <= now:
        raise wrong("ends_at", "这段时间已经过去,请另选", "This time is over: choose another one")
    days, hours = rules["farthest_days"], rules["longest_hours"]
    if starts_at > now + timedelta(days=days):
        zh = f"上门须在 {days} 天以内"
        raise wrong("starts_at", zh, f"A visit is {days} days ahead at most")
    if ends_at - starts_at > timedelta(hours=hours):
        zh = f"一次上门最长 {hours} 小时,请缩短或分两次(第二次要写明原因)"
        en = (
            f"A visit takes {hours} hours at most: shorten it, or plan a second one with its reason"
        )
        raise wrong("ends_at", zh, en)
    needed = minutes_of(jobs)
    if ends_at - starts_at < timedelta(minutes=needed):
        zh = f"要做的事共需 {needed} 分钟,请延长时间"
        raise wrong("ends_at", zh, f"What is to be done takes {needed} minutes: allow for more")


def minutes_of(jobs: Sequence[VisitJob]) -> int:
    return sum(job.minutes for job in jobs)


def wants_sheet(rules: Rules, jobs: Sequence[VisitJob]) -> bool:
    return any(rules["jobs"].get(job.kind, {}).get("is_explained", False) for job in jobs)


def merge_hours(rules: Rules, jobs: Sequence[VisitJob]) -> int:
    """How far from the wanted time the open visit of that end may lie: as its hastiest job says."""
    hours = [rules["jobs"].get(job.kind, {}).get("merge_hours", 0) for job in jobs]
    return int(min(hours))


def names_of(title: str) -> dict[str, str]:
    """A title's Chinese and English part."""
    zh, _, en = title.partition(" / ")
    return {"zh": zh, "en": en or zh}


def _row(rules: Rules, crews: Rules, n: int, job: Job) -> VisitJob:
    kind = rules["jobs"].get(job.kind)
    if kind is None:
        some = ", ".join(rules["jobs"])
        zh = f"没有“{job.kind}”这种上门事项,可用:{some}"
        raise wrong(f"jobs.{n}.kind", zh, f"No kind of job “{job.kind}”: there are {some}")
    if not SUBJECT.fullmatch(job.subject):
        zh = "应写成“种类:编号”,如 order:5"
        raise wrong(f"jobs.{n}.subject", zh, "This is a kind and a number, such as order:5")
    skills, tools = [list(dict.fromkeys([*kind[k], *getattr(job, k)])) for k in ("skills", "tools")]
    check_skills(crews, skills, f"jobs.{n}.skills")
    check_tools(crews, tools, f"jobs.{n}.tools")
    minutes = _within(f"jobs.{n}.minutes", job.minutes, kind["minutes"], 1_440)
    people = _within(f"jobs.{n}.people", job.people, kind["people"], crews["most_people"])
    title = job.title.strip()[:LONGEST_TITLE] or f"{kind['zh']} / {kind['en']}"
    told: dict[str, Any] = {"skills": skills, "tools": tools, "minutes": minutes, "people": people}
    return VisitJob(subject=job.subject, kind=job.kind, title=title, **told)


def _within(field: str, given: int | None, usual: int, most: int) -> int:
    value = usual if given is None else given
    if not 0 < value <= most:
        raise wrong(field, f"应为 1 至 {most}", f"This is 1 to {most}")
    return value


def _key(row: VisitJob) -> tuple[str, str, str]:
    return row.subject, row.kind, row.title
