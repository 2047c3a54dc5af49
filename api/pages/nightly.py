"""The reports that were made each night, as they were made."""

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from api import reports
from api.deps import Turn, allow
from api.pages.asking import FromForm
from api.pages.pages import make_pages, show
from tasks.access.groups import name_groups
from tasks.timelines.hand_offs import BY, KIND, Rank, Ranking

router = make_pages()


class Wanted(FromForm, reports.ReportFilter):
    limit: int = 31


@router.get("/reports/nightly")
def list_reports(asked: Annotated[Wanted, Query()], turn: Turn = allow("reports:read")) -> Response:
    found = reports.index(asked, turn=turn)
    return show(turn, "reports/nightly.html", reports=found.items, next=found.next)


@router.get("/reports/nightly/{period}")
def show_report(period: str, turn: Turn = allow("reports:read")) -> Response:
    found, names = reports.show(KIND, period, turn=turn), name_groups(turn.session)
    rankings = {
        by: reports.show_ranking(
            Ranking(**{**told, "ranks": [Rank(**one) for one in told["ranks"]]}), names
        )
        for by, told in found.content.items()
        if by in BY
    }
    return show(turn, "reports/night.html", report=found, rankings=rankings)
