"""The network as correlation sees it: which ways lead by a port, and what lies on them.

Kept in each process and read again where inventory has changed. Called by alarm_groups.py;
correlation.py only looks things up in it.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, func
from sqlmodel import Session, col, select

from records import Device, Hop, Section, Site, inventory

ASK = timedelta(seconds=5)  # how often it is asked whether inventory has changed
REST = timedelta(minutes=1)  # between two readings: an import of a day's work changes it all along
CHUNK = 20_000  # rows fetched at once: a million of them never stand in memory together
PORT_BITS = 20  # names of ports are numbered; so many bits of a key are for that
MOST_PORTS = 1 << PORT_BITS
_KEPT: "WeakKeyDictionary[Engine, Kept]" = WeakKeyDictionary()


class Way(NamedTuple):
    """One row of inventory: a device that a circuit passes, and the section that leads on."""

    circuit: int
    route: str
    device: int
    port: str
    section: int | None


class Ends(NamedTuple):
    """Of a section: the sites that it joins, and its duct."""

    a: int
    z: int
    duct: str


class Kept(NamedTuple):
    topology: "Topology"
    mark: tuple[Any, ...]  # of the inventory that it was read from
    read_at: datetime
    asked_at: datetime


def of(session: Session, *, now: datetime) -> "Topology":
    """That of the session's database, as inventory is now, or was a moment ago; a minute ago where
    it keeps changing."""
    engine = session.connection().engine
    kept = _KEPT.get(engine)
    if kept and abs(now - kept.asked_at) < ASK:
        return kept.topology
    mark = _mark(session)  # first: what is changed meanwhile is read again, not missed
    if kept and (kept.mark == mark or abs(now - kept.read_at) < REST):
        _KEPT[engine] = kept._replace(asked_at=now)
        return kept.topology
    _KEPT[engine] = Kept(read(session), mark, now, now)
    return _KEPT[engine].topology


def read(session: Session) -> "Topology":
    """All of it: 0.6 million hops take 2 s and 40 MB."""
    customers = set(session.execute(select(Site.id).where(Site.kind == "customer")).scalars())
    boxes = session.execute(select(Device.id, Device.site_id, Device.manageability)).all()
    devices = {key: site for key, site, _ in boxes}
    silent = (key for key, _, manageability in boxes if manageability == "none")
    rows = session.execute(
        select(Section.id, Section.from_site_id, Section.to_site_id, Section.duct)
    )
    ducts: dict[str, str] = {}
    sections = {key: Ends(a, z, ducts.setdefault(duct, duct)) for key, a, z, duct in rows}
    return Topology(devices, sections, _ways(session), customers, silent)


class Topology:
    """Hops stand in flat arrays, those of one way (a circuit's route) one after the other.

    A hop is named by its place in them. `hops_at` and its like give places.
    """

    def __init__(
        self,
        sites: dict[int, int],
        sections: dict[int, Ends],
        ways: Iterable[Way],
        customers: Iterable[int] = (),
        silent: Iterable[int] = (),
    ) -> None:
        """`customers`: sites; `silent`: devices that nobody manages, which never say anything."""
        self.sites, self.sections = sites, sections
        self.customers, self.silent = frozenset(customers), frozenset(silent)
        self._ports: list[str] = []
        self._device, self._section = array("q"), array("q")
        self._port, self._begins, self._circuit = array("I"), array("I"), array("q")
        self._fill(ways)
        self._meant: dict[str, tuple[int, ...]] = {}
        ports = zip(self._device, self._port, strict=True)
        self._by_port, self._ports_in_order = _sorted(
            array("q", (device << PORT_BITS | port for device, port in ports))
        )
        self._by_section, self._sections = _sorted(self._section)

    def site(self, device: int | None) -> int | None:
        return self.sites.get(device) if device else None

    def is_customers(self, site: int | None) -> bool:
        return site in self.customers

    def devices_at(self, site: int) -> Sequence[int]:
        return self._devices_by_site.get(site, ())

    def hops_at(self, device: int | None, part: str = "") -> list[int]:
        """Those of a device, of a card of it ("3") or of a port ("3/17").

        Where inventory has no ports of the device, any part may be meant by them.
        """
        if device is None:
            return []
        first = device << PORT_BITS
        if not part:
            return list(_between(self._by_port, self._ports_in_order, first, first + MOST_PORTS))
        return [
            hop
            for number in self._parts(part)
            for hop in _between(self._by_port, self._ports_in_order, first + number)
        ]

    def has_ports(self, device: int) -> bool:
        """Whether inventory says by which port circuits pass it."""
        return any(map(self.port, self.hops_at(device)))

    def hops_through(self, section: int) -> Sequence[int]:
        return _between(self._by_section, self._sections, section)

    def hops_of(self, circuit: int) -> list[int]:
        first, last = bisect_left(self._circuit, circuit), bisect_right(self._circuit, circuit)
        return list(range(self._begins[first], self._begins[last])) if first < last else []

    def load(self, section: int) -> int:
        """How many ways go through it."""
        return len(self.hops_through(section))

    def circuit(self, hop: int) -> int:
        return self._circuit[self._way_no(hop)]

    def way(self, hop: int) -> range:
        """All the hops of its way."""
        number = self._way_no(hop)
        return range(self._begins[number], self._begins[number + 1])

    def device(self, hop: int) -> int:
        return self._device[hop]

    def port(self, hop: int) -> str:
        return self._ports[self._port[hop]]

    def section(self, hop: int) -> int | None:
        return self._section[hop] or None

    def is_first(self, hop: int) -> bool:
        """Of its way."""
        return bool(self._starts[hop])

    def is_last(self, hop: int) -> bool:
        return bool(self._starts[hop + 1])

    @cached_property
    def _devices_by_site(self) -> dict[int, list[int]]:
        found: dict[int, list[int]] = {}
        for device, site in self.sites.items():
            found.setdefault(site, []).append(device)
        return found

    def _parts(self, part: str) -> tuple[int, ...]:
        """Numbers of the ports that a part may mean."""
        if part not in self._meant:
            self._meant[part] = tuple(
                number
                for number, port in enumerate(self._ports)
                if not port or port == part or port.startswith(f"{part}/")
            )
        return self._meant[part]

    def _way_no(self, hop: int) -> int:
        return bisect_right(self._begins, hop) - 1

    def _fill(self, ways: Iterable[Way]) -> None:
        numbers: dict[str, int] = {}
        before: tuple[int, str] | None = None
        for circuit, route, device, port, section in ways:
            if (circuit, route) != before:
                before = (circuit, route)
                self._begins.append(len(self._device))
                self._circuit.append(circuit)
            self._device.append(device)
            self._section.append(section or 0)
            self._port.append(numbers.setdefault(port, len(numbers)))
        self._begins.append(len(self._device))
        self._starts = bytearray(len(self._device) + 1)
        for begin in self._begins:
            self._starts[begin] = 1
        self._ports = list(numbers)


def _ways(session: Session) -> Iterator[Way]:
    names = (Hop.circuit_id, Hop.route, Hop.device_id, Hop.port, Hop.section_id)
    rows = select(*names).order_by(col(Hop.circuit_id), col(Hop.route), col(Hop.seq))  # type: ignore[call-overload]
    found = session.connection().execute(rows.execution_options(yield_per=CHUNK))
    for chunk in found.partitions():
        yield from map(Way._make, chunk)


def _sorted(of: "array[int]") -> tuple["array[int]", "array[int]"]:
    """The places of an array in order of what stands there, and what stands there in that order."""
    order = array("I", sorted(range(len(of)), key=of.__getitem__))
    return order, array("q", (of[place] for place in order))


def _between(
    order: "array[int]", values: "array[int]", first: int, after: int | None = None
) -> Sequence[int]:
    """The places where `first` stands, or what lies between that and `after`."""
    end = bisect_right(values, first) if after is None else bisect_left(values, after)
    return order[bisect_left(values, first) : end]


def _mark(session: Session) -> tuple[Any, ...]:
    """Differs where anything has changed; a region that was copied in has new keys only."""
    last = [session.execute(select(func.max(col(t.id)))).scalar() for t in (Site, Device, Hop)]
    return (inventory.version(session), *last)
