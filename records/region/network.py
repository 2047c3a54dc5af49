"""The operator's network as circuits see it: what stands where, what joins it, ways through it.

Each city has two cores (one for each plane of the province), metro sites that reach both, and
rings: up to four sites in a row between two different metro sites, the heads of the ring. From
each site there is also an express cable to each head: a second way avoids the sites of the first.

    core 1    core 2      core 1 reaches core 1 of every other city, core 2 every core 2
      │   ╲  ╱   │
      │    ╳     │
      │  ╱   ╲   │
    metro m  metro n      a ring: m ─ p ─ q ─ r ─ s ─ n; from q also q ─── m and q ─── n
"""

import math
from itertools import islice
from typing import NamedTuple

from records.region.places import City
from records.region.sizes import share

RING = 4  # sites at most: with more, a circuit would pass ten devices


class Box(NamedTuple):
    """A device, as far as a circuit that passes it must know."""

    id: int
    manageability: str


class Ring(NamedTuple):
    """Sites in a row, a metro site at each end."""

    chain: list[int]

    def way_to_near_head(self, pop: int) -> list[int]:
        at = self.chain.index(pop)
        if at <= len(self.chain) - 1 - at:
            return self.chain[at::-1]
        return self.chain[at:]

    def far_head(self, pop: int) -> int:
        near = self.way_to_near_head(pop)[-1]
        return self.chain[-1] if near == self.chain[0] else self.chain[0]

    def neighbour(self, pop: int) -> int:
        """The next site on the way to the far head; the site itself where that is the head."""
        step = 1 if self.far_head(pop) == self.chain[-1] else -1
        beside = self.chain[self.chain.index(pop) + step]
        return pop if beside == self.far_head(pop) else beside

    def between(self, pop: int, other: int) -> list[int]:
        start, end = self.chain.index(pop), self.chain.index(other)
        return self.chain[start : end + 1] if start < end else self.chain[end : start + 1][::-1]


class Network:
    """Rings by site, boxes by site, cables by pair of sites."""

    def __init__(self, cities: list[City]) -> None:
        self.cities = cities
        self.pops = [pop for city in cities for pop in city.pops]
        self.rings = [ring for city in cities for ring in _close_rings(city)]
        self.ring_of = {pop: ring for ring in self.rings for pop in ring.chain[1:-1]}
        self.city_of = {
            place.id: city.number for city in cities for place in [*city.cores, *city.pops]
        }
        self.boxes: dict[int, list[Box]] = {}
        self.cables: dict[tuple[int, int], range] = {}

    def box(self, site: int, technology: int, n: int) -> Box:
        """The device for the n-th circuit, of its technology where the site has one."""
        here = self.boxes[site]
        fitting = here[technology::2] or here
        return fitting[n % len(fitting)]

    def cable(self, site: int, other: int, n: int) -> int:
        """The section that the n-th circuit takes from one site to the other."""
        cables = self.cables[link(site, other)]
        return cables[n % len(cables)]


def link(site: int, other: int) -> tuple[int, int]:
    return min(site, other), max(site, other)


def main_way(network: Network, a: int, z: int) -> list[int]:
    """2 to 7 sites: round the ring to its near head, and by core 1 where the heads differ.

    `z` may be a site in a ring, or core 1 of a city, where the way then ends.
    """
    ring, other = network.ring_of[a], network.ring_of.get(z)
    if ring is other:
        return ring.between(a, z)
    up = ring.way_to_near_head(a)
    if other is None:
        return [*up, *_cores(network, a, z, 0)]
    down = other.way_to_near_head(z)[::-1]
    if network.city_of[a] != network.city_of[z]:
        down = [down[0], z]
    return _join(up, _cores(network, a, z, 0), down)


def second_way(network: Network, a: int, z: int) -> list[int]:
    """3 to 6 sites: by express cable to the far heads, and by core 2 where those differ."""
    ring, other = network.ring_of[a], network.ring_of.get(z)
    heads = ring.far_head(a), other.far_head(z) if other else z
    if ring is other:
        ends = ring.chain[0], ring.chain[-1]
        heads = ends if ring.chain.index(a) < ring.chain.index(z) else ends[::-1]
    cores = _cores(network, a, z, 1)
    return _join([a, heads[0]], cores, [heads[1], z]) if other else [a, heads[0], *cores]


def _join(up: list[int], cores: list[int], down: list[int]) -> list[int]:
    return up + down[1:] if up[-1] == down[0] else up + cores + down


def _cores(network: Network, a: int, z: int, plane: int) -> list[int]:
    """The cores of both cities; one core where it is the same city."""
    cities = dict.fromkeys((network.city_of[a], network.city_of[z]))
    return [network.cities[city].cores[plane].id for city in cities]


def _close_rings(city: City) -> list[Ring]:
    """Each ring hangs between a metro site and the next."""
    count = math.ceil(len(city.pops) / RING)
    pops, heads = iter(city.pops), city.metros
    return [
        Ring(
            [
                heads[n % len(heads)].id,
                *(pop.id for pop in islice(pops, size)),
                heads[(n + 1) % len(heads)].id,
            ]
        )
        for n, size in enumerate(share(len(city.pops), [1] * count))
    ]
