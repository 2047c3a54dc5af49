"""What the network says when something in it breaks: who notices what, and how soon.

storms.py chooses what breaks and when. Here is physics only: no rule of correlation.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from records.region.dice import Dice
from records.region.terrain import Step, Terrain, Way

PACKET = ("DIA", "IP-VPN")
Span = tuple[float, float]  # seconds after it broke: from, to


class Said(NamedTuple):
    """An alarm as the device means it, whatever becomes of the message."""

    object: str
    cause: str
    severity: str
    after: float  # seconds


def cut(terrain: Terrain, sections: Iterable[int], dice: Dice) -> tuple[set[Way], list[Said]]:
    """A cable is cut: both its ends go dark, and all that lies beyond hears of it."""
    broken: dict[Way, list[int]] = {}
    for section in sections:
        for way, at in terrain.by_section[section]:
            broken.setdefault(way, []).append(at)
    said = [
        one
        for way, places in broken.items()
        for one in _dark(terrain, way, min(places), max(places) + 1, dice)
    ]
    return set(broken), _once(said + _customers(terrain, set(broken), dice))


def die(
    terrain: Terrain, dead: Iterable[tuple[Way, int]], dice: Dice
) -> tuple[set[Way], list[Said]]:
    """Places in ways die, with the device or the card there: their neighbours go dark."""
    broken: dict[Way, list[int]] = {}
    for way, at in dead:
        broken.setdefault(way, []).append(at)
    said = [
        one
        for way, places in broken.items()
        for one in _dark(terrain, way, min(places) - 1, max(places) + 1, dice)
    ]
    return set(broken), _once(said + _customers(terrain, set(broken), dice))


def say(terrain: Terrain, device: int, part: str, cause: str, severity: str, after: float) -> Said:
    code = terrain.boxes[device].code
    return Said(f"{code}/{part}" if part else code, cause, severity, after)


def _dark(terrain: Terrain, way: Way, before: int, after: int, dice: Dice) -> Iterator[Said]:
    """The last device that is well on each side loses the signal; those behind them are told so."""
    steps, is_packet = terrain.ways[way], terrain.sold[way[0]].product in PACKET
    for at, step in enumerate(steps):
        box = terrain.boxes[step.device]
        if box.is_silent or before < at < after or terrain.is_customers(step.device):
            continue  # what stands at a customer's is asked by way of the circuit itself
        elif at in (before, after):
            yield _said(terrain, step, "lossOfSignal", "critical", (0.0, 0.8), dice)
            if is_packet:
                yield _said(terrain, step, "linkDown", "major", (0.1, 2.0), dice)
        elif not is_packet:
            cause = "alarmIndicationSignal" if at > after else "remoteDefectIndication"
            yield _said(terrain, step, cause, "major", (0.2, 4.0), dice)


def _customers(terrain: Terrain, ways: set[Way], dice: Dice) -> list[Said]:
    """Who has no way left: sessions end; equipment that no way leads to does not answer."""
    lost, _ = terrain.out(ways)
    return [one for circuit in sorted(lost) for one in _unserved(terrain, circuit, ways, dice)]


def _unserved(terrain: Terrain, circuit: int, lost: set[Way], dice: Dice) -> Iterator[Said]:
    steps, product = terrain.ways[circuit, "main"], terrain.sold[circuit].product
    if product in PACKET and not terrain.boxes[steps[-1].device].is_silent:
        span = (1.0, 4.0) if dice.happens(0.7) else (20.0, 90.0)  # BFD, or BGP's hold timer
        yield _said(terrain, steps[-1], "communicationsProtocolError", "major", span, dice)
    for step in (steps[0], steps[-1]):
        box = terrain.boxes[step.device]
        is_cut_off = all(way in lost for way, _ in terrain.by_device[step.device])
        if is_cut_off and terrain.is_customers(step.device) and not box.is_silent:
            yield Said(box.code, "unreachable", "major", _within((20.0, 100.0), dice))


def _said(terrain: Terrain, step: Step, cause: str, severity: str, span: Span, dice: Dice) -> Said:
    return Said(terrain.object(step), cause, severity, _within(span, dice))


def _within(span: Span, dice: Dice) -> float:
    return round(span[0] + (span[1] - span[0]) * dice.below(1_000) / 1_000, 3)


def _once(said: Iterable[Said]) -> list[Said]:
    """The first of each object and cause: a port that several circuits share says it once."""
    first: dict[tuple[str, str], Said] = {}
    for one in said:
        there = first.setdefault((one.object, one.cause), one)
        if one.after < there.after:
            first[one.object, one.cause] = one
    return sorted(first.values(), key=lambda one: (one.after, one.object, one.cause))
