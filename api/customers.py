"""JSON: customers, whom to call there, and what they have bought."""

from typing import Annotated, Literal

from fastapi import Query
from pydantic import BaseModel, Field
from sqlmodel import col, select

from api.circuits import CircuitShown, list_circuits, show_circuit
from api.deps import Id, Turn, allow, make_router
from api.paging import Asked, Page, narrow, page, search
from records import Circuit, Contact, Customer

router = make_router("customers")
SORTS = {
    "code": (col(Customer.code),),
    "name": (col(Customer.name), col(Customer.id)),
    "grade": (col(Customer.grade), col(Customer.id)),
}

NAMES = (col(Customer.name), col(Customer.name_en), col(Customer.code))
FILTERS = {
    "grade": col(Customer.grade),
    "city": col(Customer.city),
    "industry": col(Customer.industry),
}


class CustomerShown(BaseModel):
    id: int
    code: str
    name: str
    name_en: str
    grade: str
    is_headquarters: bool
    industry: str
    city: str


class ContactShown(BaseModel):
    name: str
    role: str
    phone: str
    email: str
    language: str
    channels: list[str]


class CustomerWithCircuits(CustomerShown):
    contacts: list[ContactShown]
    circuits: list[CircuitShown]


class CustomerFilter(Asked):
    q: str | None = Field(None, max_length=100, description="Part of the name or code")
    grade: Literal["AAA", "AA", "A", "std"] | None = None
    city: str | None = Field(None, max_length=100)
    industry: str | None = Field(None, max_length=100)


@router.get("", summary="Customers, searched and filtered")
def index(
    asked: Annotated[CustomerFilter, Query()], turn: Turn = allow("customers:read")
) -> Page[CustomerShown]:
    rows = search(select(Customer), asked.q, NAMES)
    rows = narrow(rows, asked, FILTERS)
    return page(turn.session, rows, asked, sorts=SORTS, default="code", show=_show)


@router.get("/{customer_id}", summary="One customer with contacts and circuits")
def show(customer_id: Id, turn: Turn = allow("customers:read")) -> CustomerWithCircuits:
    customer = turn.find(Customer, customer_id)
    contacts = select(Contact).where(Contact.customer_id == customer_id).order_by(col(Contact.id))
    circuits = list_circuits().where(Circuit.customer_id == customer_id).order_by(Circuit.code)
    return CustomerWithCircuits(
        **_show(customer).model_dump(),
        contacts=[
            ContactShown.model_validate(row, from_attributes=True)
            for row in turn.session.exec(contacts)
        ],
        circuits=[show_circuit(*row) for row in turn.session.exec(circuits)],
    )


def _show(customer: Customer) -> CustomerShown:
    return CustomerShown.model_validate(customer, from_attributes=True)
