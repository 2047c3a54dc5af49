"""Storms over the seeded region, with the truth beside them: what broke, and what followed from it.

Used to score correlation (workflows/score.py) and to load the intake (tests/bench_storm.py). Made
from the topology by a fixed seed; what breaks says is in troubles.py, what comes of the messages
on their way in messages.py.
"""

from dataclasses import dataclass, field

from records.region.breakages import KINDS, Broken, Root
from records.region.dice import Dice
from records.region.terrain import Terrain
from records.region.troubles import Said

BEGINS = 60.0  # seconds until the first
APART = 420.0  # seconds between two storms, on average
LASTS = (1_200.0, 2_400.0)  # seconds until it is repaired


@dataclass(frozen=True)
class Storm:
    """Something broke. `roots`: more than one where nothing that was said tells them apart."""

    number: int
    kind: str  # one of KINDS
    roots: frozenset[Root]
    expects: str  # ticket, at risk (a ticket too), none
    begins: float  # seconds from the start
    ends: float
    said: list[Said]
    outage: frozenset[int] = frozenset()  # circuits
    at_risk: frozenset[int] = frozenset()
    flaps: int = 0  # how often it comes and goes before it ends
    shields: dict[str, list[str]] = field(default_factory=dict)  # what a planned work names


def make_storms(terrain: Terrain, count: int, *, edition: str = "") -> list[Storm]:
    """One of each kind in turn. Every third begins half a minute after the one before it.

    Another `edition` has others of the same kinds: to see whether rules fit only what they were
    made by.
    """
    dice, at, taken, storms = Dice(f"storms{edition}"), BEGINS, set[Root](), list[Storm]()
    makers = {
        kind: maker(terrain, Dice(f"storms {kind}{edition}")) for kind, maker in KINDS.items()
    }
    for number in range(count):
        kind = list(KINDS)[number % len(KINDS)]
        broken = next((one for one in makers[kind] if not one.roots & taken), None)
        if broken is None:
            continue  # the region has no more of that kind
        taken |= broken.roots
        storms.append(_put(terrain, number, kind, broken, at, dice))
        at += 30.0 if number % 3 == 1 else APART + dice.jitter(120.0)
    return storms


def _put(terrain: Terrain, number: int, kind: str, broken: Broken, at: float, dice: Dice) -> Storm:
    outage, at_risk = terrain.out(broken.ways)
    return Storm(
        number=number,
        kind=kind,
        roots=frozenset(broken.roots),
        expects=broken.expects,
        begins=at,
        ends=at + LASTS[0] + dice.below(int(LASTS[1] - LASTS[0])),
        said=broken.said,
        outage=outage,
        at_risk=at_risk,
        flaps=broken.flaps,
        shields=broken.shields,
    )
