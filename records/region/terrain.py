"""The region as it is, in memory: who passes what. Read from the database by storms.py, which makes
trouble in it. Correlation has its own picture (tasks/network/topology.py), not this one.
"""

from collections import defaultdict
from typing import NamedTuple

from sqlalchemy import select
from sqlmodel import Session, col

from records.circuits import Circuit, Device, Hop, Section, Site

Way = tuple[int, str]  # a circuit, and which of its routes


class Step(NamedTuple):
    """A device that a way passes, by which port, and the section that leads on."""

    device: int
    port: str
    section: int | None


class Box(NamedTuple):
    code: str
    site: int
    kind: str
    is_silent: bool  # nobody manages it: it says nothing


class Cable(NamedTuple):
    code: str
    duct: str


class Place(NamedTuple):
    code: str
    kind: str


class Sold(NamedTuple):
    """A circuit."""

    code: str
    product: str
    customer: int
    grade: str


class Terrain:
    """Ways, and for each device and section those that pass it, with the place in the way."""

    def __init__(self, session: Session) -> None:
        self.sites = {
            row.id: Place(row.code, row.kind)
            for row in session.execute(select(col(Site.id), col(Site.code), col(Site.kind)))
        }
        self.boxes = {row.id: _box(row) for row in session.execute(_DEVICES)}
        self.cables = {row.id: Cable(row.code, row.duct) for row in session.execute(_SECTIONS)}
        self.sold = {
            row.id: Sold(row.code, row.product, row.customer_id, row.grade)
            for row in session.execute(_CIRCUITS)
        }
        self.ways: dict[Way, list[Step]] = defaultdict(list)
        for circuit, route, device, port, section in session.execute(_HOPS):
            self.ways[circuit, route].append(Step(device, port, section))
        self.by_device: dict[int, list[tuple[Way, int]]] = defaultdict(list)
        self.by_section: dict[int, list[tuple[Way, int]]] = defaultdict(list)
        for way, steps in self.ways.items():
            for at, step in enumerate(steps):
                self.by_device[step.device].append((way, at))
                if step.section:
                    self.by_section[step.section].append((way, at))

    def object(self, step: Step) -> str:
        return f"{self.boxes[step.device].code}/{step.port}"

    def is_customers(self, device: int) -> bool:
        return self.sites[self.boxes[device].site].kind == "customer"

    def devices_at(self, site: int) -> list[int]:
        return [key for key, box in self.boxes.items() if box.site == site and box.kind != "EMS"]

    def out(self, cut: set[Way]) -> tuple[frozenset[int], frozenset[int]]:
        """Circuits with no way left, and those on their second one, where these ways are cut."""
        circuits = {circuit for circuit, _ in cut}
        lost = {
            circuit
            for circuit in circuits
            if all(
                (circuit, route) in cut or (circuit, route) not in self.ways
                for route in ("main", "backup")
            )
        }
        return frozenset(lost), frozenset(circuits - lost)


def _box(row: object) -> Box:
    key: tuple[str, int, str, str] = row.code, row.site_id, row.kind, row.manageability  # type: ignore[attr-defined]
    return Box(*key[:3], is_silent=key[3] == "none")


_DEVICES = select(
    *(col(getattr(Device, name)) for name in ("id", "code", "site_id", "kind", "manageability"))
)
_SECTIONS = select(col(Section.id), col(Section.code), col(Section.duct))
_CIRCUITS = select(
    *(col(getattr(Circuit, name)) for name in ("id", "code", "product", "customer_id", "grade"))
)
_HOPS = select(
    col(Hop.circuit_id), col(Hop.route), col(Hop.device_id), col(Hop.port), col(Hop.section_id)
).order_by(col(Hop.circuit_id), col(Hop.route).desc(), col(Hop.seq))
