"""What listeners heard, kept as receipts, hundreds in one statement. Called by
workflows/listeners/keeping.py.

A line or a trap is never taken for a second try of the one before it, as over HTTP it is: there are
none, and of equal ones each counts. What receipts are: receipts.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlmodel import Session, col, select

from records import AlarmSource, Receipt

UNKNOWN = {  # where goes what no source is known for
    "snmp": ("unknown-snmp", "来历不明的 SNMP", "SNMP of unknown senders"),
    "syslog": ("unknown-syslog", "来历不明的 Syslog", "Syslog of unknown senders"),
}


@dataclass(frozen=True, slots=True)
class Heard:
    """`source` is the key of an AlarmSource. What has a refusal is kept to be looked at only."""

    kind: str  # snmp, syslog
    source: str
    body: bytes
    content_type: str
    at: datetime
    key: str  # no other has it
    refusal: tuple[str, str] | None = None


def keep_all(session: Session, heard: Sequence[Heard]) -> int:
    """Each is a receipt from now on; how many wait to be read, the others being refused."""
    sources = _sources(session, heard)
    rows = [_row(one, sources) for one in heard]
    if rows:
        session.connection().execute(insert(Receipt), rows)
    return sum(row["state"] == "waiting" for row in rows)


def _row(one: Heard, sources: dict[tuple[str, str], int]) -> dict[str, Any]:
    source, refusal = sources.get((one.kind, one.source)), one.refusal
    if source is None:
        source = sources[one.kind, UNKNOWN[one.kind][0]]
        refusal = refusal or (
            f"没有名为“{one.source}”、种类为 {one.kind} 的启用的告警源:请建立后重放",
            f"No active source “{one.source}” of kind {one.kind}: set it up, then replay",
        )
    zh, en = (why.replace("\0", "")[:2_000] for why in refusal or ("", ""))
    return {
        "source_id": source,
        "received_at": one.at,
        "content_type": one.content_type[:200],
        "body": one.body,
        "size": len(one.body),
        "key": f"id:{one.key}"[:200],
        "state": "rejected" if refusal else "waiting",
        "error_zh": zh,
        "error_en": en,
        "parsed_at": one.at if refusal else None,
        "alarms": 0,
        "charset": "",
        "replays": 0,
    }


def _sources(session: Session, heard: Sequence[Heard]) -> dict[tuple[str, str], int]:
    """(kind, key) → id, with those for the unknown, which are made when they are first needed."""
    unknown = {UNKNOWN[one.kind][0]: one.kind for one in heard}
    wanted = unknown.keys() | {one.source for one in heard}
    rows = select(AlarmSource).where(col(AlarmSource.key).in_(wanted))
    found = {(row.kind, row.key): row.id for row in session.exec(rows) if row.is_active}
    for key, kind in unknown.items():
        if (kind, key) not in found:
            found[kind, key] = _make_unknown(session, kind, at=heard[0].at)
    return found


def _make_unknown(session: Session, kind: str, *, at: datetime) -> int:
    key, zh, en = UNKNOWN[kind]
    there = session.exec(select(AlarmSource).where(AlarmSource.key == key)).first()
    if there is None:
        there = AlarmSource(key=key, name=zh, name_en=en, kind=kind, created_at=at)
        session.add(there)
        session.flush()
    return there.id
