"""Which alarms planned work explains: those of what it lists, and those of the ways that lead
through it. A circuit's second way is not explained by work on the first. Called by
planned_works.py.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from sqlalchemy import Select, bindparam, or_, select, tuple_
from sqlmodel import Session, col

from records import Circuit, Device, Hop, PlannedWork, Section, Site

Way = tuple[int, str]  # a circuit, and which of its routes
Port = tuple[int, str]  # a device, and which of its ports; "" all of it


@dataclass
class Place:
    """Where an alarm is, as inventory has it: codes."""

    object: str
    device: str = ""
    site: str = ""
    ways: list[Way] = field(default_factory=list)  # that meet at its port


@dataclass
class Passed:
    """What one way leads through."""

    circuit: str
    objects: set[str] = field(default_factory=set)  # devices with and without the port
    sites: set[str] = field(default_factory=set)
    sections: set[str] = field(default_factory=set)


def explains(work: PlannedWork, place: Place, passed: Mapping[Way, Passed]) -> bool:
    """Whether the alarm is about what the work lists, or about a way that leads through it.

    At a port that several ways meet at, one of them is enough to darken it: what stands for another
    reason is acted on when the window is over. A whole device is lost with the last of its ways.
    """
    if place.site in work.sites or not wholes(place.object).isdisjoint(work.devices):
        return True
    if place.object in (*work.sites, *work.sections, *work.circuits):
        return True
    led = [_leads_through(passed[way], work) for way in place.ways]
    return any(led) if place.object != place.device else bool(led) and all(led)


def wholes(object: str) -> set[str]:
    """What it is a part of, and itself: "HZ-1/3/17" is of "HZ-1/3" and of "HZ-1"."""
    return set(accumulate(object.split("/"), "{}/{}".format))


def places_of(session: Session, alarms: Iterable[Any]) -> dict[int, Place]:
    """By the alarms' ids. Of an alarm: id, object, device_id."""
    alarms = list(alarms)
    ids = {alarm.device_id for alarm in alarms if alarm.device_id}
    devices = {row.id: row for row in session.execute(_DEVICES, {"ids": list(ids)})}
    ports: dict[int, Port] = {}
    places: dict[int, Place] = {}
    for alarm in alarms:
        device, (_, _, part) = devices.get(alarm.device_id), alarm.object.partition("/")
        if device is None:
            places[alarm.id] = Place(alarm.object)
            continue
        name = f"{device.code}/{part}" if part else device.code
        places[alarm.id] = Place(name, device.code, device.site)
        if (
            part or device.kind == "customer"
        ):  # any other device has thousands, and its own troubles
            ports[alarm.id] = device.id, part
    ways = _ways_at(session, set(ports.values()))
    for key, port in ports.items():
        places[key].ways = ways.get(port, [])
    return places


def passed_by(session: Session, ways: Iterable[Way]) -> dict[Way, Passed]:
    found: dict[Way, Passed] = {}
    wanted = set(ways)
    circuits = sorted({circuit for circuit, _ in wanted})
    for row in session.execute(_HOPS, {"circuits": circuits}) if circuits else ():
        way = row.circuit_id, row.route
        passed = found.setdefault(way, Passed(row.circuit))
        passed.objects |= wholes(f"{row.device}/{row.port}")
        passed.sites.add(row.site)
        passed.sections.add(row.section)
    return found


def _leads_through(passed: Passed, work: PlannedWork) -> bool:
    return (
        passed.circuit in work.circuits
        or not passed.sites.isdisjoint(work.sites)
        or not passed.sections.isdisjoint(work.sections)
        or not passed.objects.isdisjoint(work.devices)
    )


def _ways_at(session: Session, ports: set[Port]) -> dict[Port, list[Way]]:
    parts = [port for port in ports if port[1]]
    whole = [device for device, part in ports if not part]
    found: dict[Port, list[Way]] = {}
    if parts or whole:
        wanted = or_(
            tuple_(col(Hop.device_id), col(Hop.port)).in_(parts), col(Hop.device_id).in_(whole)
        )
        rows = select(col(Hop.device_id), col(Hop.port), col(Hop.circuit_id), col(Hop.route)).where(
            wanted
        )
        for device, port, *way in session.execute(rows):
            for key in {(device, port), (device, "")} & ports:
                found.setdefault(key, []).append((way[0], way[1]))
    return found


_DEVICES: Select[Any] = (
    select(col(Device.id), col(Device.code), col(Site.code).label("site"), col(Site.kind))
    .join(Site, col(Site.id) == col(Device.site_id))
    .where(col(Device.id).in_(bindparam("ids", expanding=True)))
)
_HOPS: Select[Any] = (
    select(
        *(col(Hop.circuit_id), col(Hop.route), col(Hop.port)),
        *(col(Circuit.code).label("circuit"), col(Device.code).label("device")),
        *(col(Site.code).label("site"), col(Section.code).label("section")),
    )
    .join(Circuit, col(Circuit.id) == col(Hop.circuit_id))
    .join(Device, col(Device.id) == col(Hop.device_id))
    .join(Site, col(Site.id) == col(Device.site_id))
    .outerjoin(Section, col(Section.id) == col(Hop.section_id))
    .where(col(Hop.circuit_id).in_(bindparam("circuits", expanding=True)))
)
