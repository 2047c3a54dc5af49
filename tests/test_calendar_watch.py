from datetime import UTC, datetime

import pytest
from sqlmodel import select

from records import Notice
from tasks.sla.calendar_watch import watch_calendars


@pytest.mark.parametrize(
    "day, told",
    [
        ("2026-03-11", 0),
        ("2026-11-20", 1),  # 2027 is provisional: no make-up workdays yet
        ("2030-01-01", 1),  # nothing is known of 2030
    ],
)
def test_who_publishes_policies_is_told_in_time_that_a_calendar_will_not_do(
    session, cast, day, told
):
    now = datetime.fromisoformat(day).replace(tzinfo=UTC)
    for _ in range(2):
        assert watch_calendars(session, now=now) == told
        session.commit()
    notices = session.exec(select(Notice).where(Notice.channel == "inbox")).all()
    assert {one.to for one in notices} == ({"owen", "mei", "gwen"} if told else set())
    assert len(notices) == 3 * told and {one.state for one in notices} <= {"waiting"}
