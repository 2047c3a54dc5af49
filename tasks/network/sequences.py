"""Numbers that must rise by one: what never came. Pure; called by alarm_sources.py."""

from collections.abc import Iterable, Sequence

MOST = 100  # ranges remembered; beyond that the earliest are taken as one
STARTS = (0, 1)  # a source that begins again begins here …
FIRST = 100  # … or, where the first messages were lost, with one of these
NEAR, FAR = 20, 1_000  # so much lower than the last is late, and no beginning

Ranges = list[list[int]]  # [from, to], both included, rising


def follow_sequence(
    last: int | None, gaps: Sequence[Sequence[int]], numbers: Iterable[int]
) -> tuple[int | None, Ranges]:
    """The last number, and what is missing before it, once these have come in this order.

    A number that was missing fills its gap; one that was there already, or comes late, changes
    nothing; one from the beginning, long after, is of a source that was started anew.
    """
    ranges = [list(each) for each in gaps]
    for number in numbers:
        if last is None:
            last = number
        elif not is_missing(ranges, number) and _begins_again(last, number):
            ranges += [[1, number - 1]] if number > 1 else []
            last = number
        elif number > last:
            if number > last + 1:
                ranges.append([last + 1, number - 1])
            last = number
        else:
            ranges = _without(ranges, number)
    return last, _few(ranges)


def is_missing(ranges: Sequence[Sequence[int]], number: int) -> bool:
    return any(start <= number <= end for start, end in ranges)


def _begins_again(last: int, number: int) -> bool:
    return 0 <= number <= FIRST and last - number > (NEAR if number in STARTS else FAR)


def _without(ranges: Ranges, number: int) -> Ranges:
    left = []
    for start, end in ranges:
        if start <= number <= end:
            parts = [start, number - 1], [number + 1, end]
            left += [part for part in parts if part[0] <= part[1]]
        else:
            left.append([start, end])
    return left


def _few(ranges: Ranges) -> Ranges:
    if len(ranges) <= MOST:
        return ranges
    cut = len(ranges) - MOST + 1
    return [[ranges[0][0], ranges[cut - 1][1]], *ranges[cut:]]
