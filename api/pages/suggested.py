"""Who should take the orders that are chosen in the worklist, and why; a part of its page."""

from collections import defaultdict
from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel, Field
from sqlmodel import col, select
from starlette.responses import Response

from api.deps import Turn, allow
from api.pages.pages import make_pages, show
from records import WorkOrder
from tasks import suggestions
from tasks.suggestions import Crowds

router = make_pages()
MOST, EACH = 5, 10  # people shown; and looked at for each order


class Chosen(BaseModel):
    order: list[int] = Field([], max_length=200)


@router.get("/work-orders/suggestions")
def suggest(
    asked: Annotated[Chosen, Query()], turn: Turn = allow("work-orders:assign")
) -> Response:
    """Those who fit most of them; the reasons are for the first that they fit."""
    rows = select(WorkOrder).where(col(WorkOrder.id).in_(asked.order)).order_by(col(WorkOrder.id))
    crowds, fits = Crowds(turn.session, turn.now), defaultdict(list)
    for order in turn.session.exec(rows):
        for one in suggestions.for_order(turn.session, order, turn.now, EACH, crowds):
            fits[one.login].append(one)
    best = sorted(fits.values(), key=_worth, reverse=True)[:MOST]
    people = [{"who": one[0], "fits": len(one)} for one in best]
    return show(turn, "work_orders/_suggested.html", people=people, count=len(asked.order))


def _worth(fits: list[Any]) -> tuple[int, float]:
    return len(fits), sum(one.score for one in fits)
