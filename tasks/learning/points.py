"""Points (积分): for answers that were accepted and knowledge that helped, never for volume.

What earns how many, and the caps: the policy "points". Nobody earns by their own doing, nor twice
for one thing; what a cap cut off is in the ledger too. Nothing in the ledger is ever changed.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import orjson
from sqlalchemy import func
from sqlalchemy import select as plain_select
from sqlmodel import Session, col, select

from notifications import notices
from records import Person, PointsEntry, Report, history
from tasks import policies
from tasks.faults.impact import ZONE
from tasks.refusals import NotFound, wrong

KIND = "points"  # of the report of a month
MOST_RANKS = 500
_POINTS = col(PointsEntry.points)


@dataclass(frozen=True)
class Rank:
    """What somebody has in a month."""

    login: str
    name: str
    name_en: str
    points: int
    entries: int
    place: int  # those who have the same have the same place


def award(
    session: Session, login: str, kind: str, *, key: str, subject: str, by: str, now: datetime
) -> PointsEntry | None:
    """Give what the policy has for `kind`, once for each `key`, within the caps of the day.

    None where it is their own doing, or where somebody is not there any more.
    """
    rules = policies.current(session, "points").content
    if kind not in rules["earned"]:
        raise NotFound(f"积分规则中没有“{kind}”", f"The policy “points” has no “{kind}”")
    person = _lock(session, login)
    if by == login or person is None or not person.active:
        return None
    if there := find(session, key):
        return there
    full = int(rules["earned"][kind]["points"])
    points, cap = _within_caps(session, person, full, rules, by, now)
    return _add(session, person, kind, key, subject, points, full, cap, by, now)


def take_back(session: Session, key: str, *, by: str, now: datetime) -> PointsEntry | None:
    """What was earned under `key` turned out not to be: once, as an entry of its own."""
    earned, again = find(session, key), f"{key}:back"
    if earned is None or find(session, again):
        return None
    person = session.get_one(Person, earned.person_id)
    given = (-earned.points, -earned.full, "")
    return _add(session, person, earned.kind, again, earned.subject, *given, by, now)


def find(session: Session, key: str) -> PointsEntry | None:
    return session.exec(select(PointsEntry).where(PointsEntry.key == key)).first()


def rank(session: Session, month: str, limit: int = 50) -> list[Rank]:
    """Who has most in a month (2026-03), the best first."""
    require_month(month)
    total, entries = func.sum(_POINTS), func.count()
    rows = (
        plain_select(col(Person.login), col(Person.name), col(Person.name_en), total, entries)
        .join(PointsEntry, col(PointsEntry.person_id) == col(Person.id))
        .where(col(PointsEntry.month) == month)
        .group_by(col(Person.id), col(Person.login), col(Person.name), col(Person.name_en))
        .having(total > 0)
        .order_by(total.desc(), col(Person.login))
        .limit(limit)
    )
    ranks: list[Rank] = []
    for login, name, name_en, points, count in session.execute(rows):
        is_same = bool(ranks) and ranks[-1].points == points
        place = ranks[-1].place if is_same else len(ranks) + 1
        ranks.append(Rank(login, name, name_en, int(points), count, place))
    return ranks


def report_month(session: Session, *, now: datetime) -> bool:
    """Keep the list of the month before, once, and tell those who lead it. Whether it is new."""
    month = _month_before(now)
    same = select(Report.id).where(Report.kind == KIND, Report.period == month)
    if session.exec(same).first() is not None:
        return False
    ranks = rank(session, month, MOST_RANKS)
    content = {"ranks": [vars(each) for each in ranks]}
    report = Report(kind=KIND, period=month, made_at=now, content=orjson.dumps(content).decode())
    session.add(report)
    for each in ranks[: policies.current(session, "points").content["named"]]:
        _tell(session, each, month, now)
    return True


def require_month(month: str) -> None:
    try:
        date.fromisoformat(f"{month}-01")
    except ValueError:
        raise wrong("month", "月份应如 2026-03", "A month is written 2026-03") from None


def month_of(now: datetime) -> str:
    return f"{now.astimezone(ZONE):%Y-%m}"


def _within_caps(
    session: Session, person: Person, full: int, rules: Any, by: str, now: datetime
) -> tuple[int, str]:
    today = f"{now.astimezone(ZONE):%Y-%m-%d}"
    mine = (PointsEntry.person_id == person.id, PointsEntry.day == today)
    told = select(func.coalesce(func.sum(_POINTS), 0)).where(*mine)
    pair = select(func.count()).where(*mine, PointsEntry.by == by, _POINTS > 0)
    if session.execute(pair).scalar_one() >= rules["pair_daily"]:
        return 0, "pair"
    left = max(rules["daily"] - int(session.execute(told).scalar_one()), 0)
    return (left, "daily") if left < full else (full, "")


def _add(
    session: Session,
    person: Person,
    kind: str,
    key: str,
    subject: str,
    points: int,
    full: int,
    cap: str,
    by: str,
    now: datetime,
) -> PointsEntry:
    at = now.astimezone(ZONE)
    entry = PointsEntry(
        key=key, person_id=person.id, kind=kind, subject=subject, points=points, full=full,
        cap=cap, by=by, at=now, day=f"{at:%Y-%m-%d}", month=f"{at:%Y-%m}",
    )  # fmt: skip
    session.add(entry)
    session.flush()
    told = {"kind": kind, "points": points, "full": full, "cap": cap, "for": subject}
    verb = "points earned" if full >= 0 else "points taken back"
    history.record(session, verb, subject=f"person:{person.login}", by=by, at=now, **told)
    return entry


def _lock(session: Session, login: str) -> Person | None:
    """Two awards at once would both be within the cap."""
    found = select(Person).where(Person.login == login).with_for_update()
    return session.exec(found).first()


def _month_before(now: datetime) -> str:
    here = now.astimezone(ZONE)
    year, month = (here.year, here.month - 1) if here.month > 1 else (here.year - 1, 12)
    return f"{year:04d}-{month:02d}"


def _tell(session: Session, each: Rank, month: str, now: datetime) -> None:
    zh = f"您有 {each.points} 分,排第 {each.place}"
    en = f"you have {each.points} points: place {each.place}"
    person = session.exec(select(Person).where(Person.login == each.login)).one()
    notices.tell(
        session,
        to=person,
        template="report_ready",
        facts={
            "report": {"zh": "知识积分月榜", "en": "Points of the month"},
            "period": month,
            "note": {"zh": zh, "en": en},
        },
        key=f"points:{month}",
        subject="points",
        now=now,
    )
