"""Flows as pages: what does what time does, how late it is, and the runs of each."""

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from api import flows as flow_routes
from api.deps import Turn, allow
from api.pages.asking import FromForm
from api.pages.pages import make_pages, show
from api.paging import Asked
from tasks import flows

router = make_pages()
PLACE = "/administration/flows"


class Wanted(FromForm, Asked):
    """What the address says."""


@router.get(PLACE)
def list_flows(turn: Turn = allow("flows:read")) -> Response:
    told, pulse = flow_routes.index(turn=turn), flows.pulse(turn.session, now=turn.now)
    return show(turn, "flows/list.html", flows=told.flows, jobs=told.jobs, pulse=pulse)


@router.get(f"{PLACE}/{{name}}")
def show_flow(
    name: str, asked: Annotated[Wanted, Query()], turn: Turn = allow("flows:read")
) -> Response:
    found = flow_routes.show(name, asked, turn=turn)
    return show(turn, "flows/show.html", name=name, runs=found.items, next=found.next)
