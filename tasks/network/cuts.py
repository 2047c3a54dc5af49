"""Which sections the lost signals are of: the fewest that explain them, both ends before one.

A port may stand for several sections, as inventory names it by circuit: the section that explains
most of what is told is meant. Pure. Called by correlation.py.
"""

import heapq
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from tasks.network.reach import Reach, Root

UNSURE = 4  # where one port may stand for more sections than that, none is named
BOTH, SILENT, DOUBTFUL = 2, 1, 0  # ends: both tell; the other one cannot; the other one does not
Score = tuple[float, ...]


@dataclass
class Cut:
    """A section, and the places where its light may be missing."""

    section: int
    places: set[Root] = field(default_factory=set)  # that no other section explains
    sites: set[int] = field(default_factory=set)  # where any of them tell
    beyond: set[int] = field(default_factory=set)  # the devices at the other ends

    def ends(self, reach: Reach) -> int:
        ends = reach.net.sections.get(self.section)
        if ends is not None and {ends.a, ends.z} <= self.sites:
            return BOTH
        return SILENT if self.beyond <= reach.net.silent else DOUBTFUL

    def score(self, reach: Reach, known: Callable[[int], bool]) -> Score:
        """Higher is likelier: known to be cut, both ends, how much it explains, how special."""
        load, told = reach.net.load(self.section) or 1, len(self.places)
        is_known = known(self.section)
        return (is_known, self.ends(reach), told, min(1.0, told / load))


def find_cuts(
    places: Iterable[Root],
    reach: Reach,
    known: Callable[[int], bool] = lambda section: False,
    *,
    both_ends: bool = False,
) -> dict[Root, Root]:
    """For each place the section that it tells of; a place that tells of none is left out.

    `known`: whether a section is known to be cut. With `both_ends` only sections are found of which
    both ends tell.
    """
    cuts = _gather(places, reach)
    heap = [(_order(cut.score(reach, known)), key) for key, cut in cuts.items()]
    heapq.heapify(heap)
    found: dict[Root, Root] = {}
    while heap:
        order, key = heapq.heappop(heap)
        cut = cuts[key]
        cut.places -= found.keys()
        score = cut.score(reach, known)
        if not cut.places or (both_ends and cut.ends(reach) < BOTH):
            continue
        elif _order(score) != order:
            heapq.heappush(heap, (_order(score), key))
        elif not _is_unsure(cut, score, reach):
            found |= dict.fromkeys(cut.places, Root("section", key))
    return found


def _gather(places: Iterable[Root], reach: Reach) -> Mapping[int, Cut]:
    cuts: dict[int, Cut] = {}
    for place in sorted(set(places)):
        for section, beyond in reach.sections(place).items():
            cut = cuts.setdefault(section, Cut(section))
            cut.places.add(place)
            cut.sites |= _sites(place, reach)
            cut.beyond |= beyond
    return cuts


def _sites(place: Root, reach: Reach) -> set[int]:
    if place.kind == "section":  # told of the fibre itself: both ends have it
        ends = reach.net.sections.get(place.id)
        return {ends.a, ends.z} if ends else set()
    site = reach.site(place)
    return {site} if site else set()


def _is_unsure(cut: Cut, score: Score, reach: Reach) -> bool:
    """One end alone, where the port may stand for many sections."""
    is_alone = len(cut.places) == 1 and not score[0] and score[1] < BOTH
    return is_alone and all(len(reach.sections(place)) > UNSURE for place in cut.places)


def _order(score: Score) -> Score:
    return tuple(-float(one) for one in score)
