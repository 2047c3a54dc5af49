"""Points: capped by day and by pair, never for one's own doing, kept month by month."""

from datetime import timedelta

import pytest
from sqlmodel import select

from records import Notice, Report
from records.database import open_session
from tasks.learning import points
from tasks.refusals import NotFound
from workflows import points as flow

on_one = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


def award(session, now, n, by="ada", login="liu", kind="answer_accepted"):
    told = {"key": f"answer:{n}:accepted", "subject": f"question:{n}", "by": by, "now": now}
    return points.award(session, login, kind, **told)


def test_points_are_capped_by_day_and_by_pair(session, cast, now):
    by_one = [award(session, now, n).points for n in range(5)]
    assert by_one == [10, 10, 10, 0, 0]
    by_others = [award(session, now, n, by=f"p{n}") for n in range(5, 9)]
    assert [(each.points, each.cap) for each in by_others] == [
        *((10, ""), (10, ""), (0, "daily"), (0, "daily"))
    ]
    tomorrow = now + timedelta(hours=14)  # 00:14 in Shanghai
    assert award(session, tomorrow, 20).points == 10
    assert (award(session, tomorrow, 21, by="liu"), award(session, now, 1).points) == (None, 10)
    with pytest.raises(NotFound):
        award(session, now, 30, kind="volume")


def test_two_awards_at_once_stay_within_the_cap(engine, session, cast, now):
    for n in range(4):
        award(session, now, n, by=f"p{n}")
    session.commit()
    with open_session(engine) as one:
        assert award(one, now, 10, by="x").points == 10
    with open_session(engine) as other:
        assert award(other, now, 11, by="y").points == 0


@on_one
def test_the_list_of_a_month_is_kept_once_and_its_best_are_told(engine, session, cast, now):
    award(session, now, 1)
    award(session, now, 2, login="dora", kind="triage_right")
    session.commit()
    after = now + timedelta(days=25)
    assert [flow.report_month(engine, after) for _ in range(2)] == [1, 0]
    report = session.exec(select(Report).where(Report.kind == "points")).one()
    assert report.period == "2026-03" and report.content.index("liu") < report.content.index("dora")
    assert len(session.exec(select(Notice)).all()) == 2
