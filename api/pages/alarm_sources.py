"""Sources of alarms as pages: how each is doing, what it never sent; asking it for everything."""

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from api import alarm_sources as source_routes
from api.deps import Turn, allow
from api.pages.asking import FromForm
from api.pages.pages import again_by, go, make_pages, show
from tasks.network import alarm_sources, resync

router = make_pages()
PLACE = "/administration/alarm-sources"


class Wanted(FromForm, source_routes.SourceFilter):
    """What the address says."""


class Received(FromForm, source_routes.ReceiptFilter):
    """Which deliveries."""

    limit: int = 30


@router.get(PLACE)
def list_sources(asked: Annotated[Wanted, Query()], turn: Turn = allow("alarms:read")) -> Response:
    found = source_routes.index(asked, turn=turn)
    return show(turn, "alarm_sources/list.html", sources=found.items, next=found.next)


@router.get(f"{PLACE}/{{key}}")
def show_source(
    key: str, asked: Annotated[Received, Query()], turn: Turn = allow("alarms:read")
) -> Response:
    source = source_routes.show(key, turn=turn)
    found = source_routes.list_receipts(key, asked, turn=turn)
    facts = {"source": source, "receipts": found.items, "next": found.next}
    return show(turn, "alarm_sources/show.html", **facts, asked=asked)


def show_again(key: str, turn: Turn = allow("alarms:read")) -> Response:
    return show_source(key, Received(), turn=turn)


@router.post(f"{PLACE}/{{key}}/resync")
@again_by(show_again)
def ask(key: str, turn: Turn = allow("alarms:replay", raw=True)) -> Response:
    """Have it asked for all that is active, now."""
    source = alarm_sources.find_source(turn.session, key)
    resync.want_by_hand(turn.session, source, by=turn.person, now=turn.now)
    return go(f"{PLACE}/{key}")
