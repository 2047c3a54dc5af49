"""Whether working calendars will last: who publishes policies is told in time. Called daily.

China's holidays and make-up workdays (调休) of a year are announced in the November before it.
"""

from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from notifications import notices
from records import Person
from tasks import policies
from tasks.access.people import may
from tasks.sla.calendars import Calendar, calendars_of

AHEAD = timedelta(days=45)


def watch_calendars(session: Session, *, now: datetime) -> int:
    """Tell of each calendar that will not do in a while, once a month; how many those are."""
    policy, at = policies.current(session, "calendars"), now + AHEAD
    calendars = calendars_of(policy.content, policy.number)
    lacking = [one for one in calendars.values() if not one.covers(at) or one.is_provisional(at)]
    people = session.exec(select(Person).where(col(Person.active)))
    owners = [person for person in people if may(person, "policies:publish")]
    for calendar in lacking:
        for owner in owners:
            _tell(session, calendar, at, owner, now)
    return len(lacking)


def _tell(session: Session, calendar: Calendar, at: datetime, owner: Person, now: datetime) -> None:
    year = at.astimezone(calendar.zone).year
    notices.tell(
        session,
        to=owner,
        template="calendar_ends",
        facts={
            "calendar": {"zh": calendar.zh, "en": calendar.en},
            "year": year,
            "is_provisional": calendar.covers(at),
        },
        key=f"calendar:{calendar.key}:{year}:{now:%Y-%m}",
        subject="policy:calendars",
        now=now,
    )
