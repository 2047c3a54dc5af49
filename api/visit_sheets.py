"""JSON: what people are told of a visit: the explanation sheet, the customer's word, the crew card,
and the invitation as a file. What is done with visits: visits.py.
"""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field
from starlette.responses import Response

from api.deps import Given, Id, Turn, allow, make_router
from api.visit_shapes import JobShown, VisitInFull, in_full
from api.visits import take
from notifications import invitations
from records import Visit
from tasks.field import crew_cards, visit_sheets

router = make_router("visits")


class ExplanationGiven(Given):
    by_phone: bool = Field(False, description="They were called already: nothing is sent")


class ConfirmationGiven(Given):
    who: str = Field(max_length=100, description="Somebody at the customer's", examples=["王敏"])


class ContactShown(BaseModel):
    name: str
    role: str
    phone: str


class DoneShown(BaseModel):
    number: str
    at: datetime
    people: list[str]
    jobs: list[dict[str, Any]]
    note: str


class CardShown(BaseModel):
    number: str
    place: str
    latitude: float
    longitude: float
    customer: str | None
    grade: str | None
    contacts: list[ContactShown]
    starts_at: datetime
    ends_at: datetime
    confirmed_by: str
    jobs: list[JobShown]
    crew: list[str]
    before: list[DoneShown] = Field(description="Who was there before and did what, newest first")


@router.post("/{id}/explanation", summary="Send the explanation sheet with an invitation")
def explain(id: Id, given: ExplanationGiven, turn: Turn = allow("visits:plan")) -> VisitInFull:
    visit = take(turn, id)
    told: dict[str, Any] = {"by": turn.person.login, "now": turn.now}
    visit_sheets.explain(turn.session, visit, by_phone=given.by_phone, **told)
    return in_full(turn, visit)


@router.post("/{id}/confirmation", summary="The customer agrees")
def confirm(id: Id, given: ConfirmationGiven, turn: Turn = allow("tickets:open")) -> VisitInFull:
    visit = take(turn, id)
    told: dict[str, Any] = {"by": turn.person.login, "now": turn.now}
    visit_sheets.confirm(turn.session, visit, who=given.who, **told)
    return in_full(turn, visit)


@router.get("/{id}/card", summary="The crew card: all that whoever goes has to know")
def card(id: Id, turn: Turn = allow("visits:read")) -> CardShown:
    card = crew_cards.card_of(turn.session, turn.find(Visit, id))
    site, visit = card.site, card.visit
    return CardShown(
        number=visit.number,
        place=f"{site.city}{site.county} {site.name}",
        latitude=site.latitude,
        longitude=site.longitude,
        customer=card.customer.name if card.customer else None,
        grade=card.customer.grade if card.customer else None,
        contacts=[ContactShown.model_validate(c, from_attributes=True) for c in card.contacts],
        starts_at=visit.starts_at,
        ends_at=visit.ends_at,
        confirmed_by=visit.confirmed_by,
        jobs=[JobShown.model_validate(job, from_attributes=True) for job in card.jobs],
        crew=[person.name for person in card.crew.people],
        before=[DoneShown.model_validate(each, from_attributes=True) for each in card.before],
    )


@router.get("/{id}/invitation", summary="For a calendar: an .ics file")
def invite(id: Id, turn: Turn = allow("visits:read")) -> Response:
    visit = turn.find(Visit, id)
    told = visit_sheets.invitation_of(turn.session, visit)
    title = f"{visit.number} {told['place']}"
    said: dict[str, Any] = {"title": title, "text": title, "at": turn.now}
    to = turn.person.email or f"{turn.person.login}@baton.invalid"
    file = invitations.write(told, **said, to=to)
    headers = {"Content-Disposition": f'attachment; filename="visit-{visit.id}.ics"'}
    return Response(file, media_type="text/calendar", headers=headers)
