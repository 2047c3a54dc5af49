"""Which tests run, and in which order, so that `make test` stays quick. Called by cast.py."""

from collections import defaultdict
from collections.abc import Iterable
from zlib import crc32

import pytest

DOORS = {"app", "client", "as_"}  # fixtures: what a test does, it asks the API for
MEANWHILE = 600  # tests, about as many as run while a Prefect begins


def take_turns(items: Iterable[pytest.Item]) -> list[pytest.Item]:
    """Those that need not run: some tests run on one of the databases, which their names choose.

    It is those that ask the API, and long walks (marked `one_database`): the verbs beneath, the
    engine and what is stored are proven on both by tests of their own. `both_databases` marks those
    of them that are about a difference: two at once, a search, an order of rows.
    """
    twins = defaultdict(list)
    for item in items:
        if is_about_neither(item):
            twins[item.nodeid.replace(database(item), "")].append(item)
    for name, found in twins.items():
        del found[crc32(name.encode()) % len(found)]
    return [item for found in twins.values() for item in found]


def is_about_neither(item: pytest.Item) -> bool:
    if item.get_closest_marker("both_databases"):
        return False
    return bool(DOORS & set(item.fixturenames) or item.get_closest_marker("one_database"))


def database(item: pytest.Item) -> str:
    """Which of them it runs on; empty where it has no choice."""
    return item.callspec.params.get("engine", "") if hasattr(item, "callspec") else ""


def in_order(items: list[pytest.Item]) -> list[pytest.Item]:
    """What waits for other processes comes first, so that no worker waits alone at the end.

    What uses the one Prefect comes after much else, while that begins. (Workers steal from the end
    of what others have, so it stays with one of them.)
    """
    flows = [item for item in items if "begun" in item.fixturenames]
    slow = [item for item in items if item.get_closest_marker("slow") and item not in flows]
    first = {*flows, *slow}
    others = [item for item in items if item not in first]
    return [*flows[:1], *slow, *others[:MEANWHILE], *flows[1:], *others[MEANWHILE:]]
