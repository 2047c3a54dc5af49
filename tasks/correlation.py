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
from dataclasses import dataclass, field
from functools import partial

from tasks.cuts import find_cuts
from tasks.reach import Reach, Root, card_of
from tasks.topology import Topology

SITE, CARD, SECTION, PATH, CIRCUIT, SERVICE, CUSTOMER = range(1, 8)
POWER = {"powerProblem", "batteryDischarging"}  # the mains of the place are gone
GONE = {"unreachable", "deviceUnreachable", "communicationsSubsystemFailure", "NodeDown"}
TOGETHER = 3  # so many places that alarm for no reason of their own have one in common
HALF = 0.5  # of what passes there: then it is the reason


@dataclass(frozen=True, slots=True)
class Sign:
    """An alarm, as far as it tells of a root. Times are seconds of one clock."""

    id: int
    at: float
    cause: str
    layer: int
    place: Root  # what it is about
    is_outage: bool = True
    is_due: bool = True  # else it joins what is there, and founds nothing alone


@dataclass
class Trouble:
    """A root and its signs; also an open group, which has given what it had."""

    root: Root
    layer: int
    first: float
    last: float
    signs: list[Sign] = field(default_factory=list)
    places: set[Root] = field(default_factory=set)  # that told of the root itself
    groups: list[int] = field(default_factory=list)  # it goes on in the first; the others are over
    is_outage: bool = False
    is_down: bool = False  # without power or not to be reached: so is what hangs on it
    ended: float | None = None  # its root is clear since then

    @property
    def is_founded(self) -> bool:
        return bool(self.groups) or any(sign.is_due for sign in self.signs)

    def is_near(self, other: "Trouble", window: float, longest: float) -> bool:
        begun, ended = min(self.first, other.first), max(self.last, other.last)
        apart = max(self.first, other.first) - min(self.last, other.last)
        return apart <= window and ended - begun <= longest


def correlate(
    signs: Iterable[Sign],
    known: Iterable[Trouble],
    net: Topology,
    *,
    window: float = 120.0,
    longest: float = 600.0,
) -> tuple[list[Trouble], list[Sign]]:
    """The troubles that are new or have changed, and what could not be placed yet."""
    board = Board(known, Reach(net), window, longest)
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


class Board:
    """All troubles, by their root."""

    def __init__(
        self, known: Iterable[Trouble], reach: Reach, window: float, longest: float
    ) -> None:
        self.reach, self.window, self.longest = reach, window, longest
        self.troubles = {trouble.root: trouble for trouble in known}
        self._touched: dict[Root, None] = {}

    def changed(self) -> list[Trouble]:
        return [self.troubles[root] for root in self._touched if root in self.troubles]

    def put(self, sign: Sign, root: Root, layer: int | None = None) -> Trouble:
        """The sign is of this root, which may be new."""
        given = layer or sign.layer
        trouble = self.troubles.setdefault(root, Trouble(root, given, sign.at, sign.at))
        is_own = sign.layer <= given
        if is_own and sign.is_outage and not trouble.is_outage:
            trouble.first = trouble.last = sign.at  # what was there before was another matter
        trouble.signs.append(sign)
        trouble.first, trouble.last = min(trouble.first, sign.at), max(trouble.last, sign.at)
        trouble.layer = min(trouble.layer, given)
        trouble.places |= {sign.place} if is_own else set()
        trouble.is_outage |= is_own and sign.is_outage
        trouble.is_down |= is_own and sign.cause in POWER | GONE
        self._touched[root] = None
        return trouble

    def merge(self, into: Root, layer: int, others: Sequence[Trouble]) -> Trouble:
        """Others turn out to be of this root. The group that had it goes on, else the oldest."""
        first = min(one.first for one in others)
        whole = self.troubles.setdefault(into, Trouble(into, layer, first, first))
        rest = [one for one in others if one is not whole]
        for one in rest:
            del self.troubles[one.root]
            whole.signs += one.signs
            whole.places |= one.places
            whole.is_outage |= one.is_outage
            whole.is_down |= one.is_down and layer <= CARD
            whole.first, whole.last = min(whole.first, one.first), max(whole.last, one.last)
        whole.layer = min(whole.layer, layer)
        whole.groups += sorted(group for one in rest for group in one.groups)
        self._touched[into] = None
        return whole

    def near(self, trouble: Trouble, other: Trouble) -> bool:
        return trouble.is_near(other, self.window, self.longest)

    def explains(self, trouble: Trouble, sign: Sign) -> bool:
        """In time: it began before, and lasts or has only just ended."""
        until = sign.at if trouble.ended is None else trouble.ended + self.window
        return trouble.first - self.window <= sign.at <= until

    def best(
        self, sign: Sign, roots: Iterable[Root], fits: Callable[[Trouble], bool]
    ) -> Root | None:
        """Of the roots that fit the one nearest in time, then nearest to the source."""
        found = (self.troubles[root] for root in roots if root in self.troubles)
        fitting = [one for one in found if fits(one) and self.explains(one, sign)]
        key = min(
            ((self._distance(one, sign), one.layer, one.root) for one in fitting), default=None
        )
        return key[-1] if key else None

    def _distance(self, trouble: Trouble, sign: Sign) -> float:
        """Seconds; all within one window are as near."""
        apart = max(trouble.first - sign.at, sign.at - trouble.last, 0.0)
        return apart if apart > self.window else 0.0


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
        for together in _bursts(board, inside):
            there = board.troubles.get(root)
            with_it = bool(there and any(board.near(there, one) for one in together))
            is_outage = any(one.is_outage for one in together)
            if is_outage and (with_it or len(together) > 1 or _is_all_of_it(board, root, together)):
                board.merge(root, layer, together)


def _bursts(board: Board, troubles: list[Trouble]) -> Iterator[list[Trouble]]:
    """Those that follow each other within the window, with one that has news among them."""
    burst: list[Trouble] = []
    for one in sorted(troubles, key=lambda one: (one.first, one.root)):
        if burst and not all(board.near(one, other) for other in burst):
            yield from [burst] if any(each.signs for each in burst) else []
            burst = []
        burst.append(one)
    yield from [burst] if any(each.signs for each in burst) else []


def _is_all_of_it(board: Board, root: Root, inside: Sequence[Trouble]) -> bool:
    """A site of the operator's with one device only: without that, it is down."""
    if root.kind != "site" or board.reach.is_customers(root):
        return False
    net = board.reach.net
    here = {one for one in net.devices_at(root.id) if one not in net.silent and net.hops_at(one)}
    return {one.root.id for one in inside} >= here


def _place_signals(board: Board, signs: Sequence[Sign]) -> None:
    """Lost light: by a failed site or card beside it, else by the fibre, else at its port."""
    left = []
    for sign in signs:
        root = board.best(sign, board.reach.beside(sign.place), _takes_light)
        board.put(sign, root, SECTION) if root else left.append(sign)
    lately = max((sign.at for sign in left), default=0.0) - board.window
    cuts = find_cuts({sign.place for sign in left}, board.reach, partial(_is_cut, board, lately))
    for sign in left:
        root = cuts.get(sign.place)
        board.put(sign, (root and _duct_that_is_cut(board, root, lately)) or root or sign.place)
    _find_silent(board)
    _lift(board, "section", lambda one: _duct_of(board, one), SECTION)
    _lift(board, "device", lambda one: _site_of(board, one), SITE)


def _takes_light(one: Trouble) -> bool:
    if one.root.kind == "site":
        return one.is_down and one.is_outage
    return one.layer <= CARD and one.is_outage and one.root.kind in ("device", "card", "port")


def _is_cut(board: Board, since: float, section: int) -> bool:
    """Whether it, or its duct, is known to be cut since a moment ago."""
    root = Root("section", section)
    one = board.troubles.get(root)
    return bool(one and one.last >= since) or _duct_that_is_cut(board, root, since) is not None


def _duct_that_is_cut(board: Board, section: Root, since: float) -> Root | None:
    ends = board.reach.net.sections.get(section.id)
    duct = Root("duct", 0, ends.duct) if ends and ends.duct else None
    one = board.troubles.get(duct) if duct else None
    return duct if one and one.last >= since else None


def _duct_of(board: Board, one: Trouble) -> Root | None:
    ends = board.reach.net.sections.get(one.root.id)
    return Root("duct", 0, ends.duct) if ends and ends.duct and one.is_outage else None


def _find_silent(board: Board) -> None:
    """Light is lost around a device or site that says nothing itself: that is down, where it
    explains better than the fibres who is in the dark, or is half down as it is known."""
    around: dict[Root, list[Trouble]] = defaultdict(list)
    for one in list(board.troubles.values()):
        if one.root.kind == "section" and one.is_outage and one.places:
            for root in _silent_beside(board, one):
                around[root].append(one)
    for root in sorted(around, key=lambda root: (-len(around[root]), root)):
        still = [one for one in around[root] if board.troubles.get(one.root) is one]
        for together in _bursts(board, still):
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
        roots = board.reach.above(sign.place)
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
