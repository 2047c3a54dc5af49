"""What could be behind an alarm: all that its circuits pass, and what is beside it.

Pure look-ups in a topology, each made once for a batch. Called by correlation.py and cuts.py.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from typing import NamedTuple

from tasks.network.topology import Topology

ON_DEVICE = ("device", "card", "port")
MOST = 8_000  # places that are kept looked up: 40 MB
_KEPT: "list[Reach]" = []
WIDE = 512  # looked at for a single alarm: one of them may be what it is about
SAMPLE = 32  # hops looked at where thousands pass: enough to know what most of them share


class Root(NamedTuple):
    """Where something is wrong. `part`: of a card or port "3/17"; of a duct or object its name."""

    kind: str  # site, device, card, duct, section, port, circuit, object
    id: int = 0
    part: str = ""


class Known:
    """Roots by where they are, to see at once which of them are on a way."""

    def __init__(self, roots: Iterable[Root] = ()) -> None:
        self.devices: dict[int, set[Root]] = {}
        self.others: dict[tuple[str, int | str], Root] = {}
        for root in roots:
            self.add(root)

    def add(self, root: Root) -> None:
        if root.kind in ON_DEVICE:
            self.devices.setdefault(root.id, set()).add(root)
        else:
            self.others[root.kind, root.id or root.part] = root

    def remove(self, root: Root) -> None:
        if root.kind in ON_DEVICE:
            self.devices[root.id].discard(root)
        else:
            self.others.pop((root.kind, root.id or root.part), None)


def reach_of(net: Topology) -> "Reach":
    """What was looked up for this topology a moment ago is known still: a storm asks again."""
    kept = _KEPT[0] if _KEPT else None
    if kept is None or kept.net is not net or kept.is_full:
        kept = Reach(net)
        _KEPT[:] = [kept]
    return kept


class Reach:
    """Shares: of the ways that lead by a place, how many (0 to 1) pass each root."""

    def __init__(self, net: Topology) -> None:
        self.net = net
        self._above: dict[Root, dict[Root, float]] = {}
        self._beside: dict[Root, dict[Root, float]] = {}
        self._ways: dict[int, frozenset[Root]] = {}
        self._at: dict[tuple[int, str], frozenset[Root]] = {}
        self._ends: dict[Root, dict[int, set[int]]] = {}

    @property
    def is_full(self) -> bool:
        return max(len(self._beside), len(self._above), len(self._ends), len(self._ways)) > MOST

    def above(self, place: Root) -> dict[Root, float]:
        """What its circuits pass from end to end: where that fails, they alarm here."""
        if place not in self._above:
            hops = self.hops(place)
            self._above[place] = _shares([self._on_way(hop) for hop in hops]) | self.within(place)
        return self._above[place]

    def beside(self, place: Root) -> dict[Root, float]:
        """What may take the light away here: itself, the fibre, the other end."""
        if place not in self._beside:
            hops = self.hops(place)
            found = _shares([self._next_to(hop, place) for hop in hops])
            self._beside[place] = found | self.within(place)
        return self._beside[place]

    def within(self, place: Root) -> dict[Root, float]:
        """Itself, and what it is a part of."""
        found = {place: 1.0}
        if place.kind in ("device", "card", "port"):
            found |= dict.fromkeys(self._inside(place.id, place.part), 1.0)
        elif place.kind == "section":
            found |= dict.fromkeys(self._fibre(place.id), 1.0)
        return found

    def met_above(self, place: Root, known: Known) -> set[Root]:
        """Which known roots its circuits pass."""
        found = self._met_within(place, known)
        for first in {self.net.way(hop)[0] for hop in self.hops(place, WIDE)}:
            way = self.net.way(first)
            if circuit := known.others.get(("circuit", self.net.circuit(first))):
                found.add(circuit)
            for hop in way:
                self._meet(hop, known, found)
                self._meet_section(self.net.section(hop), known, found)
        return found

    def met_beside(self, place: Root, known: Known) -> set[Root]:
        """Which known roots may take the light away here."""
        net, found = self.net, self._met_within(place, known)
        for hop in self.hops(place, WIDE):
            if not net.is_first(hop):
                self._meet(hop - 1, known, found)
                self._meet_section(net.section(hop - 1), known, found, ends=True)
            if not net.is_last(hop):
                self._meet(hop + 1, known, found)
                self._meet_section(net.section(hop), known, found, ends=True)
        return found

    def hops(self, place: Root, most: int = SAMPLE) -> list[int]:
        """Those of a place, or so many of them that they stand for all."""
        every = self._all_hops(place)
        return every[:: max(1, len(every) // most)]

    def sections(self, place: Root) -> dict[int, set[int]]:
        """Which sections may end at a port, with the devices at their other ends: the one that
        leads on from it, then the one that comes in there."""
        if place.kind == "section":
            return {place.id: set()}
        if place not in self._ends:
            self._ends[place] = self._find_ends(place)
        return self._ends[place]

    def circuits(self, place: Root) -> set[int]:
        return {self.net.circuit(hop) for hop in self._all_hops(place)}

    def site(self, place: Root) -> int | None:
        """Where it stands."""
        if place.kind == "site":
            return place.id
        return self.net.site(place.id) if place.kind in ("device", "card", "port") else None

    def is_customers(self, place: Root) -> bool:
        return self.net.is_customers(self.site(place))

    def _find_ends(self, place: Root) -> dict[int, set[int]]:
        net, found = self.net, dict[int, set[int]]()
        for hop in self._all_hops(place) if place.part else ():
            if not net.is_last(hop) and (on := net.section(hop)):
                found.setdefault(on, set()).add(net.device(hop + 1))
            if not net.is_first(hop) and (into := net.section(hop - 1)):
                found.setdefault(into, set()).add(net.device(hop - 1))
        return found

    def _met_within(self, place: Root, known: Known) -> set[Root]:
        found = {place}
        if place.kind in ON_DEVICE:
            self._meet_at(place.id, place.part, known, found)
        elif place.kind == "section":
            self._meet_section(place.id, known, found, ends=True)
        return found

    def _meet(self, hop: int, known: Known, found: set[Root]) -> None:
        self._meet_at(self.net.device(hop), self.net.port(hop), known, found)

    def _meet_at(self, device: int, port: str, known: Known, found: set[Root]) -> None:
        for root in known.devices.get(device, ()):
            if not root.part or f"{port}/".startswith(f"{root.part}/"):
                found.add(root)
        if site := known.others.get(("site", self.net.sites.get(device, 0))):
            found.add(site)

    def _meet_section(
        self, section: int | None, known: Known, found: set[Root], *, ends: bool = False
    ) -> None:
        at = self.net.sections.get(section) if section else None
        if at is None or section is None:
            return
        keys: list[tuple[str, int | str]] = [("section", section), ("duct", at.duct)]
        keys += [("site", at.a), ("site", at.z)] if ends else []
        found.update(known.others[key] for key in keys if key in known.others)

    def _all_hops(self, place: Root) -> list[int]:
        match place.kind:
            case "device" | "card" | "port" if place.id:
                return self.net.hops_at(place.id, place.part)
            case "section":
                return list(self.net.hops_through(place.id))
            case "circuit":
                return self.net.hops_of(place.id)
            case "site":
                here = self.net.devices_at(place.id)
                return [hop for device in here for hop in self.net.hops_at(device)]
            case _:
                return []

    def _on_way(self, hop: int) -> frozenset[Root]:
        way = self.net.way(hop)
        if way[0] not in self._ways:
            found = {Root("circuit", self.net.circuit(hop))}
            for each in way:
                found |= self._inside(self.net.device(each), self.net.port(each))
                if section := self.net.section(each):
                    found |= {Root("section", section), _duct(self.net, section)}
            self._ways[way[0]] = frozenset(found)
        return self._ways[way[0]]

    def _next_to(self, hop: int, place: Root) -> set[Root]:
        """The fibres at a port and who is at their other ends."""
        net, found, way = self.net, set[Root](), self.net.way(hop)
        if place.kind == "section":
            ends = [each for each in (hop, hop + 1) if each in way]  # it leads from one to the next
        else:
            ends = [each for each in (hop - 1, hop + 1) if each in way]
            for section in (net.section(each) for each in (hop - 1, hop) if each in way):
                found.update(self._fibre(section) if section else ())
        for each in ends:
            found |= self._inside(net.device(each), net.port(each))
        return found

    def _inside(self, device: int, part: str) -> frozenset[Root]:
        """The port, its card, its device and its site."""
        key = (device, part)
        if key not in self._at:
            self._at[key] = frozenset(_inside(self.net, device, part))
        return self._at[key]

    def _fibre(self, section: int) -> Iterator[Root]:
        yield Root("section", section)
        if section in self.net.sections:
            yield _duct(self.net, section)
            ends = self.net.sections[section]
            yield from (Root("site", site) for site in (ends.a, ends.z))


def card_of(part: str) -> str:
    """ "3" of "3/17"; "" where it is no port of a card."""
    card, slash, _ = part.partition("/")
    return card if slash or part.isdecimal() else ""


def _inside(net: Topology, device: int, part: str) -> set[Root]:
    """The port, its card, its device and its site."""
    found = {Root("device", device)}
    if "/" in part:
        found.add(Root("port", device, part))
    if site := net.site(device):
        found.add(Root("site", site))
    if card := card_of(part):
        found.add(Root("card", device, card))
    return found


def _duct(net: Topology, section: int) -> Root:
    ends = net.sections.get(section)
    return Root("duct", 0, ends.duct) if ends and ends.duct else Root("section", section)


def _shares(found: Sequence[Set[Root]]) -> dict[Root, float]:
    if len(found) == 1:
        return dict.fromkeys(found[0], 1.0)
    counted = Counter(root for one in found for root in one)
    return {root: number / len(found) for root, number in counted.items()}
