"""JSON: where inventory and the world differ. One proposes what is right, another settles it."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import BaseModel, Field
from sqlmodel import col, select

from api.deps import Given, Id, Turn, allow, make_router
from api.facts import Facts
from api.once import once
from api.paging import Asked, Page, narrow, page
from records import Discrepancy
from tasks.archive import discrepancies

router = make_router("discrepancies")
Kind = Literal["unknown_object", "wrong_value", "missing", "surplus"]
State = Literal["open", "proposed", "settled", "refused"]
SORTS = {
    "last_at": (col(Discrepancy.last_at), col(Discrepancy.id)),
    "raised_at": (col(Discrepancy.raised_at), col(Discrepancy.id)),
    "tally": (col(Discrepancy.tally), col(Discrepancy.id)),
    "id": (col(Discrepancy.id),),
}
FILTERS = {
    "kind": col(Discrepancy.kind),
    "state": col(Discrepancy.state),
    "object": col(Discrepancy.object),
    "customer": col(Discrepancy.customer_id),
    "source": col(Discrepancy.source),
}


class DiscrepancyGiven(Given):
    kind: Kind
    object: str = Field(min_length=1, max_length=200, examples=["HZ-1/GE1/0/7"])
    field: str = Field("", max_length=200, description="Of the object", examples=["serial"])
    recorded: str = Field("", max_length=2_000, description="What inventory says")
    found: str = Field("", max_length=2_000, description="What is there")
    note: str = Field("", max_length=2_000)
    facts: Facts = Field(default_factory=dict)


class Proposal(Given):
    proposal: str = Field(max_length=2_000, description="What inventory should say")


class Refusal(Given):
    reason: str = Field(max_length=2_000, examples=["拆除的设备,不再上报"])


class DiscrepancyShown(BaseModel):
    id: int
    kind: Kind
    kind_zh: str
    kind_en: str
    object: str
    field: str
    recorded: str
    found: str
    customer_id: int | None
    source: str = Field(description="The subject of what met it first", examples=["ticket:7"])
    note: str
    tally: int = Field(description="How often it was met")
    facts: dict[str, Any]
    state: State
    state_zh: str
    state_en: str
    raised_by: str
    raised_at: datetime
    last_at: datetime
    proposal: str
    proposed_by: str
    settled_by: str
    settled_at: datetime | None


class DiscrepancyFilter(Asked):
    kind: Kind | None = None
    state: State | None = None
    object: str | None = None
    customer: int | None = None
    source: str | None = None
    is_open: bool | None = Field(None, alias="open")


@router.get("")
def list_discrepancies(
    asked: Annotated[DiscrepancyFilter, Query()], turn: Turn = allow("discrepancies:read")
) -> Page[DiscrepancyShown]:
    rows = narrow(select(Discrepancy), asked, FILTERS)
    if asked.is_open is not None:
        settled = col(Discrepancy.settled_at)
        rows = rows.where(settled.is_(None) if asked.is_open else settled.is_not(None))
    return page(turn.session, rows, asked, sorts=SORTS, default="-last_at", show=show_one)


@router.get("/{id}")
def show(id: Id, turn: Turn = allow("discrepancies:read")) -> DiscrepancyShown:
    return show_one(turn.find(Discrepancy, id))


@router.post("", status_code=201)
def raise_one(
    given: DiscrepancyGiven, turn: Turn = allow("discrepancies:propose")
) -> DiscrepancyShown:
    """What somebody found. The one that is open for the same thing is met once more."""

    def make() -> DiscrepancyShown:
        login = turn.person.login
        told: dict[str, Any] = {"source": f"person:{login}", "by": login, "now": turn.now}
        row = discrepancies.raise_one(turn.session, **given.model_dump(), **told)
        return show_one(row)

    return once(turn, make)


@router.post("/{id}/proposal")
def propose(
    id: Id, given: Proposal, turn: Turn = allow("discrepancies:propose")
) -> DiscrepancyShown:
    """A later one takes the place of an earlier one."""
    row = discrepancies.find(turn.session, id)
    discrepancies.propose(turn.session, row, given.proposal, by=turn.person, now=turn.now)
    return show_one(row)


@router.post("/{id}/settlement")
def settle(id: Id, turn: Turn = allow("discrepancies:settle")) -> DiscrepancyShown:
    """By another person than who proposed it."""
    row = discrepancies.find(turn.session, id)
    discrepancies.settle(turn.session, row, by=turn.person, now=turn.now)
    return show_one(row)


@router.post("/{id}/refusal")
def refuse(id: Id, given: Refusal, turn: Turn = allow("discrepancies:settle")) -> DiscrepancyShown:
    row = discrepancies.find(turn.session, id)
    discrepancies.refuse(turn.session, row, given.reason, by=turn.person, now=turn.now)
    return show_one(row)


def show_one(row: Discrepancy) -> DiscrepancyShown:
    kind, state = discrepancies.KINDS[row.kind], discrepancies.STATES[row.state]
    words = {"kind_zh": kind[0], "kind_en": kind[1], "state_zh": state[0], "state_en": state[1]}
    return DiscrepancyShown.model_validate(row.model_dump() | words)
