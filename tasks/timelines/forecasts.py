"""What was foretold of tickets, what came of it, and how well the two agree (calibration).

Noted and settled by timed jobs; shown by api/reports.py. A forecast says how likely it is that the
restore limit of a ticket will be missed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from sqlalchemy import case, func, insert, select, update
from sqlmodel import Session, col

from records import Clock, Forecast, Ticket
from tasks.timelines.risks import CLOCK, Risk, each_risk

Row = dict[str, Any]
BINS = 10
CHANGE = 0.1  # by how much it has to differ from the one before to be noted
OFTEN = timedelta(hours=1)  # or how old that has to be
WARNED = 0.5  # from here on, a forecast is a warning
EARLY = timedelta(minutes=40)  # that a warning should be ahead of the breach: domain.md §5 (10)
_IS_TRUE: Any = col(Forecast.has_breached).is_(True)


@dataclass(frozen=True)
class Bin:
    """Forecasts of about the same probability."""

    least: float
    below: float
    count: int
    predicted: float  # their mean
    happened: float  # the share that were late in the end


@dataclass(frozen=True)
class Calibration:
    since: datetime
    until: datetime
    count: int
    tickets: int
    brier: float | None  # the mean of (predicted - happened)²: 0 is best, 0.25 says nothing
    bins: list[Bin]
    breaches: int
    warned: int  # of the breaches, foretold with WARNED or more
    early: int  # and at least EARLY ahead
    lead_seconds: float | None  # the median of how far ahead


def note_forecasts(session: Session, now: datetime) -> int:
    """One for each open ticket of which something new is to be said; how many."""
    return keep_forecasts(session, foretell(session, now))


def foretell(session: Session, now: datetime) -> list[Row]:
    """What note_forecasts would keep. Only reads: it takes a while, and nobody has to wait."""
    last = _last(session)
    return [
        {
            "ticket_id": risk.ticket.id,
            "at": now,
            "stage": risk.stage,
            "probability": risk.odds.probability,
        }
        for risk in each_risk(session, now)
        if _is_news(risk, last.get(risk.ticket.id), now)
    ]


def keep_forecasts(session: Session, rows: list[Row]) -> int:
    if rows:
        session.execute(insert(Forecast), rows)
    return len(rows)


def settle_forecasts(session: Session, now: datetime) -> int:
    """Write down what came of them, of tickets that are late or over; how many."""
    is_late = _clock().where(col(Clock.breached_at).is_not(None)).exists()
    was_met = _clock().where(col(Clock.state) == "met").exists()
    is_over = (
        select(col(Ticket.id))
        .where(col(Ticket.id) == col(Forecast.ticket_id), col(Ticket.closed_at).is_not(None))
        .exists()
    )
    settled = 0
    for holds, outcome in ((is_late, True), (is_over & was_met, False), (is_over, None)):
        open_ones = update(Forecast).where(col(Forecast.settled_at).is_(None), holds)
        values = {"settled_at": now, "has_breached": outcome}
        settled += session.connection().execute(open_ones.values(**values)).rowcount
    return settled


def calibrate(session: Session, since: datetime, until: datetime) -> Calibration:
    """Of the forecasts that were made in the period and settled since. Children (副单) that were
    merged and tickets that were cancelled prove nothing."""
    errors, bins = _compare(session, since, until)
    count = sum(one.count for one in bins)
    tickets = _settled(select(func.count(func.distinct(col(Forecast.ticket_id)))), since, until)
    leads = list(_leads(session, since, until))
    ahead = [lead for lead in leads if lead is not None]
    return Calibration(
        since=since,
        until=until,
        count=count,
        tickets=session.execute(tickets).scalar_one(),
        brier=round(errors / count, 4) if count else None,
        bins=bins,
        breaches=len(leads),
        warned=len(ahead),
        early=sum(lead >= EARLY for lead in ahead),
        lead_seconds=median(lead.total_seconds() for lead in ahead) if ahead else None,
    )


def _compare(session: Session, since: datetime, until: datetime) -> tuple[float, list[Bin]]:
    """The sum of all errors squared; and by tenths what was foretold, and what happened."""
    happened = case((_IS_TRUE, 1.0), else_=0.0)
    tenth = case(*_bounds(), else_=BINS - 1).label("tenth")
    error = col(Forecast.probability) - happened
    told = (func.count(), func.avg(col(Forecast.probability)), func.avg(happened))
    rows = _settled(select(tenth, func.sum(error * error), *told), since, until)
    found = session.execute(rows.group_by("tenth").order_by("tenth")).all()
    bins = [
        Bin(at / BINS, (at + 1) / BINS, count, round(predicted, 4), round(share, 4))
        for at, _, count, predicted, share in found
    ]
    return sum(row[1] for row in found), bins


def _clock() -> Any:
    return select(col(Clock.id)).where(
        col(Clock.ticket_id) == col(Forecast.ticket_id), col(Clock.name) == CLOCK
    )


def _last(session: Session) -> dict[int, Any]:
    """The newest of each ticket whose outcome is open."""
    newest = (
        select(func.max(Forecast.id))
        .where(col(Forecast.settled_at).is_(None))
        .group_by(col(Forecast.ticket_id))
    )
    rows = session.execute(select(Forecast).where(col(Forecast.id).in_(newest))).scalars()
    return {row.ticket_id: row for row in rows}


def _is_news(risk: Risk, last: Forecast | None, now: datetime) -> bool:
    if last is None or last.stage != risk.stage or now - last.at >= OFTEN:
        return True
    return abs(last.probability - risk.odds.probability) >= CHANGE


def _bounds() -> Iterator[tuple[Any, int]]:
    for at in range(BINS - 1):
        yield col(Forecast.probability) < (at + 1) / BINS, at


def _settled(rows: Any, since: datetime, until: datetime) -> Any:
    made = (col(Forecast.at) >= since) & (col(Forecast.at) < until)
    return rows.select_from(Forecast).where(made, col(Forecast.has_breached).is_not(None))


def _leads(session: Session, since: datetime, until: datetime) -> Iterator[timedelta | None]:
    """For each ticket that was late: how long before its end the first warning came, if one did."""
    warned_at = func.min(case((col(Forecast.probability) >= WARNED, col(Forecast.at))))
    rows = (
        _settled(select(warned_at, func.max(Clock.breached_at)), since, until)
        .join(Clock, (col(Clock.ticket_id) == col(Forecast.ticket_id)) & (col(Clock.name) == CLOCK))
        .where(_IS_TRUE)
        .group_by(col(Forecast.ticket_id))
    )
    for warned, breached in session.execute(rows):
        yield breached - warned if warned else None
