"""For managers: the overview (经营总览), each mark a link to its list; the reports behind it."""

from typing import Annotated, Any, Literal

from fastapi import Query
from starlette.responses import Response

from api import burn_list, risks, told_first
from api.clocks import STATES, read_names
from api.deps import Turn, allow
from api.pages.asking import FromForm, Period
from api.pages.pages import make_pages, show
from api.pages.tables import send_csv
from api.reports import HandOffFilter, rank_hand_offs
from records.customers import GRADES
from tasks import flows
from tasks.access.groups import name_groups
from tasks.faults.told_first import By
from tasks.field.visit_figures import count_visits
from tasks.timelines import open_work

router = make_pages()
MOST = 5  # bars of one card
EVERY = 200  # rows of a file


class Told(Period):
    by: By = "month"


class Lost(Period):
    by: Literal["pair", "group", "element", "person"] = "pair"
    grade: str | None = None
    level: str | None = None
    group: str | None = None


class Limits(FromForm, burn_list.ClockFilter):
    limit: int = 30


@router.get("/reports")
def overview(asked: Annotated[Period, Query()], turn: Turn = allow("reports:read")) -> Response:
    since, until = asked.span(turn.now)
    return show(
        turn,
        "reports/overview.html",
        asked=asked,
        since=since,
        until=until,
        shares=_told_first(turn, Told(since=asked.since, until=asked.until)),
        lost=_hand_offs(turn, Lost(since=asked.since, until=asked.until), MOST),
        visits=count_visits(turn.session, "order", since, until),
        open=open_work.open_by_grade(turn.session),
        missed=_missed(turn, asked),
        risks=risks.list_risks(risks.RiskFilter(limit=MOST), turn=turn),
        jobs=flows.each_job(turn.session, now=turn.now),
        pulse=flows.pulse(turn.session, now=turn.now),
    )


@router.get("/reports/told-first")
def told_first_page(
    asked: Annotated[Told, Query()], turn: Turn = allow("reports:read")
) -> Response:
    told = _told_first(turn, asked)
    return show(turn, "reports/told_first.html", report=told, asked=asked)


@router.get("/reports/told-first.csv")
def told_first_file(
    asked: Annotated[Told, Query()], turn: Turn = allow("reports:read")
) -> Response:
    found = _told_first(turn, asked)
    columns = ("key", "tickets", "first", "late", "untold", "share")
    rows = [[getattr(one, name) for name in columns] for one in [*found.shares, found.total]]
    return send_csv(f"told-first-by-{asked.by}", columns, rows)


@router.get("/reports/hand-offs")
def hand_offs_page(asked: Annotated[Lost, Query()], turn: Turn = allow("reports:read")) -> Response:
    return show(
        turn,
        "reports/hand_offs.html",
        report=_hand_offs(turn, asked, 50),
        asked=asked,
        grades=GRADES,
        groups=name_groups(turn.session),
    )


@router.get("/reports/hand-offs.csv")
def hand_offs_file(asked: Annotated[Lost, Query()], turn: Turn = allow("reports:read")) -> Response:
    found = _hand_offs(turn, asked, EVERY)
    columns = ("zh", "en", "count", "hours", "share", "median_minutes", "p80_minutes", "worst")
    return send_csv(f"hand-offs-by-{asked.by}", columns, map(_lost_row, found.ranks))


@router.get("/reports/risks")
def risks_page(turn: Turn = allow("reports:read")) -> Response:
    found = risks.list_risks(risks.RiskFilter(), turn=turn)
    worth = risks.calibrate(risks.PeriodFilter(), turn=turn)
    return show(turn, "reports/risks.html", risks=found, worth=worth)


@router.get("/reports/limits")
def limits_page(asked: Annotated[Limits, Query()], turn: Turn = allow("tickets:read")) -> Response:
    """The clocks of all tickets: those that run out next, or that were missed."""
    found = burn_list.list_clocks(asked, turn=turn)
    names = read_names(turn.session)["clocks"]
    facts: dict[str, Any] = {"clocks": found.items, "next": found.next, "asked": asked}
    return show(turn, "reports/limits.html", **facts, names=names, grades=GRADES, states=STATES)


def _told_first(turn: Turn, asked: Told) -> told_first.ToldFirstShown:
    since, until = asked.span(turn.now)
    wanted = told_first.ToldFirstFilter.model_validate({"from": since, "until": until})
    return told_first.show_told_first(wanted.model_copy(update={"by": asked.by}), turn=turn)


def _hand_offs(turn: Turn, asked: Lost, limit: int) -> Any:
    since, until = asked.span(turn.now)
    told = asked.model_dump(include={"by", "grade", "level", "group"})
    wanted = {"from": since, "until": until, "limit": limit, **told}
    return rank_hand_offs(HandOffFilter.model_validate(wanted), turn=turn)


def _missed(turn: Turn, asked: Period) -> list[dict[str, Any]]:
    """Clocks by how often they were missed."""
    names, count = (
        read_names(turn.session)["clocks"],
        open_work.missed(turn.session, *asked.span(turn.now)),
    )
    return [
        {"key": key, "names": names.get(key, (key, key)), "count": n} for key, n in count.items()
    ]


def _lost_row(one: Any) -> list[Any]:
    hours, half, most = one.total.seconds / 3600, one.median.seconds / 60, one.p80.seconds / 60
    worst = " ".join(each.number for each in one.worst)
    times = [round(hours, 2), one.share, round(half, 1), round(most, 1)]
    return [one.zh, one.en, one.count, *times, worst]
