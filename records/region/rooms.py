"""Rooms at customers': where they are, the cables that lead there, the devices in them."""

from collections.abc import Iterator
from typing import NamedTuple

from records.circuits import Site
from records.region.customers import Client
from records.region.devices import Workshop
from records.region.dice import Dice
from records.region.fibre import Digger
from records.region.network import Box, Network
from records.region.places import Place
from records.region.rows import Rows
from records.region.sizes import share

ONE_ENDED = ("DIA", "voice")  # the other end is the operator's
AWAY = {"AAA": 0.35, "AA": 0.2, "A": 0.1, "std": 0.05}  # of the rooms lie in another city
SECOND_DROP = {"AAA": 0.6, "AA": 0.3, "A": 0.05, "std": 0.0}  # of them have a cable to another site
KINDS = {  # of device for a product; a room keeps to one
    "DIA": ("ONU", "CPE"),
    "MSTP": ("MSAP",),
    "IP-VPN": ("CPE",),
    "voice": ("MSAP", "ONU"),
    "SDH": ("MSAP", "modem", "MSAP"),
    "OTN": ("CPE",),
    "DDN": ("modem",),
}
OWN_DEVICE = 0.04  # of circuits get one of their own where they could share


class Room(NamedTuple):
    """A customer's room and its cable to a site. Without a second one, that is the first."""

    site: int
    pop: Place
    drop: int
    second_pop: int
    second_drop: int


class Builder:
    """Builds rooms and what stands in them."""

    def __init__(self, rows: Rows, network: Network, workshop: Workshop, digger: Digger) -> None:
        self._rows = rows
        self._network = network
        self._workshop = workshop
        self._digger = digger
        self._dice = Dice("rooms")
        self._built = 0
        self._boxes: dict[tuple[int, str], list[Box]] = {}

    def build_rooms(self, client: Client, count: int) -> list[Room]:
        """Neighbours in the list hang on different sites, so that a line can join them."""
        rooms: list[Room] = []
        pop = client.home
        for _ in range(count):
            rooms.append(self._build_room(client, pop))
            pop = self._choose_site(client, pop)
        return rooms

    def equip(self, room: Room, product: str) -> Box:
        """A device there for one more circuit: shared, or new."""
        kinds = KINDS[product]
        kind = kinds[room.site % len(kinds)]
        boxes = self._boxes.setdefault((room.site, kind), [])
        if not boxes or self._dice.happens(OWN_DEVICE):
            letters = self._network.cities[room.pop.city].code
            name = f"{room.pop.name}-{kind}-{len(boxes) + 1:02d}"
            boxes.append(self._workshop.build(kind, room.site, letters, name))
            return boxes[-1]
        return self._dice.pick(boxes)

    def _choose_site(self, client: Client, before: Place) -> Place:
        is_away = self._dice.happens(AWAY[client.grade])
        pops = self._network.pops if is_away else self._network.cities[client.home.city].pops
        chosen = self._dice.pick(pops)
        while chosen.id == before.id:
            chosen = self._dice.pick(pops)
        return chosen

    def _build_room(self, client: Client, pop: Place) -> Room:
        self._built += 1
        city = self._network.cities[pop.city]
        site = self._rows.add(
            Site,
            code=f"{city.code}-ROOM-{self._built:06d}",
            name=f"{client.name}{pop.name}机房",
            city=city.name.zh,
            county=pop.county.name.zh,
            kind="customer",
            latitude=round(pop.latitude + self._dice.jitter(0.02), 5),
            longitude=round(pop.longitude + self._dice.jitter(0.02), 5),
        )
        drop = self._lay_drop(site, pop.id)
        second_pop = self._network.ring_of[pop.id].neighbour(pop.id)
        if second_pop == pop.id or not self._dice.happens(SECOND_DROP[client.grade]):
            return Room(site, pop, drop, pop.id, drop)
        return Room(site, pop, drop, second_pop, self._lay_drop(site, second_pop))

    def _lay_drop(self, site: int, pop: int) -> int:
        return self._digger.lay(site, pop, "", 100 + self._dice.below(2_400))


def count_rooms(clients: list[Client], total: int) -> Iterator[int]:
    """Two for whoever has a line between two ends; the rest where there are many ends."""
    ends = [[1 + is_leased(product) for product in client.products] for client in clients]
    needed = [max(of_one) for of_one in ends]
    spare = [sum(of_one) - need for of_one, need in zip(ends, needed, strict=True)]
    more = share(max(0, total - sum(needed)), spare)
    return (need + extra for need, extra in zip(needed, more, strict=True))


def is_leased(product: str) -> bool:
    """Whether both its ends are the customer's."""
    return product not in ONE_ENDED
