"""JSON: one thing done to many work orders together, how each answered, and undoing it."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import BaseModel, Field
from sqlmodel import col, select

from api.deps import Given, Id, Turn, allow, make_router
from api.once import once
from api.paging import Asked, Page, page
from api.work_orders import Assignment, SuspensionGiven
from records import Batch
from tasks import batches
from tasks.refusals import wrong

router = make_router("batches")
SORTS = {"id": (col(Batch.id),)}
ASKED = {"reassign": "assignment", "suspend": "suspension"}  # what a verb has to be told


class ResultShown(BaseModel):
    """How one of the orders answered."""

    order: int
    title: str = ""
    is_done: bool
    zh: str = Field("", description="Why not; of what was undone, what is not as it was")
    en: str = ""


class BatchShown(BaseModel):
    id: int
    verb: str
    by: str
    at: datetime
    results: list[ResultShown]
    can_undo: bool = Field(description="By whoever asks, now")
    undone_at: datetime | None
    undone: list[ResultShown]


class NewBatch(Given):
    verb: Literal["claim", "accept", "reassign", "chase", "suspend"]
    orders: list[Annotated[int, Field(ge=1, le=2**63 - 1)]] = Field(
        min_length=1, max_length=batches.MOST
    )
    assignment: Assignment | None = Field(None, description="Of reassign")
    suspension: SuspensionGiven | None = Field(None, description="Of suspend")
    text: str = Field("", max_length=4_000, description="Of chase")


@router.get("")
def index(
    asked: Annotated[Asked, Query()], turn: Turn = allow("work-orders:read")
) -> Page[BatchShown]:
    """Mine, the newest first."""
    mine = select(Batch).where(Batch.by == turn.person.login)

    def show(batch: Batch) -> BatchShown:
        return show_batch(turn, batch)

    return page(turn.session, mine, asked, sorts=SORTS, default="-id", show=show)


@router.post("", status_code=201)
def do(given: NewBatch, turn: Turn = allow("work-orders:advance")) -> BatchShown:
    """Each order answers for itself; what one refuses, others may do."""

    def make() -> BatchShown:
        told, orders = _told(given), given.orders
        made = batches.do(turn.session, given.verb, orders, told, by=turn.person, now=turn.now)
        return show_batch(turn, made)

    return once(turn, make)


@router.get("/{id}")
def show(id: Id, turn: Turn = allow("work-orders:read")) -> BatchShown:
    return show_batch(turn, turn.find(Batch, id))


@router.post("/{id}/undoing")
def undo(id: Id, turn: Turn = allow("work-orders:advance")) -> BatchShown:
    """Puts back what can be put back, and says what cannot."""
    turn.about(f"batch:{id}")
    batch = batches.take(turn.session, id)
    batches.undo(turn.session, batch, by=turn.person, now=turn.now)
    return show_batch(turn, batch)


def show_batch(turn: Turn, batch: Batch) -> BatchShown:
    told = batch.model_dump() | {"can_undo": batches.can_undo(batch, turn.person, turn.now)}
    return BatchShown.model_validate(told)


def _told(given: NewBatch) -> dict[str, Any]:
    if given.verb == "chase":
        return {"text": given.text}
    name = ASKED.get(given.verb)
    if name is None:
        return {}
    told = getattr(given, name)
    if told is None:
        raise wrong(name, "请填写", "has to be given")
    return dict(told.model_dump())
