"""States that older releases wrote, retold as the present one writes them. `state.py` calls this.

FORMAT 1: a row was [id, parent, node, state, memory, facts, marks, dropped], where the last three
are what differs from the row above (the parent, or for the root of a subprocess the step that
opened it); a step that was over had them as well.
"""

from typing import Any

import orjson

from bpmn.wall.steps import LIVE
from bpmn.wall.stores import Known, Store


def renew(told: dict[str, Any]) -> dict[str, Any]:
    return _from_first(told) if told.get("format") == 1 else told


def _from_first(told: dict[str, Any]) -> dict[str, Any]:
    store = Store()
    known: dict[int, Known] = {}  # of all rows so far: ids are never used twice in a run
    scopes = []
    for owner, data, rows in told["scopes"]:
        for number, parent, _, _, _, *difference in rows:
            known[number] = _known(known.get(parent or owner, ({}, {})), *difference)
        scopes.append([owner, data, [_row(row, known, store) for row in rows]])
    new = {"format": 2, "facts": store.facts, "known": store.known, "scopes": scopes}
    return told | orjson.loads(orjson.dumps(new))


def _known(above: Known, facts: Any = 0, marks: Any = 0, dropped: Any = 0) -> Known:
    known = above[0] | (facts or {})
    for name in dropped or ():
        del known[name]
    return known, above[1] | (marks or {})


def _row(row: list[Any], known: dict[int, Known], store: Store) -> list[Any]:
    is_live = row[3] & LIVE
    return [*row[:5], store.number(*known[row[0]])] if is_live else row[:5]
