"""Who is dark: a device or a site that says nothing while all around it miss its light.

Pure. Called by correlation.py, once it knows which fibres have lost their light.
"""

from collections import defaultdict
from collections.abc import Sequence

from tasks.network.reach import Root
from tasks.network.troubles import CARD, SITE, Board, Trouble


def find_silent(board: Board) -> None:
    """Light is lost around a device or site that says nothing itself: that is down, where it
    explains better than the fibres who is in the dark, or is half down as it is known."""
    around: dict[Root, list[Trouble]] = defaultdict(list)
    for one in list(board.troubles.values()):
        if one.root.kind == "section" and one.is_outage and one.places:
            for root in _silent_beside(board, one):
                around[root].append(one)
    for root in sorted(around, key=lambda root: (-len(around[root]), root)):
        still = [one for one in around[root] if board.troubles.get(one.root) is one]
        for together in board.bursts(still):
            if _is_half_down(board, root, together) or _explains_better(board, root, together):
                board.merge(root, SITE if root.kind == "site" else CARD, together).is_down = True


def _silent_beside(board: Board, one: Trouble) -> set[Root]:
    """Devices and sites at the other end of what all places tell of."""
    reach = board.reach
    told = {root for place in one.places for root in reach.within(place)}
    beside = (reach.beside(place).keys() for place in one.places)
    return {
        root
        for root in set.intersection(*map(set, beside)) - told
        if root.kind in ("device", "site")
    }


def _is_half_down(board: Board, root: Root, cuts: Sequence[Trouble]) -> bool:
    """A site where a device is without power already."""
    if root.kind != "site":
        return False
    here = (Root("device", device) for device in board.reach.net.devices_at(root.id))
    known = [board.troubles[one] for one in here if one in board.troubles]
    return any(one.is_down and board.near(one, cut) for one in known for cut in cuts)


def _explains_better(board: Board, root: Root, cuts: Sequence[Trouble]) -> bool:
    dark = _circuits(board, {place for one in cuts for place in one.places})
    by_root = _likeness(dark, board.reach.circuits(root))
    by_fibre = _likeness(dark, _circuits(board, {one.root for one in cuts}))
    return by_root > by_fibre or (len(cuts) > 1 and by_root == by_fibre)


def _circuits(board: Board, places: set[Root]) -> set[int]:
    return {circuit for place in places for circuit in board.reach.circuits(place)}


def _likeness(one: set[int], other: set[int]) -> float:
    return len(one & other) / (len(one | other) or 1)
