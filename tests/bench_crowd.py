"""Row 3: the same with 100,000 open runs, against 1,000. Each run is a copy of one."""

from records.database import connect
from records.progress import Progress
from tests.bench_copies import copy_ticket
from tests.bench_databases import Place
from tests.bench_rows import Figure, Times
from tests.bench_servers import Client, serve_ours, served
from tests.bench_tickets import fill, way

FEW, MANY, GOAL = 1_000, 100_000, 1.2
PAIRS, WARM = 80, 10


def measure(place: Place, show: Progress) -> list[Figure]:
    (crowded, secret), (quiet, other) = (_crowd(place, count, show) for count in (MANY, FEW))
    with (
        served(serve_ours, crowded, secret=secret) as many,
        served(serve_ours, quiet, secret=other) as few,
    ):
        times = _compare((many, crowded), (few, quiet), show)
    row = f"the same with {MANY:,} open runs, × with {FEW:,}"
    return [Figure(row, place.name, times.ratio(), GOAL, times.details())]


def _compare(many: tuple[Client, str], few: tuple[Client, str], show: Progress) -> Times:
    times, engines = Times(f"{MANY:,}", f"{FEW:,}"), [connect(url) for _, url in (many, few)]
    for pair in range(PAIRS):
        chosen = [1 + pair * count // PAIRS for count in (MANY, FEW)]
        for actions in zip(*map(way, engines, chosen), strict=True):
            sides = zip((many, few), actions, strict=True)
            taken = [client.time(each.path, each.told) for (client, _), each in sides]
            if actions[0].verb == "completion" and pair >= WARM:
                times.add(actions[0].element, *taken)
        show("completing work orders", pair + 1, PAIRS)
    for engine in engines:
        engine.dispose()
    return times


def _crowd(place: Place, count: int, show: Progress) -> tuple[str, str]:
    """A database with so many open runs, and the secret of Dora's cookie."""
    url = place.make(f"crowd_{count}")
    secret = fill(url, 1, show)
    copy_ticket(url, count, show)
    return url, secret
