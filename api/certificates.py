"""JSON: certificates: who may do what, at which level, until when."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import Query
from pydantic import AwareDatetime, BaseModel, Field
from sqlmodel import col, select

from api.deps import Given, Turn, allow, make_router
from api.paging import Asked, Page, narrow, page
from records import Certificate, Person
from tasks.access.people import find_person
from tasks.field import certificates

router = make_router("certificates")
SORTS = {"login": (col(Person.login), col(Certificate.skill)), "id": (col(Certificate.id),)}
FILTERS = {"skill": col(Certificate.skill), "login": col(Person.login), "city": col(Person.city)}


class CertificateShown(BaseModel):
    login: str
    name: str
    skill: str
    level: int
    number: str
    issued_at: datetime | None
    expires_at: datetime | None
    withdrawn_at: datetime | None
    is_valid: bool


class CertificateFilter(Asked):
    skill: str | None = Field(None, max_length=40)
    login: str | None = Field(None, max_length=40)
    city: str | None = Field(None, max_length=100)
    ends_before: AwareDatetime | None = None


class CertificateGiven(Given):
    level: int = 1
    number: str = Field("", max_length=100)
    issued_at: AwareDatetime | None = None
    expires_at: AwareDatetime | None = Field(None, description="None: it does not run out")


@router.get("", summary="Certificates, filtered")
def index(
    asked: Annotated[CertificateFilter, Query()], turn: Turn = allow("people:read")
) -> Page[CertificateShown]:
    rows: Any = select(Certificate, Person).join(
        Person, col(Person.id) == col(Certificate.person_id)
    )
    rows = narrow(rows, asked, FILTERS)
    if asked.ends_before:
        rows = rows.where(col(Certificate.expires_at) < asked.ends_before)

    def show(certificate: Certificate, person: Person) -> CertificateShown:
        return _show(turn, certificate, person)

    return page(turn.session, rows, asked, sorts=SORTS, default="login", show=show)


@router.put("/{login}/{skill}", summary="Note a certificate, or that it was renewed")
def grant(
    login: str, skill: str, given: CertificateGiven, turn: Turn = allow("certificates:administer")
) -> CertificateShown:
    person = find_person(turn.session, login)
    told: dict[str, Any] = {"by": turn.person, "now": turn.now}
    told |= given.model_dump()
    return _show(turn, certificates.grant(turn.session, person, skill=skill, **told), person)


@router.delete("/{login}/{skill}", summary="It counts no longer")
def withdraw(
    login: str,
    skill: str,
    reason: Annotated[str, Query(max_length=2_000)],
    turn: Turn = allow("certificates:administer"),
) -> CertificateShown:
    person = find_person(turn.session, login)
    told: dict[str, Any] = {"by": turn.person, "now": turn.now}
    return _show(
        turn, certificates.withdraw(turn.session, person, skill, reason=reason, **told), person
    )


def _show(turn: Turn, certificate: Certificate, person: Person) -> CertificateShown:
    told = certificate.model_dump(exclude={"id", "person_id"})
    ends = certificate.expires_at
    is_valid = certificate.withdrawn_at is None and (ends is None or ends > turn.now)
    return CertificateShown(login=person.login, name=person.name, is_valid=is_valid, **told)
