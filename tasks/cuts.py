"""Which sections the lost signals are of: the fewest that explain them, both ends before one.

A port may stand for several sections, as inventory names it by circuit: the section that explains
most of what is told is meant. Pure. Called by correlation.py.
"""

import heapq
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tasks.reach import Reach, Root

UNSURE = 4  # where one port may stand for more sections than that, none is named


@dataclass
class Cut:
    """A section, and the places where its light may be missing."""

    section: int
    places: dict[Root, float] = field(default_factory=dict)  # with how likely each means it
    sites: set[int] = field(default_factory=set)

    def score(self, reach: Reach, known: Callable[[int], bool]) -> tuple[float, ...]:
        """Higher is likelier: known to be cut, both ends, how much it explains, how special."""
        ends = reach.net.sections.get(self.section)
        both = ends is not None and {ends.a, ends.z} <= self.sites
        load = reach.net.load(self.section) or 1
        told, weight = len(self.places), sum(self.places.values())
        return (known(self.section), both, told, min(1.0, told / load), weight)


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
        cut = _left(cuts[key], found, reach)
        score = cut.score(reach, known)
        if not cut.places or (both_ends and not score[1]):
            continue
        elif _order(score) != order:
            heapq.heappush(heap, (_order(score), key))
        elif not _is_unsure(cut, score, reach):
            found |= dict.fromkeys(cut.places, Root("section", key))
    return found


def _gather(places: Iterable[Root], reach: Reach) -> dict[int, Cut]:
    cuts: dict[int, Cut] = {}
    for place in sorted(set(places)):
        for section, weight in reach.sections(place).items():
            cut = cuts.setdefault(section, Cut(section))
            cut.places[place] = weight
            cut.sites |= _sites(place, reach)
    return cuts


def _left(cut: Cut, found: Mapping[Root, Root], reach: Reach) -> Cut:
    """Without the places that another section explains already."""
    if not any(place in found for place in cut.places):
        return cut
    places = {place: weight for place, weight in cut.places.items() if place not in found}
    sites = {site for place in places for site in _sites(place, reach)}
    cut.places, cut.sites = places, sites
    return cut


def _sites(place: Root, reach: Reach) -> set[int]:
    if place.kind == "section":  # told of the fibre itself: both ends have it
        ends = reach.net.sections.get(place.id)
        return {ends.a, ends.z} if ends else set()
    site = reach.site(place)
    return {site} if site else set()


def _is_unsure(cut: Cut, score: Sequence[float], reach: Reach) -> bool:
    """One end alone, where the port may stand for many sections."""
    is_alone = len(cut.places) == 1 and not score[0] and not score[1]
    return is_alone and all(len(reach.sections(place)) > UNSURE for place in cut.places)


def _order(score: Sequence[float]) -> tuple[float, ...]:
    return tuple(-float(one) for one in score)
