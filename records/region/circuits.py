"""Circuits with their hops: each a way through the network from one device to the next."""

from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

from records.circuits import MANAGEABILITY, Circuit, Hop
from records.region.customers import Client
from records.region.dice import Dice
from records.region.network import Box, Network, main_way, second_way
from records.region.rooms import Builder, Room, is_leased
from records.region.rows import Rows

MEGABITS = {
    "DIA": (20, 50, 100, 200, 500, 1_000),
    "MSTP": (2, 10, 20, 50, 100),
    "IP-VPN": (4, 10, 20, 50, 100),
    "voice": (2,),
    "SDH": (2, 45, 155, 622),
    "OTN": (1_000, 10_000),
    "DDN": (2,),
}
PACKET = ("DIA", "IP-VPN")  # carried by a site's second technology
GRADES = {  # of a circuit, by its customer's
    "AAA": {"AAA": 0.3, "AA": 0.4, "A": 0.3},
    "AA": {"AA": 0.4, "A": 0.4, "std": 0.2},
    "A": {"AA": 0.05, "A": 0.45, "std": 0.5},
    "std": {"A": 0.05, "std": 0.95},
}
PROTECTED = {"AAA": 0.42, "AA": 0.22, "A": 0.1, "std": 0.03}  # of circuits of a grade; 12 % of all
TO_CAPITAL = 0.3  # of circuits with one end go on to the capital's core

FindWay = Callable[[Network, int, int], list[int]]
Step = tuple[Box, int | None]  # a device, and the section that leads on from it


class Leg(NamedTuple):
    """How a circuit leaves a room: from a device by a cable to a site of the operator's."""

    box: Box
    drop: int
    pop: int


class End(NamedTuple):
    """A customer's end of a circuit."""

    room: Room
    box: Box

    def leg(self, *, is_second: bool) -> Leg:
        if is_second:
            return Leg(self.box, self.room.second_drop, self.room.second_pop)
        return Leg(self.box, self.room.drop, self.room.pop.id)


class Line(NamedTuple):
    """A circuit from end to end."""

    number: int
    product: str
    a: End
    z: End | None  # none where the operator's network is the other end
    target: int  # the site of the operator's where it leaves for Z, or the core where it ends


class Sales:
    """Sells circuits and numbers them."""

    def __init__(self, rows: Rows, network: Network, builder: Builder) -> None:
        self._rows = rows
        self._network = network
        self._builder = builder
        self._dice = Dice("circuits")
        self.sold = 0

    def sell(self, client: Client, product: str, rooms: list[Room]) -> None:
        self.sold += 1
        line = self._choose_ends(product, rooms)
        grade = self._dice.weigh(GRADES[client.grade])
        is_protected = self._dice.happens(PROTECTED[grade])
        routes = find_routes(self._network, line, is_protected=is_protected)
        passed = {box.manageability for steps in routes.values() for box, _ in steps}
        letters = self._network.cities[line.a.room.pop.city].code
        circuit = self._rows.add(
            Circuit,
            code=f"{product.upper()}-{letters}-{self.sold:06d}",
            customer_id=client.id,
            product=product,
            grade=grade,
            megabits=self._dice.pick(MEGABITS[product]),
            a_site_id=line.a.room.site,
            z_site_id=line.z.room.site if line.z else line.target,
            is_protected=is_protected,
            manageability=min(passed, key=MANAGEABILITY.index),
        )
        for route, steps in routes.items():
            self._add_hops(circuit, route, steps)

    def _choose_ends(self, product: str, rooms: list[Room]) -> Line:
        at = self._dice.below(len(rooms))
        a = End(rooms[at], self._builder.equip(rooms[at], product))
        if not is_leased(product):
            return Line(self.sold, product, a, None, self._choose_core(a.room.pop.city))
        other = self._dice.pick(rooms)
        if other.pop.id == a.room.pop.id:
            other = rooms[at - 1 if at else 1]  # a neighbour always hangs on another site
        z = End(other, self._builder.equip(other, product))
        return Line(self.sold, product, a, z, other.pop.id)

    def _choose_core(self, city: int) -> int:
        chosen = 0 if self._dice.happens(TO_CAPITAL) else city
        return self._network.cities[chosen].cores[0].id

    def _add_hops(self, circuit: int, route: str, steps: list[Step]) -> None:
        for seq, (box, section) in enumerate(steps, 1):
            self._rows.add(
                Hop,
                circuit_id=circuit,
                route=route,
                seq=seq,
                device_id=box.id,
                port=f"{1 + (circuit + seq) % 8}/{1 + circuit % 24}",
                section_id=section,
            )


def find_routes(network: Network, line: Line, *, is_protected: bool) -> dict[str, list[Step]]:
    """The main route; and a backup, by the rooms' second cables unless one ring has both ends."""
    routes = {"main": _follow(network, line, main_way, is_second=False)}
    if is_protected:
        rings = network.ring_of[line.a.room.pop.id], network.ring_of.get(line.target)
        routes["backup"] = _follow(network, line, second_way, is_second=rings[0] is not rings[1])
    return routes


def _follow(network: Network, line: Line, find_way: FindWay, *, is_second: bool) -> list[Step]:
    start = line.a.leg(is_second=is_second)
    ends = [line.z.leg(is_second=is_second)] if line.z else []
    way = find_way(network, start.pop, ends[0].pop if ends else line.target)
    technology = int(line.product in PACKET)
    passed = [network.box(site, technology, line.number) for site in way]
    between = [network.cable(*pair, line.number) for pair in pairwise(way)]
    boxes = [start.box, *passed, *(end.box for end in ends)]
    sections = [start.drop, *between, *(end.drop for end in ends), None]
    return list(zip(boxes, sections, strict=True))
