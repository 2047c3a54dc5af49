"""Row "worklist": its page with 100,000 open work orders, against 1,000: queues, filters, a search.

Each ticket is a copy of one; its orders are dealt out to groups and hands. All over HTTP, as Dora,
who is in two groups, sees it: thirty orders a page, in turns with the smaller list.
"""

import time
from datetime import timedelta

from sqlmodel import col, select

from records import Group, Membership, Person, WorkOrder
from records.database import connect, open_session
from records.progress import Progress
from tests.bench_copies import copy_ticket
from tests.bench_databases import Place, settle
from tests.bench_rows import Figure, Times
from tests.bench_servers import Client, serve_ours, served
from tests.bench_tickets import fill

FEW, MANY, GOAL = 1_000, 100_000, 2.0
TURNS, WARM = 25, 3
GROUPS = ("crc", "dispatch", "transport", "data", "line", "access", "field", "noc")
HERS = GROUPS[:2]
PAGES = {  # {some}: a ticket that is there
    "mine": "/work-orders?queue=mine",
    "a group's queue": "/work-orders?queue=crc",
    "all of them": "/work-orders?queue=all",
    "all of a grade and state": "/work-orders?queue=all&grade=AAA&state=dispatched",
    "all that nobody holds": "/work-orders?queue=all&holder=-&show=customer&show=city",
    "those of a circuit": "/work-orders?queue=all&q=HD-DIA-{some}",
    "those of a circuit, from the header": "/search?q=HD-DIA-{some}",
}


def measure(place: Place, show: Progress) -> list[Figure]:
    (crowded, secret), (quiet, other) = (_fill(place, count, show) for count in (MANY, FEW))
    with (
        served(serve_ours, crowded, secret=secret) as many,
        served(serve_ours, quiet, secret=other) as few,
    ):
        times = _compare(many, few, show)
    row = f"worklist page with {MANY:,} open orders, × with {FEW:,}"
    return [Figure(row, place.name, times.ratio(), GOAL, times.details())]


def _fill(place: Place, count: int, show: Progress) -> tuple[str, str]:
    """A database with so many open orders, and the secret of Dora's cookie."""
    url = place.make(f"worklist_{count}")
    secret = fill(url, 1, show)
    copy_ticket(url, count, show, lambda number: timedelta(seconds=number % 86_400))
    _deal_out(url)
    settle(url)
    return url, secret


def _deal_out(url: str) -> None:
    """To the groups in turn; one order in five is in somebody's hands, one in fifty in Dora's."""
    engine, order = connect(url), WorkOrder.__table__  # type: ignore[attr-defined]
    with open_session(engine) as session:
        for turn, group in enumerate(GROUPS):
            mine = order.update().where(order.c.id % len(GROUPS) == turn)
            waits = {"group_key": group, "state": "dispatched", "holder": None}
            session.execute(mine.values(**waits))
        for parts, login in ((5, "liu"), (50, "dora")):
            held = order.update().where(order.c.id % parts == 0)
            session.execute(held.values(state="accepted", holder=login))
        dora = session.exec(select(Person).where(Person.login == "dora")).one()
        for group in session.exec(select(Group).where(col(Group.key).in_(HERS))):
            session.add(Membership(person_id=dora.id, group_id=group.id))
    engine.dispose()


def _compare(many: Client, few: Client, show: Progress) -> Times:
    times = Times(f"{MANY:,}", f"{FEW:,}")
    for turn in range(WARM + TURNS):
        for what, path in PAGES.items():
            taken = [
                _took(client, path.format(some=count // 2 + turn))
                for client, count in ((many, MANY), (few, FEW))
            ]
            if turn >= WARM:
                times.add(what, taken[0], taken[1])
        show("looking at the worklist", turn + 1, WARM + TURNS)
    return times


def _took(client: Client, path: str) -> float:
    """Seconds until a page is there."""
    began = time.perf_counter()
    client.connection.request("GET", path, headers=client.headers)
    answer = client.connection.getresponse()
    answer.read()
    assert answer.status in (200, 303), f"{path}: {answer.status}"
    return time.perf_counter() - began
