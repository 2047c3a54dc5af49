"""JSON: circuits, and the way each takes, hop by hop."""

from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel, Field
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from api.deps import Id, Turn, allow, make_router
from api.paging import Asked, Page, narrow, page, search
from records import Circuit, Customer, Device, Hop, Section, Site

router = make_router("circuits")
SORTS = {"code": (col(Circuit.code),), "megabits": (col(Circuit.megabits), col(Circuit.id))}
FILTERS = {
    "customer": col(Circuit.customer_id),
    "product": col(Circuit.product),
    "grade": col(Circuit.grade),
}
A, Z = aliased(Site), aliased(Site)


class SiteShown(BaseModel):
    id: int
    code: str
    name: str
    city: str
    county: str
    kind: str
    latitude: float
    longitude: float


class CircuitShown(BaseModel):
    id: int
    code: str
    customer_id: int
    customer: str
    product: str
    grade: str
    megabits: int
    is_protected: bool
    manageability: str
    a_site: str
    a_city: str
    z_site: str
    z_city: str


class DeviceShown(BaseModel):
    id: int
    code: str
    name: str
    kind: str
    vendor: str
    manageability: str
    site: SiteShown


class SectionShown(BaseModel):
    """A length of fibre, in metres."""

    id: int
    code: str
    duct: str
    metres: int
    from_site_id: int
    to_site_id: int


class HopShown(BaseModel):
    """A device on the way, and the fibre that leads on from it."""

    seq: int
    port: str
    device: DeviceShown
    section: SectionShown | None


class CircuitWithHops(CircuitShown):
    """`routes`: "main", and "backup" where it is protected; each from A to Z."""

    routes: dict[str, list[HopShown]]


class CircuitFilter(Asked):
    q: str | None = Field(None, max_length=100, description="Part of the code")
    customer: int | None = Field(None, ge=1, lt=2**63)
    product: str | None = Field(None, max_length=40)
    grade: str | None = Field(None, max_length=10)
    city: str | None = Field(None, max_length=100, description="Of the A or the Z end")
    device: int | None = Field(None, ge=1, lt=2**63, description="That it passes")
    section: int | None = Field(None, ge=1, lt=2**63, description="That it passes")


@router.get("", summary="Circuits, filtered and sorted")
def index(
    asked: Annotated[CircuitFilter, Query()], turn: Turn = allow("circuits:read")
) -> Page[CircuitShown]:
    rows = search(list_circuits(), asked.q, (col(Circuit.code),))
    rows = narrow(rows, asked, FILTERS)
    if asked.city:
        rows = rows.where((col(A.city) == asked.city) | (col(Z.city) == asked.city))
    for column, wanted in ((Hop.device_id, asked.device), (Hop.section_id, asked.section)):
        if wanted:
            rows = rows.where(col(Circuit.id).in_(select(Hop.circuit_id).where(column == wanted)))
    return page(turn.session, rows, asked, sorts=SORTS, default="code", show=show_circuit)


@router.get("/{circuit_id}", summary="One circuit, hop by hop")
def show(circuit_id: Id, turn: Turn = allow("circuits:read")) -> CircuitWithHops:
    turn.find(Circuit, circuit_id)
    row = turn.session.exec(list_circuits().where(Circuit.id == circuit_id)).one()
    routes: dict[str, list[HopShown]] = {}
    for hop, device, site, section in turn.session.exec(_hops(circuit_id)):
        routes.setdefault(hop.route, []).append(_show_hop(hop, device, site, section))
    return CircuitWithHops(**show_circuit(*row).model_dump(), routes=routes)


def list_circuits() -> Any:
    """Circuits with their customer and the sites of their two ends."""
    return (
        select(Circuit, Customer, A, Z)
        .join(Customer, col(Customer.id) == col(Circuit.customer_id))
        .join(A, col(A.id) == col(Circuit.a_site_id))
        .join(Z, col(Z.id) == col(Circuit.z_site_id))
    )


def show_circuit(circuit: Circuit, customer: Customer, a: Site, z: Site) -> CircuitShown:
    return CircuitShown(
        **circuit.model_dump(),
        customer=customer.name,
        a_site=a.name,
        a_city=a.city,
        z_site=z.name,
        z_city=z.city,
    )


def show_device(device: Device, site: Site) -> DeviceShown:
    shown = SiteShown.model_validate(site, from_attributes=True)
    return DeviceShown(**device.model_dump(), site=shown)


def _hops(circuit_id: int) -> Any:
    return (
        select(Hop, Device, Site, Section)
        .join(Device, col(Device.id) == col(Hop.device_id))
        .join(Site, col(Site.id) == col(Device.site_id))
        .join(Section, col(Section.id) == col(Hop.section_id), isouter=True)
        .where(Hop.circuit_id == circuit_id)
        .order_by(col(Hop.route), col(Hop.seq))
    )


def _show_hop(hop: Hop, device: Device, site: Site, section: Section | None) -> HopShown:
    on = SectionShown.model_validate(section, from_attributes=True) if section else None
    return HopShown(seq=hop.seq, port=hop.port, device=show_device(device, site), section=on)
