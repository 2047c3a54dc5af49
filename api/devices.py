"""JSON: network elements, and where they stand."""

from typing import Annotated, Literal

from fastapi import Query
from pydantic import Field
from sqlmodel import col, select

from api.circuits import DeviceShown, show_device
from api.deps import Id, Turn, allow, make_router
from api.paging import Asked, Page, narrow, page, search
from records import Device, Site

router = make_router("devices")
SORTS = {"code": (col(Device.code),), "name": (col(Device.name), col(Device.id))}

FILTERS = {
    "city": col(Site.city),
    "site": col(Device.site_id),
    "kind": col(Device.kind),
    "manageability": col(Device.manageability),
}


class DeviceFilter(Asked):
    q: str | None = Field(None, max_length=100, description="Part of the name or code")
    city: str | None = Field(None, max_length=100)
    site: int | None = Field(None, ge=1, lt=2**63)
    kind: str | None = Field(None, max_length=40)
    manageability: Literal["none", "partial", "full"] | None = None


@router.get("", summary="Devices, filtered and sorted")
def index(
    asked: Annotated[DeviceFilter, Query()], turn: Turn = allow("circuits:read")
) -> Page[DeviceShown]:
    rows = search(select(Device, Site).join(Site), asked.q, (col(Device.name), col(Device.code)))
    rows = narrow(rows, asked, FILTERS)
    return page(turn.session, rows, asked, sorts=SORTS, default="code", show=show_device)


@router.get("/{device_id}", summary="One device. What passes it: /api/circuits?device=…")
def show(device_id: Id, turn: Turn = allow("circuits:read")) -> DeviceShown:
    device = turn.find(Device, device_id)
    return show_device(device, turn.session.get_one(Site, device.site_id))
