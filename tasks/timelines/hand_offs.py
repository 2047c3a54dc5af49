"""Where the hours are lost: hand-offs (衔接) of the tickets that were over in a period, ranked.

Called by api/reports.py and by a nightly job. The database adds up; what it reads are the rows that
kept_segments.py wrote, so it costs by the period and not by all that is stored.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import orjson
from sqlalchemy import Select, case, func, select
from sqlmodel import Session, col

from records import HandOff, Report, Tally, Ticket
from tasks.faults.impact import ZONE
from tasks.refusals import wrong

KIND = "hand-offs"
WORST = 3  # tickets that are named for each
MEDIAN, P80 = 0.5, 0.8
BY = {  # what is ranked: the columns that name one
    "pair": ("from_group", "group_key", "element"),
    "group": ("group_key",),
    "element": ("element",),
    "person": ("person",),
}
NARROWED_BY = ("grade", "level", "city")


@dataclass(frozen=True)
class Rank:
    """One place where hours are lost. Seconds; shares from 0 to 1."""

    key: dict[str, str]
    title: str
    count: int
    seconds: float
    share: float  # of all hand-offs
    share_of_time: float  # of all the time of these tickets
    median: float
    p80: float
    worst: list[dict[str, Any]]


@dataclass(frozen=True)
class Ranking:
    since: datetime
    until: datetime
    by: str
    tickets: int
    hand_offs: int
    seconds: float
    net_seconds: float
    share: float  # of the net time of these tickets
    ranks: list[Rank]


def rank(
    session: Session,
    since: datetime,
    until: datetime,
    *,
    by: str = "pair",
    narrow: Mapping[str, str] | None = None,
    limit: int = 50,
) -> Ranking:
    """`narrow`: grade, level, city; and group, which then had it before or after."""
    if by not in BY:
        known = ", ".join(BY)
        raise wrong("by", f"须为 {known} 之一", f"has to be one of {known}")
    narrow = dict(narrow or {})
    tickets, net = _whole(session, since, until, narrow)
    found = session.execute(_ranked(since, until, by, narrow)).all()
    seconds = sum(row.seconds for row in found)
    ranks = [_rank(row, by, seconds, net) for row in found[:limit]]
    _name_worst(session, ranks)
    count = sum(row.hand_offs for row in found)
    share = round(seconds / net, 4) if net else 0.0
    return Ranking(since, until, by, tickets, count, seconds, net, share, ranks)


def make_report(session: Session, day: date, now: datetime) -> Report | None:
    """The ranking of one day in Shanghai, kept. None where it is there already."""
    period = day.isoformat()
    same = select(Report).where(col(Report.kind) == KIND, col(Report.period) == period)
    if session.execute(same).first():
        return None
    since = datetime.combine(day, time(), tzinfo=ZONE)
    until = since + timedelta(days=1)
    content = {by: asdict(rank(session, since, until, by=by)) for by in BY}
    report = Report(kind=KIND, period=period, made_at=now, content=orjson.dumps(content).decode())
    session.add(report)
    session.flush()
    return report


def _whole(
    session: Session, since: datetime, until: datetime, narrow: Mapping[str, str]
) -> tuple[int, float]:
    """How many tickets were over in the period, and their net time."""
    counted = select(func.count(), func.coalesce(func.sum(col(Tally.net)), 0.0))
    tickets, net = session.execute(_narrowed(counted, Tally, since, until, narrow)).one()
    return tickets, float(net)


def _ranked(since: datetime, until: datetime, by: str, narrow: Mapping[str, str]) -> Select[Any]:
    """One row for each key, the most hours first."""
    one = _placed(since, until, by, narrow).subquery()
    names, backs = [one.c[name] for name in BY[by]], range(WORST)
    worst = [_at_place(one, back, one.c.ticket_id).label(f"worst_{back}") for back in backs]
    longest = [_at_place(one, back, one.c.seconds).label(f"longest_{back}") for back in backs]
    return (
        select(
            *names,
            func.max(one.c.title).label("title"),
            func.count().label("hand_offs"),
            func.sum(one.c.seconds).label("seconds"),
            _quantile(one, MEDIAN).label("median"),
            _quantile(one, P80).label("p80"),
            *worst,
            *longest,
        )
        .group_by(*names)
        .order_by(func.sum(one.c.seconds).desc(), *names)
    )


def _placed(since: datetime, until: datetime, by: str, narrow: Mapping[str, str]) -> Select[Any]:
    """Each hand-off, with its place among those `of` its key, the shortest first."""
    key = [col(getattr(HandOff, name)) for name in BY[by]]
    in_order = (col(HandOff.seconds), col(HandOff.id))
    place = func.row_number().over(partition_by=key, order_by=in_order).label("place")
    of = func.count().over(partition_by=key).label("of")
    told = (col(HandOff.seconds), col(HandOff.title), col(HandOff.ticket_id))
    each: Select[Any] = _narrowed(select(*key, *told, place, of), HandOff, since, until, narrow)
    if group := narrow.get("group"):
        is_theirs = (col(HandOff.group_key) == group) | (col(HandOff.from_group) == group)
        each = each.where(is_theirs)
    return each


def _narrowed(
    rows: Any, table: Any, since: datetime, until: datetime, narrow: Mapping[str, str]
) -> Any:
    rows = rows.where(table.over_at >= since, table.over_at < until)
    for name in NARROWED_BY:
        if narrow.get(name):
            rows = rows.where(getattr(table, name) == narrow[name])
    return rows


def _quantile(one: Any, share: float) -> Any:
    """Of the nearest rank: at the first place that has at least this share at or below it."""
    reached = one.c.place >= share * one.c.of
    is_first = reached & (one.c.place - 1 < share * one.c.of)
    return func.max(case((is_first, one.c.seconds)))


def _at_place(one: Any, back: int, value: Any) -> Any:
    """Of the longest, the one before it, …"""
    return func.max(case((one.c.place == one.c.of - back, value)))


def _rank(row: Any, by: str, seconds: float, net: float) -> Rank:
    return Rank(
        key={name: getattr(row, name) for name in BY[by]},
        title=row.title if "element" in BY[by] else "",
        count=row.hand_offs,
        seconds=row.seconds,
        share=round(row.seconds / seconds, 4) if seconds else 0.0,
        share_of_time=round(row.seconds / net, 4) if net else 0.0,
        median=row.median,
        p80=row.p80,
        worst=[
            {"ticket": getattr(row, f"worst_{back}"), "seconds": getattr(row, f"longest_{back}")}
            for back in range(WORST)
            if getattr(row, f"worst_{back}") is not None
        ],
    )


def _name_worst(session: Session, ranks: Sequence[Rank]) -> None:
    """With the number that people say on the phone."""
    ids = {one["ticket"] for rank in ranks for one in rank.worst}
    known = select(Ticket).where(col(Ticket.id).in_(ids))
    numbers = {ticket.id: ticket.number for ticket in session.execute(known).scalars()}
    for one in (one for rank in ranks for one in rank.worst):
        one["number"] = numbers[one["ticket"]]
