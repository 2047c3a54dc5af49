"""The operator's own devices, and how well each kind can be managed from afar."""

from collections.abc import Sequence

from records.circuits import Device
from records.region.dice import Dice
from records.region.network import Box, Network
from records.region.places import City, Place
from records.region.rows import Rows
from records.region.sizes import Plan, share

VENDORS = ("Starbridge", "Tidewater", "Kestrel")  # invented
TECHNOLOGIES = ("MSTP", "IPRAN")  # of the first, the second, the third … device of a site
LETTERS = {"aggregation": "AGG", "metro": "MET", "core": "CORE", "EMS": "EMS", "modem": "MDM"}
ALL_FULL = {"full": 1.0}
# With the devices that rooms.py puts at customers': 71 % full, 21 % partial, 8 % none.
MANAGED = {
    "aggregation": {"full": 0.9, "partial": 0.095, "none": 0.005},
    "metro": ALL_FULL,
    "core": ALL_FULL,
    "EMS": ALL_FULL,
    "CPE": {"full": 0.746, "partial": 0.239, "none": 0.015},
    "MSAP": {"full": 0.746, "partial": 0.239, "none": 0.015},
    "ONU": {"full": 0.746, "partial": 0.239, "none": 0.015},
    "modem": {"none": 1.0},  # of the first generation: nothing to ask
}


class Workshop:
    """Builds devices and numbers them."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._dice = Dice("devices")
        self._built = dict.fromkeys(MANAGED, 0)

    def build(self, kind: str, site: int, letters: str, name: str) -> Box:
        self._built[kind] += 1
        manageability = self._dice.weigh(MANAGED[kind])
        device = self._rows.add(
            Device,
            code=f"LH-{letters}-{LETTERS.get(kind, kind)}-{self._built[kind]:06d}",
            name=name,
            site_id=site,
            kind=kind,
            vendor=self._dice.pick(VENDORS),
            manageability=manageability,
        )
        return Box(device, manageability)


def place_devices(workshop: Workshop, plan: Plan, network: Network) -> None:
    cores = [(city, core) for city in network.cities for core in city.cores]
    metros = [(city, metro) for city in network.cities for metro in city.metros]
    pops = [(city, pop) for city in network.cities for pop in city.pops]
    _fill(workshop, network, "aggregation", pops, plan.aggregation)
    _fill(workshop, network, "metro", metros, plan.metro_and_core - len(cores))
    _fill(workshop, network, "core", cores, len(cores))
    for n in range(plan.ems):
        city, core = cores[n * len(cores) // plan.ems]
        workshop.build("EMS", core.id, city.code, f"{city.name.zh}网管{n + 1}")


def _fill(
    workshop: Workshop,
    network: Network,
    kind: str,
    sites: Sequence[tuple[City, Place]],
    count: int,
) -> None:
    """`count` devices over the sites, at least one in each."""
    spare = share(max(0, count - len(sites)), [1] * len(sites))
    for (city, place), more in zip(sites, spare, strict=True):
        network.boxes[place.id] = [
            workshop.build(
                kind, place.id, city.code, f"{place.name}-{TECHNOLOGIES[n % 2]}-{n + 1:02d}"
            )
            for n in range(1 + more)
        ]
