"""What may break, kind by kind: an endless choice of each, from the topology, with its root.

storms.py takes from these and puts them in time; what then is said is in troubles.py.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from records.region.dice import Dice
from records.region.terrain import Terrain, Way
from records.region.troubles import Said, cut, die, say

Root = tuple[str, str]  # kind and code: ("section", "GL-000017"), ("card", "LH-HZ-AGG-000003/2")

LEAST = 3  # ways that pass what breaks, else nobody would notice
BATTERY = 20.0  # seconds: it was old


@dataclass
class Broken:
    """What a trouble does, wherever it is put in time."""

    roots: set[Root]
    said: list[Said]
    ways: set[Way] = field(default_factory=set)
    expects: str = "ticket"
    flaps: int = 0
    shields: dict[str, list[str]] = field(default_factory=dict)


def cut_cables(terrain: Terrain, dice: Dice) -> Iterator[Broken]:
    """One section between two sites of the operator's."""
    for section in dice.mix(_carrying(terrain, between_sites=True)):
        ways, said = cut(terrain, [section], dice)
        if terrain.out(ways)[0]:
            yield Broken({("section", terrain.cables[section].code)}, said, ways)


def cut_ducts(terrain: Terrain, dice: Dice) -> Iterator[Broken]:
    """All the sections of a duct, of which several carry something."""
    ducts: dict[str, list[int]] = {}
    for section in _carrying(terrain, between_sites=True):
        ducts.setdefault(terrain.cables[section].duct, []).append(section)
    for duct in dice.mix(sorted(name for name, cables in ducts.items() if len(cables) > 1)):
        ways, said = cut(terrain, ducts[duct], dice)
        yield Broken({("duct", duct)}, said, ways)


def darken_sites(terrain: Terrain, dice: Dice) -> Iterator[Broken]:
    """Mains fail, the batteries do not hold; what stood there does not answer."""
    for site in dice.mix(_sites(terrain)):
        devices = terrain.devices_at(site)
        ways, said = die(terrain, (at for one in devices for at in terrain.by_device[one]), dice)
        later = [one._replace(after=one.after + BATTERY) for one in said]
        loud = [one for one in devices if not terrain.boxes[one].is_silent]
        for device in loud:
            after = dice.below(3_000) / 1_000
            later.append(say(terrain, device, "", "powerProblem", "critical", after))
            later.append(say(terrain, device, "", "batteryDischarging", "major", after + 4))
            later.append(say(terrain, device, "", "unreachable", "critical", BATTERY + 40 + after))
        if loud:
            yield Broken({("site", terrain.sites[site].code)}, later, ways)


def break_cards(terrain: Terrain, dice: Dice) -> Iterator[Broken]:
    """One card of a device; its other cards go on."""
    for device in dice.mix(_loaded(terrain)):
        slots = {terrain.ways[way][at].port.split("/")[0] for way, at in terrain.by_device[device]}
        slot = dice.pick(sorted(slots))
        places = _passing(terrain, device, slot)
        ways, said = die(terrain, places, dice)
        own = say(terrain, device, slot, "equipmentMalfunction", "critical", 0.0)
        if len(places) >= LEAST and terrain.out(ways)[0]:
            yield Broken({("card", own.object)}, [own, *said], ways)


def flap(terrain: Terrain, dice: Dice) -> Iterator[Broken]:
    """A port that comes and goes: one ticket, however often."""
    for device in dice.mix(_loaded(terrain)):
        way, at = dice.pick(terrain.by_device[device])
        port = terrain.ways[way][at].port
        own = say(terrain, device, port, "linkDown", "major", 0.0)
        ways = {one for one, _ in _passing(terrain, device, port)}
        yield Broken({("port", own.object)}, [own], ways, flaps=8 + dice.below(10))


def switch_over(terrain: Terrain, dice: Dice) -> Iterator[Broken]:
    """A section whose circuits all have another way: nobody is out, some are at risk."""
    for section in dice.mix(_carrying(terrain, between_sites=True, least=1)):
        ways, said = cut(terrain, [section], dice)
        if not terrain.out(ways)[0] and len(said) > 1:
            root = "section", terrain.cables[section].code
            yield Broken({root}, said, ways, expects="at risk")


def lose_unmanaged(terrain: Terrain, dice: Dice) -> Iterator[Broken]:
    """A device that says nothing ever: only its neighbours and customers' sessions tell."""
    silent = [key for key, box in terrain.boxes.items() if box.is_silent]
    for device in dice.mix([key for key in silent if len(terrain.by_device[key]) >= 2]):
        ways, said = die(terrain, terrain.by_device[device], dice)
        if said and terrain.out(ways)[0]:
            yield Broken(_same(terrain, device), said, ways)


def work_as_planned(terrain: Terrain, dice: Dice) -> Iterator[Broken]:
    """A cable is opened within the window that was planned for it: no ticket."""
    for broken in cut_cables(terrain, dice):
        hit = sorted({circuit for circuit, _ in broken.ways})
        sections = [code for _, code in broken.roots]
        broken.shields = {"sections": sections, "circuits": [terrain.sold[one].code for one in hit]}
        broken.expects = "none"
        yield broken


def break_ports(terrain: Terrain, dice: Dice) -> Iterator[Broken]:
    """One port, and the one circuit on it or the few."""
    for device in dice.mix(_loaded(terrain)):
        way, at = dice.pick(terrain.by_device[device])
        port = terrain.ways[way][at].port
        ways, said = die(terrain, _passing(terrain, device, port), dice)
        own = say(terrain, device, port, "transmitterFailure", "critical", 0.0)
        if terrain.out(ways)[0]:
            yield Broken({("port", own.object)}, [own, *said], ways)


def _same(terrain: Terrain, device: int) -> set[Root]:
    """What the same ways pass as this device, all of them and no others: it, its site, a drop."""
    mine = {way for way, _ in terrain.by_device[device]}
    box = terrain.boxes[device]
    roots = {("device", box.code)}
    at_site = {way for other in terrain.devices_at(box.site) for way, _ in terrain.by_device[other]}
    if at_site == mine:
        roots.add(("site", terrain.sites[box.site].code))
    beside = {
        step.section
        for way, at in terrain.by_device[device]
        for step in terrain.ways[way][max(at - 1, 0) : at + 1]
        if step.section
    }
    return roots | {
        ("section", terrain.cables[one].code)
        for one in beside
        if _ways_through(terrain, one) == mine
    }


def _passing(terrain: Terrain, device: int, part: str) -> list[tuple[Way, int]]:
    """Of a port ("3/17") or of a card ("3")."""
    return [
        (way, at)
        for way, at in terrain.by_device[device]
        if f"{terrain.ways[way][at].port}/".startswith(f"{part}/")
    ]


def _ways_through(terrain: Terrain, section: int) -> set[Way]:
    return {way for way, _ in terrain.by_section[section]}


def _carrying(terrain: Terrain, *, between_sites: bool, least: int = LEAST) -> list[int]:
    """Sections with enough in them, by number; those that end at a customer's left out."""
    return sorted(
        section
        for section, ways in terrain.by_section.items()
        if len(ways) >= least and not (between_sites and _is_drop(terrain, section))
    )


def _is_drop(terrain: Terrain, section: int) -> bool:
    way, at = terrain.by_section[section][0]
    return any(terrain.is_customers(step.device) for step in terrain.ways[way][at : at + 2])


def _loaded(terrain: Terrain) -> list[int]:
    """Devices at the operator's own sites that carry enough, and can say so."""
    return sorted(
        key
        for key, ways in terrain.by_device.items()
        if len(ways) >= LEAST and not terrain.is_customers(key) and not terrain.boxes[key].is_silent
    )


def _sites(terrain: Terrain) -> list[int]:
    """Sites in rings with something on them: a core's power has its own storms."""
    own = {terrain.boxes[key].site for key in _loaded(terrain)}
    return sorted(site for site in own if terrain.sites[site].kind == "pop")


def build_unrecorded(terrain: Terrain, dice: Dice) -> Iterator[Broken]:
    """Something that inventory does not know says that it is down."""
    while True:
        name = f"LH-NEW-{dice.below(1_000_000):06d}"
        yield Broken({("object", name)}, [Said(name, "lossOfSignal", "critical", 0.0)])


KINDS: dict[str, Callable[[Terrain, Dice], Iterator[Broken]]] = {
    "cable cut": cut_cables,
    "site power": darken_sites,
    "card failure": break_cards,
    "duct cut": cut_ducts,
    "flapping port": flap,
    "protected switch": switch_over,
    "unmanaged gear": lose_unmanaged,
    "planned work": work_as_planned,
    "port failure": break_ports,
    "unknown gear": build_unrecorded,
}
