"""How likely it is that a ticket will not be restored in time, from how others went on. Pure.

Of the past tickets that stayed in the same stage for longer than this one has so far, those count
as late whose rest took longer than what remains of the limit:

    probability = (late + WEIGHT * default) / (those + WEIGHT)

The default stands in while history is thin, and fades as it grows: it takes the rest of the time to
be log-normal, such that four tickets in five keep the budgets of their stages (domain.md §2.2).
"""

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

WEIGHT = 4  # past tickets that the default counts as
ENOUGH = 20  # past tickets of the same kind; below, a wider kind is asked
FEW = 5  # below, what it usually takes is told from the default
BUDGETS = {  # stage: what may be left of the limit when it begins: 15′, 15′, 3 h and 15′ of 4 h
    "accept": 225 / 240,
    "judge": 210 / 240,
    "repair": 195 / 240,
    "restore_test": 15 / 240,
}
WHOLE = 1.0  # of a stage that has no budget
USUAL = 0.6  # half of the tickets need no more than this of the budget
USUALLY = (0.5, 0.8)
NORMAL = NormalDist()
P80 = NORMAL.inv_cdf(0.8)
KINDS = {  # of past tickets, the nearest first: Chinese and English
    "grade and domain": ("同等级、同专业", "of the same grade and specialty"),
    "grade": ("同等级", "of the same grade"),
    "all": ("所有", "of any kind"),
}


@dataclass(frozen=True)
class Passed:
    """How a past ticket went on from when it first came to a stage, in net seconds."""

    stay: float  # until it left the stage for good
    rest: float  # until the service was back
    grade: str = ""
    domains: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Odds:
    """`p50`, `p80`: in how many seconds from now half and four fifths of the tickets are done."""

    probability: float
    p50: float
    p80: float
    basis: int  # how many past tickets were still there
    kind: str  # of these: a key of KINDS


class Peers:
    """Past tickets that came to one stage, by kind, in order of how long they stayed."""

    def __init__(self, past: Iterable[Passed]) -> None:
        self.past = sorted(past, key=lambda one: one.stay)
        self.found: dict[Any, tuple[str, Sequence[Passed], Sequence[float]]] = {}

    def still(self, age: float, grade: str, domains: frozenset[str]) -> tuple[str, list[float]]:
        """The kind that was asked, and the rest of those of it that stayed for longer than that."""
        key = (grade, domains)
        if key not in self.found:
            kind, peers = self._nearest(*key)
            self.found[key] = kind, peers, [one.stay for one in peers]
        kind, peers, stays = self.found[key]
        return kind, [one.rest - age for one in peers[bisect_right(stays, age) :]]

    def _nearest(self, grade: str, domains: frozenset[str]) -> tuple[str, Sequence[Passed]]:
        """The nearest kind of which there are enough; else all."""
        same = [one for one in self.past if one.grade == grade]
        alike = [one for one in same if one.domains & domains]
        for kind, peers in (("grade and domain", alike), ("grade", same)):
            if len(peers) >= ENOUGH:
                return kind, peers
        return "all", self.past


NOBODY = Peers(())


def odds(
    peers: Peers,
    stage: str,
    age: float,
    remaining: float,
    limit: float,
    grade: str = "",
    domains: Iterable[str] = (),
) -> Odds:
    """`age`: net seconds since it first came to the stage. All are seconds."""
    kind, rests = peers.still(age, grade, frozenset(domains))
    late, default = sum(rest > remaining for rest in rests), _Default(stage, limit, age)
    probability = (late + WEIGHT * default.later_than(remaining)) / (len(rests) + WEIGHT)
    usual = _quantiles(sorted(rests)) if len(rests) >= FEW else default.quantiles()
    p50, p80 = (max(seconds, 0.0) for seconds in usual)
    return Odds(round(probability, 4), p50, p80, len(rests), kind)


class _Default:
    """Log-normal from the beginning of the stage, given that `age` has passed."""

    def __init__(self, stage: str, limit: float, age: float) -> None:
        p80 = max(BUDGETS.get(stage, WHOLE) * limit, 1.0)
        self.mean, self.spread, self.age = math.log(USUAL * p80), -math.log(USUAL) / P80, age
        self.still = self._beyond(age)

    def later_than(self, remaining: float) -> float:
        if remaining <= 0:
            return 1.0
        return self._beyond(self.age + remaining) / self.still if self.still > 1e-9 else 1.0

    def quantiles(self) -> list[float]:
        """The seconds from now on of each of USUALLY."""
        below = [min(1 - (1 - share) * self.still, 1 - 1e-9) for share in USUALLY]
        ends = [math.exp(self.mean + self.spread * NORMAL.inv_cdf(each)) for each in below]
        return [end - self.age for end in ends]

    def _beyond(self, seconds: float) -> float:
        if seconds <= 0:
            return 1.0
        return 1 - NORMAL.cdf((math.log(seconds) - self.mean) / self.spread)


def _quantiles(values: Sequence[float]) -> list[float]:
    """Of the nearest rank."""
    return [values[math.ceil(share * len(values)) - 1] for share in USUALLY]
