"""How much of everything a region has: the table of domain.md §4.4, scaled.

M is that table; S a tenth of it, L three times. XS is for tests: a town with a few rings.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

SIZES = {"XS": 0.005, "S": 0.1, "M": 1.0, "L": 3.0}
HEADQUARTERS = "HQ"  # 集团首代: key accounts, of grade AAA too
CUSTOMERS = {HEADQUARTERS: 60, "AAA": 400, "AA": 1_600, "A": 4_000, "std": 13_940}  # best first
CIRCUITS = {
    "DIA": 36_000,
    "MSTP": 19_000,
    "IP-VPN": 9_500,
    "voice": 7_200,
    "SDH": 5_500,
    "OTN": 1_400,
    "DDN": 1_400,
}
STAFF = {  # by the trades of people.py; the NOC has four shifts of 24
    "field": 900,
    "dispatcher": 72,
    "noc": 96,
    "duty": 20,
    "nsm": 220,
    "account": 500,
    "expert": 180,
    "agent": 400,
    "lead": 64,
    "head": 16,
    "province": 6,
    "director": 2,
    "group": 2,
}
VEHICLES = 85  # scarce: one for eleven people who go out
IN_EACH_CITY = ("duty", "lead", "head")  # one at least, else a ladder would skip the city


@dataclass(frozen=True)
class Plan:
    """The numbers of one size."""

    cities: int
    counties: int
    sites: int  # of the operator's: pop, metro and core
    metro_sites: int
    rooms: int  # at customers'
    aggregation: int
    metro_and_core: int
    ems: int
    sections: int  # between sites of the operator's; each room has its drop besides
    customers: dict[str, int]
    circuits: dict[str, int]
    staff: dict[str, int]
    vehicles: int


def plan(size: str) -> Plan:
    """The province keeps its 16 cities and 136 counties at every size but XS."""
    scale = SIZES[size]
    sites = _scaled(3_400, scale)
    cities = min(16, sites // 8)
    return Plan(
        cities=cities,
        counties=min(136, sites // 2),
        sites=sites,
        metro_sites=_scaled(240, scale),
        rooms=_scaled(46_000, scale),
        aggregation=_scaled(6_000, scale),
        metro_and_core=_scaled(900, scale),
        ems=_scaled(45, scale),
        sections=_scaled(30_000, scale),
        customers={grade: _scaled(n, scale) for grade, n in CUSTOMERS.items()},
        circuits={product: _scaled(n, scale) for product, n in CIRCUITS.items()},
        staff={trade: _staff(trade, n, scale, cities) for trade, n in STAFF.items()},
        vehicles=max(_scaled(VEHICLES, scale), cities),
    )


def share(total: int, weights: Sequence[float]) -> Iterator[int]:
    """Divide `total` by weight into whole numbers that add up to it."""
    # Added one by one: sum() rounds differently from Python 3.12 on.
    running, bounds = 0.0, [0.0]
    for weight in weights:
        running += weight
        bounds.append(running)
    edges = [round(total * bound / running) for bound in bounds]
    return (upper - lower for lower, upper in pairwise(edges))


def _staff(trade: str, whole: int, scale: float, cities: int) -> int:
    return max(_scaled(whole, scale), cities if trade in IN_EACH_CITY else 1)


def _scaled(whole: int, scale: float) -> int:
    return max(1, round(whole * scale))
