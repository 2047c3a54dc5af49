"""Signs of trouble and the troubles that they tell of, by their root. Filled by correlation.py.

Pure: an alarm is a Sign here, a group of alarms a Trouble.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from tasks.network.reach import Known, Reach, Root

SITE, CARD, SECTION, PATH, CIRCUIT, SERVICE, CUSTOMER = range(1, 8)
POWER = {"powerProblem", "batteryDischarging"}  # the mains of the place are gone
GONE = {"unreachable", "deviceUnreachable", "communicationsSubsystemFailure", "NodeDown"}


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
    group: int | None = None  # the open group that it is
    lesser: list[int] = field(default_factory=list)  # open groups that it takes over
    is_outage: bool = False
    is_down: bool = False  # without power or not to be reached: so is what hangs on it
    ended: float | None = None  # its root is clear since then

    @property
    def is_founded(self) -> bool:
        return bool(self.group or self.lesser) or any(sign.is_due for sign in self.signs)

    def is_near(self, other: "Trouble", window: float, longest: float) -> bool:
        begun, ended = min(self.first, other.first), max(self.last, other.last)
        apart = max(self.first, other.first) - min(self.last, other.last)
        return apart <= window and ended - begun <= longest


class Board:
    """All troubles, by their root."""

    def __init__(
        self, known: Iterable[Trouble], reach: Reach, window: float, longest: float
    ) -> None:
        self.reach, self.window, self.longest = reach, window, longest
        self.troubles = {trouble.root: trouble for trouble in known}
        self.roots = Known(self.troubles)
        self._touched: dict[Root, None] = {}

    def changed(self) -> list[Trouble]:
        return [self.troubles[root] for root in self._touched if root in self.troubles]

    def put(self, sign: Sign, root: Root, layer: int | None = None) -> Trouble:
        """The sign is of this root, which may be new."""
        given = layer or sign.layer
        trouble = self._at(root, given, sign.at)
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
        whole = self._at(into, layer, first)
        rest = [one for one in others if one is not whole]
        for one in rest:
            del self.troubles[one.root]
            self.roots.remove(one.root)
            whole.signs += one.signs
            whole.places |= one.places
            whole.is_outage |= one.is_outage
            whole.is_down |= one.is_down and layer <= CARD
            whole.first, whole.last = min(whole.first, one.first), max(whole.last, one.last)
        whole.layer = min(whole.layer, layer)
        known = {group for one in rest for group in (one.group, *one.lesser) if group}
        whole.lesser = sorted({*whole.lesser, *known})
        self._touched[into] = None
        return whole

    def near(self, trouble: Trouble, other: Trouble) -> bool:
        return trouble.is_near(other, self.window, self.longest)

    def bursts(self, troubles: list[Trouble]) -> Iterator[list[Trouble]]:
        """Those that follow each other within the window, with one that has news among them."""
        burst: list[Trouble] = []
        for one in sorted(troubles, key=lambda one: (one.first, one.root)):
            if burst and not all(self.near(one, other) for other in burst):
                yield from [burst] if any(each.signs for each in burst) else []
                burst = []
            burst.append(one)
        yield from [burst] if any(each.signs for each in burst) else []

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

    def _at(self, root: Root, layer: int, at: float) -> Trouble:
        if root not in self.troubles:
            self.troubles[root] = Trouble(root, layer, at, at)
            self.roots.add(root)
        return self.troubles[root]

    def _distance(self, trouble: Trouble, sign: Sign) -> float:
        """Seconds; all within one window are as near."""
        apart = max(trouble.first - sign.at, sign.at - trouble.last, 0.0)
        return apart if apart > self.window else 0.0
