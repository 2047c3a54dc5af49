"""Policies, held against the diagrams that are published: what these name has to stay there.

Called by the doors. What a policy must be in itself, and how it is published: tasks/policies.py.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from bpmn import library
from records import Diagram, Person, Policy
from tasks import policies
from tasks.findings import Finding

NAMED = {  # policy: a part of it, and the column of a decision table that names what is in there
    "calendars": (("calendars", "calendar"),),
    "clocks": (("clocks", "clock"),),
    "recipients": (("rules", "to"), ("actions", "action")),
}


def publish(
    session: Session,
    key: str,
    content: Mapping[str, Any],
    *,
    reason: str,
    by: Person,
    now: datetime,
) -> Policy:
    """A new version, if nothing is wrong with it and no diagram misses anything."""
    told: dict[str, Any] = {"reason": reason, "by": by, "now": now}
    return policies.publish(session, key, content, check=find_wrong, **told)


def find_wrong(session: Session, key: str, content: Any) -> list[Finding]:
    return policies.find_wrong(session, key, content) or list(_missed(session, key, content))


def _missed(session: Session, key: str, content: Mapping[str, Any]) -> Iterator[Finding]:
    """What this version lacks, the last one had, and a table names."""
    last = policies.current(session, key).content
    for part, column in NAMED.get(key, ()):
        gone = last[part].keys() - content[part].keys()
        for name, table, row in _names(session, column) if gone else ():
            if name in gone:
                yield Finding(
                    f"{part}.{name}",
                    f"决策表“{table}”第 {row} 行用到“{name}”,请先改表,再删去它",
                    f"Row {row} of the table “{table}” names {name}: change that first",
                )


def _names(session: Session, column: str) -> Iterator[tuple[str, str, int]]:
    """Each text of this column in the tables of the diagrams that count now: table, row."""
    published = select(Diagram.key).where(col(Diagram.current_version_id).is_not(None))
    for key in session.exec(published.order_by(Diagram.key)):
        for table in library.current(session, key).blueprint.decisions.values():
            places = [n for n, each in enumerate(table.outputs) if each.name == column]
            for number, row in enumerate(table.rows, 1):
                for named in (row.outputs[place].literal for place in places):
                    if isinstance(named, str):
                        yield named, table.name, number
