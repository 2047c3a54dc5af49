"""JSON: the seals of history. Who keeps the newest hash elsewhere can prove what was there."""

from datetime import datetime
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, Field
from sqlmodel import col, select

from api.deps import Given, Turn, allow, make_router
from api.paging import Asked, Page, page
from records import Seal, sealing

router = make_router("seals")
SORTS = {"id": (col(Seal.id),)}


class SealShown(BaseModel):
    """Over what was written since the seal before. Keep `hash` where nobody here can reach it."""

    id: int
    at: datetime
    chains: int
    entries: int
    last_entry: int
    root: str
    previous: str
    hash: str


class SealVerification(Given):
    hash: str | None = Field(None, max_length=64, description="Of a seal that you kept")


class BrokenSealShown(BaseModel):
    id: int = Field(description="0 where no seal has the hash that was kept")
    reason: str


class SealsVerified(BaseModel):
    """`broken` is null where all seals hold; else the first that does not."""

    seals: int
    broken: BrokenSealShown | None


@router.get("", summary="The seals, newest first")
def index(
    asked: Annotated[Asked, Query()], turn: Turn = allow("history:verify")
) -> Page[SealShown]:
    def show(row: Seal) -> SealShown:
        return SealShown.model_validate(row, from_attributes=True)

    return page(turn.session, select(Seal), asked, sorts=SORTS, default="-id", show=show)


@router.post("/verifications", summary="Compute every seal again")
def verify(
    given: SealVerification, turn: Turn = allow("history:verify", readonly=True)
) -> SealsVerified:
    found = sealing.first_broken(turn.session, given.hash)
    broken = BrokenSealShown(id=found.id, reason=found.reason) if found else None
    return SealsVerified(seals=sealing.count(turn.session), broken=broken)
