"""What the page of a run shows: where it stood at some moment, what it did until then, and why it
waits now.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlmodel import col, select

from api.deps import Turn
from api.pages import pictures
from api.pages.paper import spoken
from bpmn import library, runs
from bpmn.pasts import replay
from records import Entry, Incident, Notice, Run
from tasks.access.groups import name_groups

MOST = 2_000  # entries that are read


def read(turn: Turn, run: Run, at: datetime | None) -> dict[str, Any]:
    """`at`: as of then; as of now where it is None."""
    until = at or turn.now
    entries = _entries(turn, run, until)
    past = replay(entries)
    version = library.load(turn.session, run.version_id, run.content_hash)
    return {
        "run": run,
        "version": version,
        "at": at,
        "until": until,
        "past": past,
        "picture": pictures.draw_run(turn.session, run, past, spoken(turn.request)),
        "lines": list(_timeline(entries, _notices(turn, run, until))),
        "waits": [] if at else runs.why(turn.session, run, now=turn.now),
        "names": {key: node.name for key, node in version.blueprint.nodes.items()},
        "groups": name_groups(turn.session),
        "incidents": _incidents(turn, run),
        "is_cut": len(entries) == MOST,
    }


def _entries(turn: Turn, run: Run, until: datetime) -> list[Entry]:
    mine = select(Entry).where(Entry.subject == f"run:{run.id}", col(Entry.at) <= until)
    return list(turn.session.exec(mine.order_by(col(Entry.seq)).limit(MOST)))


def _notices(turn: Turn, run: Run, until: datetime) -> list[Notice]:
    if not run.subject:
        return []
    sent = select(Notice).where(Notice.subject == run.subject, col(Notice.queued_at) <= until)
    sent = sent.where(col(Notice.queued_at) >= run.started_at)
    return list(turn.session.exec(sent.order_by(col(Notice.id)).limit(MOST)))


def _incidents(turn: Turn, run: Run) -> list[Incident]:
    mine = select(Incident).where(Incident.run_id == run.id)
    return list(turn.session.exec(mine.order_by(col(Incident.id))))


def _timeline(entries: list[Entry], notices: list[Notice]) -> Iterator[dict[str, Any]]:
    """The newest first; of what one instant did, the last first."""
    told: list[tuple[datetime, int, dict[str, Any]]] = []
    for n, entry in enumerate(entries):
        told.append((entry.at, n, {"at": entry.at, "entry": entry}))
    for n, notice in enumerate(notices, len(entries)):
        told.append((notice.queued_at, n, {"at": notice.queued_at, "notice": notice}))
    for _, _, line in sorted(told, key=lambda one: one[:2], reverse=True):
        yield line
