"""Row 1: completing a work order over HTTP, against the floor; the whole way of a fault ticket."""

from records.progress import Progress
from tests.bench_databases import Place, settle
from tests.bench_floor import serve_floor
from tests.bench_rows import Figure, Times
from tests.bench_servers import Client, serve_ours, served
from tests.bench_tickets import Action, fill

TICKETS, WARM = 120, 15  # tickets in all, and those of them that only warm both sides up
GOAL = 1.5


def measure(place: Place, show: Progress) -> list[Figure]:
    url = place.make("completion")
    secret = fill(url, TICKETS, show)
    settle(url)
    ours, bare, copy = (place.copy("completion", f"completion_{n}") for n in range(3))
    with (
        served(serve_floor, copy, bare, secret=secret) as floor,
        served(serve_ours, ours, secret=secret) as baton,
    ):
        times = _compare(baton, floor, show)
    row = "complete a work order over HTTP (fault diagram), × floor"
    return [Figure(row, place.name, times.ratio(), GOAL, times.details())]


def _compare(baton: Client, floor: Client, show: Progress) -> Times:
    """Action by action, in turn; each side does all of them, the completions count."""
    times = Times("Baton", "floor")
    actions = [Action(**told) for told in floor.ask("GET", "/actions")]
    for number, action in enumerate(actions):
        ours = baton.time(action.path, action.told)
        bare = floor.time(f"/writes/{number}", action.told)
        if action.verb == "completion" and number >= len(actions) * WARM / TICKETS:
            times.add(action.element, ours, bare)
        show("completing work orders", number + 1, len(actions))
    return times
