"""What becomes of alarms on their way: repeated, late, lost, cleared; and the noise between."""

from collections.abc import Iterable, Iterator
from heapq import merge
from typing import NamedTuple

from records.region.dice import Dice
from records.region.storms import Storm
from records.region.terrain import Terrain

REPEATS = 0.5  # of alarms are told again while they stand
EVERY = (15.0, 90.0)  # seconds between two
LOST, LATE, LATER = 0.03, 0.06, 45.0  # share that never comes; that comes later, by seconds
FLAP = (12.0, 32.0)  # seconds that it is down, or up
CALLS, MOST_CALLS, SOON = 0.3, 4, (60.0, 1_500.0)  # share of circuits out; of a storm; seconds
PER_DEVICE = 20 / 86_400  # alarms a second: measured on a microwave network (domain.md §4.3)
ALARMING = 0.36  # of devices: 30,000 of those of size M
CHATTY, THEIRS = 10, 0.7  # so many devices say so much of the noise
SHOUTS = 0.1  # of noise is major
SHORT = 0.37  # of noise is over before anybody looks
QUIET = (  # what goes on all day, and needs nobody
    *(("thresholdCrossed", "minor"), ("degradedSignal", "minor"), ("enclosureDoorOpen", "warning")),
    *(("temperatureUnacceptable", "warning"), ("timingProblem", "warning")),
)
LOUD = (("linkDown", "major"), ("lossOfSignal", "major"))  # gone within the hold-off


class Message(NamedTuple):
    """As it arrives. `at` and `raised` are seconds from the start."""

    at: float
    object: str
    cause: str
    severity: str
    raised: float
    is_clear: bool
    storm: int | None  # its number; None: noise


def tell(storm: Storm) -> list[Message]:
    """All that arrives of a storm, in the order of arrival."""
    dice = Dice(f"messages {storm.number}")
    messages = _flaps(storm, dice) if storm.flaps else _stand(storm, dice)
    return sorted(messages)


def hum(terrain: Terrain, seconds: float) -> list[Message]:
    """The noise of so many seconds, in the order of arrival."""
    dice, noise = Dice("noise"), list[Message]()
    devices = sorted(key for key, box in terrain.boxes.items() if not box.is_silent)
    chatty = [dice.pick(devices) for _ in range(CHATTY)]
    count = int(len(devices) * ALARMING * PER_DEVICE * seconds)
    for _ in range(count):
        is_loud = dice.happens(SHOUTS)
        # What shouts again and again flaps: that is no noise.
        device = dice.pick(chatty if not is_loud and dice.happens(THEIRS) else devices)
        at = seconds * dice.below(1_000_000) / 1_000_000
        noise += _murmur(_part(terrain, device, dice), at, is_loud, dice)
    return sorted(noise)


def callers(storm: Storm) -> list[tuple[float, int, float]]:
    """Customers who call: when, about which circuit, and since when they say it is down."""
    dice = Dice(f"callers {storm.number}")
    out = [one for one in sorted(storm.outage) if dice.happens(CALLS)]
    found = []
    for circuit in [] if storm.expects == "none" else out[:MOST_CALLS]:
        found.append((storm.begins + _within(SOON, dice), circuit, storm.begins))
    return sorted(found)


def together(*streams: Iterable[Message]) -> Iterator[Message]:
    return merge(*streams)


def _stand(storm: Storm, dice: Dice) -> Iterator[Message]:
    """Each is raised, perhaps told again and again, and clears when it is repaired."""
    for one in storm.said:
        told = one.object, one.cause, one.severity
        raised = storm.begins + one.after
        times = [raised]
        while dice.happens(REPEATS) and len(times) < 6:
            times.append(times[-1] + _within(EVERY, dice))
        for again in times:
            yield from _carry(Message(again, *told, again, False, storm.number), dice)
        over = storm.ends + _within((0.0, 20.0), dice)
        yield Message(over + 0.5, *told, over, True, storm.number)


def _flaps(storm: Storm, dice: Dice) -> Iterator[Message]:
    at = storm.begins
    for one in storm.said * storm.flaps:
        told = one.object, one.cause, one.severity
        yield Message(at + 0.5, *told, at, False, storm.number)
        at += _within(FLAP, dice)
        yield Message(at + 0.5, *told, at, True, storm.number)
        at += _within(FLAP, dice)


def _carry(message: Message, dice: Dice) -> Iterator[Message]:
    """At once mostly, late at times, never now and then."""
    if dice.happens(LOST):
        return
    late = LATER * dice.below(1_000) / 1_000 if dice.happens(LATE) else 0.0
    yield message._replace(at=message.at + 0.2 + dice.below(800) / 1_000 + late)


def _part(terrain: Terrain, device: int, dice: Dice) -> str:
    """A port of the device that inventory knows; the device where it knows none."""
    code, passing = terrain.boxes[device].code, terrain.by_device.get(device)
    if not passing:
        return code
    way, at = dice.pick(passing)
    return f"{code}/{terrain.ways[way][at].port}"


def _murmur(name: str, at: float, is_loud: bool, dice: Dice) -> Iterator[Message]:
    cause, severity = dice.pick(LOUD if is_loud else QUIET)
    yield Message(at + 0.5, name, cause, severity, at, False, None)
    if is_loud or dice.happens(SHORT):
        over = at + (3.0 + dice.below(5) if is_loud else 5.0 + dice.below(600))
        yield Message(over + 0.5, name, cause, severity, over, True, None)


def _within(span: tuple[float, float], dice: Dice) -> float:
    return span[0] + (span[1] - span[0]) * dice.below(1_000) / 1_000
