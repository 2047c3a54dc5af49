"""From alarms to troubles: what belongs together, and where its root is. domain.md §2.11.

Pure: the same alarms in any order give the same troubles. Called by alarm_groups.py, which keeps
them as rows. What a root explains: reach.py; which fibre is cut: cuts.py.

    power of a site > card, device > light on a section > path > circuit > service > customer's
    1                 2              3                    4      5         6         7

What is of a layer from 4 on is explained by a failed root on its circuits' way; only without one is
it a root itself. A hold-off is for what nothing else confirms: an alarm that is held off still, and
explains one that is not, counts at once.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

from tasks.network.cuts import find_cuts
from tasks.network.darkness import find_silent
from tasks.network.reach import Root, card_of, reach_of
from tasks.network.topology import Topology
from tasks.network.troubles import (
    CARD,
    CUSTOMER,
    PATH,
    SECTION,
    SERVICE,
    SITE,
    Board,
    Sign,
    Trouble,
)

TOGETHER = 3  # so many places that alarm for no reason of their own have one in common
HALF = 0.5  # of what passes there: then it is the reason


def correlate(
    signs: Iterable[Sign],
    known: Iterable[Trouble],
    net: Topology,
    *,
    window: float = 120.0,
    longest: float = 600.0,
) -> tuple[list[Trouble], list[Sign]]:
    """The troubles that are new or have changed, and what could not be placed yet."""
    board = Board(known, reach_of(net), window, longest)
    turns: dict[int, list[Sign]] = defaultdict(list)
    for sign in sorted(signs, key=lambda sign: (sign.layer, sign.at, sign.id)):
        turns[min(sign.layer, PATH)].append(sign)
    _place_equipment(board, [*turns[SITE], *turns[CARD]])
    _place_signals(board, turns[SECTION])
    _take_over(board)
    waiting = _place_consequences(board, turns[PATH])
    founded = [one for one in board.changed() if one.is_founded]
    placed = {sign.id for one in founded for sign in one.signs}
    alone = {sign for one in board.changed() for sign in one.signs if sign.id not in placed}
    return founded, [*waiting, *sorted(alone, key=lambda sign: sign.id)]


def _place_equipment(board: Board, signs: Sequence[Sign]) -> None:
    """Power, cards, ports: each at its place, until several tell of the card, device or site."""
    for sign in signs:
        root = board.best(sign, board.reach.within(sign.place), _contains)
        board.put(sign, root or _unit(sign))
    _lift(board, "port", _card_of, CARD)
    _lift(board, "card", _device_of, CARD)
    _lift(board, "device", lambda one: _site_of(board, one), SITE)


def _contains(one: Trouble) -> bool:
    return one.is_outage and one.layer <= CARD and (one.root.kind != "site" or one.is_down)


def _unit(sign: Sign) -> Root:
    """Without power the whole device; else what the alarm names."""
    is_part = sign.place.kind in ("port", "card") and sign.layer > SITE
    return sign.place if is_part or not sign.place.id else Root("device", sign.place.id)


def _card_of(one: Trouble) -> Root | None:
    card = card_of(one.root.part)
    return Root("card", one.root.id, card) if card and one.is_outage else None


def _device_of(one: Trouble) -> Root | None:
    return Root("device", one.root.id) if one.is_outage else None


def _site_of(board: Board, one: Trouble) -> Root | None:
    site = board.reach.site(one.root)
    return Root("site", site) if one.is_down and site else None


def _lift(board: Board, kind: str, wider: Callable[[Trouble], Root | None], layer: int) -> None:
    """Several troubles of one kind at one time are one trouble of what they are in."""
    groups: dict[Root, list[Trouble]] = defaultdict(list)
    for one in list(board.troubles.values()):
        if (
            one.root.kind == kind
            and one.is_outage
            and one.layer <= SECTION
            and (root := wider(one))
        ):
            groups[root].append(one)
    for root, inside in groups.items():
        for together in board.bursts(inside):
            there = board.troubles.get(root)
            with_it = bool(there and any(board.near(there, one) for one in together))
            is_outage = any(one.is_outage for one in together)
            if is_outage and (with_it or len(together) > 1 or _is_all_of_it(board, root, together)):
                board.merge(root, layer, together)


def _is_all_of_it(board: Board, root: Root, inside: Sequence[Trouble]) -> bool:
    """All that could tell at a site of the operator's has told that it is without power."""
    has_told = any(place.id == one.root.id for one in inside for place in one.places)
    if root.kind != "site" or not has_told or board.reach.is_customers(root):
        return False
    net = board.reach.net
    here = {one for one in net.devices_at(root.id) if one not in net.silent and net.hops_at(one)}
    return {one.root.id for one in inside} >= here


def _place_signals(board: Board, signs: Sequence[Sign]) -> None:
    """Lost light: by a failed site or card beside it, else by the fibre, else at its port."""
    left = []
    for sign in signs:
        root = board.best(sign, board.reach.met_beside(sign.place, board.roots), _takes_light)
        board.put(sign, root, SECTION) if root else left.append(sign)
    for burst in _bursts(left, board.window):
        _place_in_fibre(board, burst)
    find_silent(board)
    _lift(board, "section", lambda one: _duct_of(board, one), SECTION)
    _lift(board, "device", lambda one: _site_of(board, one), SITE)


def _bursts(signs: Iterable[Sign], window: float) -> Iterator[list[Sign]]:
    """Those that follow each other closely: after a rest a batch may be of many hours."""
    burst: list[Sign] = []
    for sign in sorted(signs, key=lambda sign: (sign.at, sign.id)):
        if burst and sign.at - burst[-1].at > window:
            yield burst
            burst = []
        burst.append(sign)
    if burst:
        yield burst


def _place_in_fibre(board: Board, signs: Sequence[Sign]) -> None:
    """What has told of a fibre a moment ago is asked again: together they may tell of another."""
    since = signs[0].at - board.window
    before = [
        one
        for one in board.troubles.values()
        if one.root.kind in ("section", "port") and one.layer == SECTION and one.last >= since
    ]
    places = {sign.place for sign in signs} | {place for one in before for place in one.places}
    cuts = find_cuts(places, board.reach, partial(_is_cut, board, since))
    for sign in signs:
        root = cuts.get(sign.place)
        board.put(sign, (root and _duct_that_is_cut(board, root, since)) or root or sign.place)
    for one in before:
        now = {cuts.get(place, place) for place in one.places}
        if len(now) == 1 and one.root not in now:
            board.merge(now.pop(), SECTION, [one])


def _takes_light(one: Trouble) -> bool:
    if one.root.kind == "site":
        return one.is_down and one.is_outage
    return one.layer <= CARD and one.is_outage and one.root.kind in ("device", "card", "port")


def _is_cut(board: Board, since: float, section: int) -> bool:
    """Whether its duct is known to be cut since a moment ago."""
    return _duct_that_is_cut(board, Root("section", section), since) is not None


def _duct_that_is_cut(board: Board, section: Root, since: float) -> Root | None:
    ends = board.reach.net.sections.get(section.id)
    duct = Root("duct", 0, ends.duct) if ends and ends.duct else None
    one = board.troubles.get(duct) if duct else None
    return duct if one and one.last >= since else None


def _duct_of(board: Board, one: Trouble) -> Root | None:
    ends = board.reach.net.sections.get(one.root.id)
    return Root("duct", 0, ends.duct) if ends and ends.duct and one.is_outage else None


def _take_over(board: Board) -> None:
    """What began at the same time and is explained by a better root is a part of that."""
    roots = {one.root: one for one in board.changed() if one.layer <= SECTION and one.is_outage}
    if not roots:
        return
    for one in sorted(board.troubles.values(), key=lambda one: (-one.layer, one.root)):
        better = [
            (other.layer, other.root)
            for root, share in _reasons(board, one).items()
            if share >= HALF and (other := roots.get(root)) and _is_better(board, other, one)
        ]
        if better and one.root in board.troubles:
            layer, root = min(better)
            if root in board.troubles:
                board.merge(root, layer, [one])


def _reasons(board: Board, one: Trouble) -> dict[Root, float]:
    if one.layer < SECTION or one.root.kind in ("site", "object"):
        return {}
    return board.reach.beside(one.root) if one.layer == SECTION else board.reach.above(one.root)


def _is_better(board: Board, root: Trouble, one: Trouble) -> bool:
    if root is one or not board.near(root, one):
        return False
    if one.layer == SECTION:
        return root.root.kind == "duct" or _takes_light(root)
    return root.layer < one.layer


def _place_consequences(board: Board, signs: Sequence[Sign]) -> list[Sign]:
    left: list[Sign] = []
    waiting: list[Sign] = []
    for sign in signs:
        roots = board.reach.met_above(sign.place, board.roots)
        if root := board.best(sign, roots, partial(_is_reason, sign)):
            board.put(sign, root, board.troubles[root].layer)
        else:
            (left if sign.is_due else waiting).append(sign)
    for sign, root, layer in _infer(board, left):
        board.put(sign, root, layer)
    return waiting


def _is_reason(sign: Sign, one: Trouble) -> bool:
    """The very thing that the alarm is about; or a failed root on the way there."""
    if one.root == sign.place:
        return True
    return one.is_outage and sign.is_outage and one.layer <= max(sign.layer, PATH)


def _infer(board: Board, signs: Sequence[Sign]) -> Iterator[tuple[Sign, Root, int]]:
    """Without a root that was told: the fibre that both ends complain of, else what many places
    have in common, else the place itself."""
    inner = {sign.place for sign in signs if not board.reach.is_customers(sign.place)}
    found = find_cuts(inner, board.reach, both_ends=True)
    rest = [sign for sign in signs if sign.place not in found]
    found |= _find_common(board, {sign.place for sign in rest if sign.is_outage})
    for sign in signs:
        root = found.get(sign.place) or _own_root(board, sign)
        yield sign, root, PATH if sign.place in found else _own_layer(board, sign)


def _find_common(board: Board, places: set[Root]) -> dict[Root, Root]:
    """Again and again the root that explains most of the places that are left."""
    found: dict[Root, Root] = {}
    left = set(places)
    while len(left) >= TOGETHER:
        tally = Counter(
            root
            for place in left
            for root, share in board.reach.above(place).items()
            if share >= HALF and root.kind in ("section", "device") and root.id != place.id
        )
        best = max(
            ((_weight(board, root, n, left), root) for root, n in tally.items() if n >= TOGETHER),
            default=None,
        )
        if best is None or best[0][0] < HALF:
            break
        mine = {place for place in left if best[1] in board.reach.above(place)}
        found |= dict.fromkeys(mine, best[1])
        left -= mine
    return found


def _weight(board: Board, root: Root, places: int, left: set[Root]) -> tuple[float, int, str]:
    """How much of what passes the root is told of; how much of what is told passes the root."""
    circuits = board.reach.circuits(root)
    told = {circuit for place in left for circuit in board.reach.circuits(place)}
    return len(circuits & told) / (len(circuits) or 1), places, root.kind


def _own_root(board: Board, sign: Sign) -> Root:
    """The place; the circuit, where only one passes and the alarm is about what it carries."""
    if sign.place.kind == "port" and sign.layer in (PATH, SERVICE):
        circuits = board.reach.circuits(sign.place)
        if len(circuits) == 1:
            return Root("circuit", circuits.pop())
    return sign.place


def _own_layer(board: Board, sign: Sign) -> int:
    return CUSTOMER if board.reach.is_customers(sign.place) else sign.layer
