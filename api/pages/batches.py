"""What is done to many rows of the worklist together.

It leads back to the list, which says how each of them answered, and for a while how to undo it.
"""

from typing import Annotated, Any

from fastapi import Query
from starlette.responses import Response

from api.deps import Id, Turn, allow
from api.pages import answers
from api.pages.pages import Typed, again_by, first, go, make_pages, typed
from api.pages.worklist import list_orders
from api.worklist import Wanted
from tasks import batches

router = make_pages()


@router.post("/work-orders/batches")
@again_by(list_orders)
def do(
    asked: Annotated[Wanted, Query()], turn: Turn = allow("work-orders:advance", raw=True)
) -> Response:
    told = typed(turn)
    verb, orders = first(told, "verb"), [int(one) for one in told.get("order", []) if _is_id(one)]
    given = _told(verb, told)
    made = batches.do(turn.session, verb, orders, given, by=turn.person, now=turn.now)
    return _to_list(asked, made.id)


@router.post("/work-orders/batches/{id}/undoing")
@again_by(list_orders)
def undo(
    id: Id, asked: Annotated[Wanted, Query()], turn: Turn = allow("work-orders:advance", raw=True)
) -> Response:
    turn.about(f"batch:{id}")
    batches.undo(turn.session, batches.take(turn.session, id), by=turn.person, now=turn.now)
    return _to_list(asked, id)


def _told(verb: str, told: Typed) -> dict[str, Any]:
    if verb == "chase":
        return {"text": first(told, "text")}
    if verb == "reassign":
        to = next((one.strip() for one in told.get("to", []) if one.strip()), None)
        group = first(told, "group") or None
        return {"to": to, "group": group, "reason": first(told, "why")}
    if verb == "suspend":
        return {
            "reason": first(told, "reason"),
            "evidence": first(told, "evidence"),
            "resume_at": answers.as_instant(first(told, "resume_at"), "resume_at"),
            "customer_told": "customer_told" in told,
        }
    return {}


def _is_id(text: str) -> bool:
    return text.isdecimal() and len(text) < 19


def _to_list(asked: Wanted, batch: int) -> Response:
    return go(f"/work-orders?{asked.query(batch=batch)}")
