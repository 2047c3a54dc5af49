"""JSON: what a customer is promised about a ticket: how it goes, and a limit that is put off."""

from datetime import datetime
from typing import Any

from pydantic import AwareDatetime, BaseModel, Field

from api.deps import Given, Id, Turn, allow, make_router
from api.once import once
from api.problems import answer, tell
from api.tickets import take
from tasks.faults import promises
from tasks.refusals import NotAllowed

router = make_router("tickets")


class Progress(Given):
    words: str = Field(min_length=1, max_length=4_000, examples=["已定位到东街至城北段光缆"])
    expected_at: AwareDatetime | None = Field(None, description="When it should be back")
    by_phone: bool = Field(False, description="The customer was called: nothing is to be sent")


class ProgressShown(BaseModel):
    notices: int = Field(description="How many are on their way")
    expected_at: datetime | None


class Postponement(Given):
    reason: str = Field(min_length=1, max_length=4_000, examples=["客户同意改到早上施工"])
    until: AwareDatetime | None = Field(None, description="Or `minutes`: one of the two")
    minutes: int | None = Field(None, examples=[60])


class PostponementShown(BaseModel):
    is_granted: bool
    due_at: datetime | None = Field(description="The limit now; null while the clock is stopped")
    zh: str
    en: str


@router.post("/{id}/progress", status_code=201)
def tell_progress(id: Id, given: Progress, turn: Turn = allow("tickets:open")) -> ProgressShown:
    """进展通报: how it goes, to each contact of the customer, and of the tickets merged into it."""
    ticket, by = take(turn, id), turn.person.login

    def make() -> ProgressShown:
        told = given.model_dump()
        queued = promises.tell_progress(turn.session, ticket, by=by, now=turn.now, **told)
        return ProgressShown(notices=queued, expected_at=ticket.expected_at)

    return once(turn, make)


@router.post("/{id}/postponements", status_code=201, response_model=PostponementShown)
def postpone(id: Id, given: Postponement, turn: Turn = allow("tickets:postpone")) -> Any:
    """延期: only before the limit. Asking later is refused, and kept as a breach of its own."""
    ticket = take(turn, id)

    def make() -> PostponementShown:
        told = given.model_dump()
        refusal = promises.postpone(turn.session, ticket, by=turn.person, now=turn.now, **told)
        due = promises.due_at(turn.session, ticket, turn.now)
        said = (refusal.zh, refusal.en) if refusal else ("已延期", "It is put off")
        return PostponementShown(is_granted=not refusal, due_at=due, zh=said[0], en=said[1])

    shown = PostponementShown.model_validate(once(turn, make), from_attributes=True)
    if shown.is_granted:
        return shown
    # Answered and not raised, so that what was recorded of it stays.
    return answer(turn.request, 409, tell(NotAllowed(shown.zh, shown.en)))
