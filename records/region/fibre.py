"""Fibre: cables between the operator's sites, the ducts that they share, drops into rooms.

A trench joins two sites and has two ducts. An express cable lies in the trench of the ring beside
it, mostly on the side where it leads: that a second way may still share a duct with the first
is what a network assessment has to find.
"""

from itertools import combinations, pairwise
from math import sqrt

from records.circuits import Section
from records.region.dice import Dice
from records.region.network import Network, Ring, link
from records.region.places import City, Place
from records.region.rows import Rows
from records.region.sizes import Plan, share

METRES = 111_320  # to a degree of latitude; of longitude 0.87 of that, so far north
WRONG_SIDE = 0.15  # of express cables leave by the trench of the other direction
EXITS = 3  # trenches by which a city's core reaches all the other cities

Link = tuple[int, int]


class Digger:
    """Lays sections in ducts and numbers both."""

    def __init__(self, rows: Rows, cities: list[City]) -> None:
        self._rows = rows
        self._places = {
            place.id: place for city in cities for place in (*city.cores, *city.metros, *city.pops)
        }
        self._sections = 0
        self._trenches = 0
        self.ducts: set[str] = set()  # those with a cable in them

    def dig(self) -> list[str]:
        """A new trench: its two ducts."""
        self._trenches += 1
        return [f"GD-{self._trenches:06d}-{side}" for side in "AB"]

    def lay(self, site: int, other: int, duct: str, metres: int) -> int:
        self._sections += 1
        return self._rows.add(
            Section,
            code=f"GL-{self._sections:06d}",
            from_site_id=site,
            to_site_id=other,
            duct=duct,
            metres=metres,
        )

    def lay_cables(self, joined: Link, trench: list[str], count: int) -> range:
        metres = _distance(self._places[joined[0]], self._places[joined[1]])
        sections = [self.lay(*joined, trench[n % 2], metres) for n in range(count)]
        self.ducts.update(trench[:count])
        return range(sections[0], sections[-1] + 1)


def lay_network(digger: Digger, plan: Plan, network: Network) -> None:
    trenches = _plan_trenches(digger, network)
    counts = share(max(0, plan.sections - len(trenches)), [1] * len(trenches))
    for (joined, trench), more in zip(trenches.items(), counts, strict=True):
        network.cables[joined] = digger.lay_cables(joined, trench, 1 + more)


def _plan_trenches(digger: Digger, network: Network) -> dict[Link, list[str]]:
    """Which sites are joined, and by which trench."""
    dice, trenches = Dice("fibre"), dict[Link, list[str]]()
    for ring in network.rings:
        trenches |= {link(*pair): digger.dig() for pair in pairwise(ring.chain)}
        trenches |= _plan_express(dice, ring, trenches)
    for city in network.cities:
        trenches |= {
            link(metro.id, core.id): digger.dig() for metro in city.metros for core in city.cores
        }
    return trenches | _plan_planes(digger, network)


def _plan_express(dice: Dice, ring: Ring, trenches: dict[Link, list[str]]) -> dict[Link, list[str]]:
    """From each site to each head that is not beside it."""
    chain, express = ring.chain, dict[Link, list[str]]()
    for at, pop in enumerate(chain[1:-1], 1):
        for head, step in ((0, -1), (len(chain) - 1, 1)):
            if at + step != head:
                side = -step if dice.happens(WRONG_SIDE) else step
                express[link(pop, chain[head])] = trenches[link(pop, chain[at + side])]
    return express


def _plan_planes(digger: Digger, network: Network) -> dict[Link, list[str]]:
    """Cores of one plane all reach each other; each core's cables leave by a few trenches."""
    exits = {
        core.id: [digger.dig() for _ in range(EXITS)]
        for city in network.cities
        for core in city.cores
    }
    return {
        link(a.cores[plane].id, z.cores[plane].id): exits[a.cores[plane].id][z.number % EXITS]
        for a, z in combinations(network.cities, 2)
        for plane in (0, 1)
    }


def _distance(a: Place, z: Place) -> int:
    """Metres of cable: a fifth longer than the straight line."""
    north = (a.latitude - z.latitude) * METRES
    east = (a.longitude - z.longitude) * METRES * 0.87
    return int(1.2 * sqrt(north * north + east * east))
