"""Deliveries of alarms: kept as they came before the answer, read afterwards, replayed.

`keep` is called by the door and by listeners; `waiting`, `read` and `settle` by the parser
(workflows/receipts.py), which reads outside of any transaction. How each form is read:
alarm_formats/; how a source is doing: alarm_sources.py.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import bindparam, update
from sqlmodel import Session, col, select

from records import AlarmSource, Person, Receipt, history
from records.policies import Policed
from tasks import policies
from tasks.access.people import require
from tasks.network import alarm_formats, alarm_sources, alarms, resync
from tasks.network.alarm_formats.reading import CHARSETS, Given, Parsed
from tasks.network.alarms import Report
from tasks.refusals import Conflict, wrong

LARGEST = 12 * 1024 * 1024  # bytes of one delivery
BATCH, BATCH_BYTES = 500, 16 * 1024 * 1024  # of one source, read in one go
_DONE = (
    update(Receipt)
    .where(col(Receipt.id) == bindparam("of"))
    .values({name: bindparam(name) for name in ("state", "alarms", "parsed_at")})
    .values(error_zh=bindparam("zh"), error_en=bindparam("en"))
)


def keep(
    session: Session,
    source: AlarmSource,
    body: bytes,
    content_type: str,
    now: datetime,
    *,
    delivery: str = "",
    is_complete: bool = False,
    key: str = "",
) -> Receipt:
    """Store what came. `delivery` is the sender's own id of it: the same again is the same receipt,
    unless it says something else; who counts from 1 after each start loses nothing.

    The same bytes without an id are a receipt of their own, and a sign of life; the alarms in them
    are no news, as each is known by its id and its time. With `is_complete` it is all that is
    active at the source: resync.py.
    """
    if len(body) > LARGEST:
        most = LARGEST // 1024 // 1024
        raise wrong("body", f"一次最多 {most} MB,请分批", f"At most {most} MB: send several")
    if len(delivery) > 200 or not delivery.isprintable():
        raise wrong("delivery", "须为最多 200 个可见字符", "has at most 200 visible characters")
    key = key or hashlib.sha256(body).hexdigest()
    return (_find_same(session, source, delivery, key) if delivery else None) or _add(
        session,
        source_id=source.id,
        received_at=now,
        content_type=content_type.replace("\0", "")[:200],
        body=body,
        size=len(body),
        key=key,
        is_complete=is_complete,
        delivery=delivery or None,
    )


def replay(
    session: Session,
    receipt: Receipt,
    *,
    by: Person,
    now: datetime,
    charset: str = "",
    corrected: bytes | None = None,
) -> None:
    """Read it anew, in another charset or as corrected; what came is kept beside that."""
    require(by, "alarms:replay")
    if receipt.state == "waiting":
        raise Conflict(
            f"接收记录 {receipt.id} 正在等待解析,请稍候",
            f"Receipt {receipt.id} waits to be read already: wait a moment",
        )
    if charset:
        alarm_sources.check_charset(charset)
    if corrected is not None and len(corrected) > LARGEST:
        raise wrong("corrected", "太长", "is too long")
    receipt.charset = charset or receipt.charset
    receipt.corrected = corrected if corrected is not None else receipt.corrected
    receipt.state, receipt.replays = "waiting", receipt.replays + 1
    told = {"receipt": receipt.id, "charset": charset, "is_corrected": corrected is not None}
    source = session.get_one(AlarmSource, receipt.source_id)
    subject = f"alarm source:{source.key}"
    history.record(session, "replayed", subject=subject, by=by.login, at=now, **told)


def encode(corrected: str | None, charset: str) -> bytes | None:
    """A corrected body, as the source would have sent it."""
    if charset:
        alarm_sources.check_charset(charset)
    if corrected is None:
        return None
    try:
        return corrected.encode(CHARSETS[charset].removesuffix("-sig"))
    except UnicodeEncodeError:
        raise wrong(
            "corrected",
            f"有字符集 {charset} 没有的字,请换用 utf-8",
            f"has characters that {charset} has not: choose utf-8",
        ) from None


def sources_waiting(session: Session) -> list[int]:
    """Sources with a delivery that waits, in no order of importance."""
    waits = select(Receipt.id).where(
        Receipt.source_id == AlarmSource.id, Receipt.state == "waiting"
    )
    rows = select(AlarmSource.id).where(waits.exists()).order_by(col(AlarmSource.id))
    return list(session.exec(rows))


def waiting(session: Session, source_id: int) -> list[Receipt]:
    """The oldest that wait, as many as fit into memory; one at least, however large."""
    of_source = col(Receipt.source_id) == source_id, col(Receipt.state) == "waiting"
    rows = select(Receipt.id, Receipt.size).where(*of_source).order_by(col(Receipt.id)).limit(BATCH)
    keys: list[int] = []
    total = 0
    for key, size in session.exec(rows):
        total += size
        if keys and total > BATCH_BYTES:
            break
        keys.append(key)
    found = select(Receipt).where(col(Receipt.id).in_(keys)).order_by(col(Receipt.id))
    return list(session.exec(found))


def read(source: AlarmSource, receipt: Receipt, mappings: Policed | None = None) -> Parsed:
    """What it says, by these mappings (`mappings_for`), or by those that came with Baton.

    Never raises: what cannot be read is told in `Parsed.refusal`.
    """
    given = Given(
        source=source.key,
        now=receipt.received_at,
        zone=source.zone,
        mapping=source.mapping,
        mappings=mappings,
        devices=source.devices,
        receipt_id=receipt.id,
    )
    body = receipt.body if receipt.corrected is None else receipt.corrected
    return alarm_formats.parse(source.kind, body, receipt.charset or source.charset, given)


def mappings_for(session: Session, source: AlarmSource) -> Policed | None:
    """How this vendor's traps or lines are read now; None where the form says all."""
    is_mapped = source.kind in alarm_sources.MAPPED
    return policies.current(session, source.kind) if is_mapped else None


def settle(
    session: Session,
    source: AlarmSource,
    told: Sequence[tuple[Receipt, Parsed]],
    *,
    now: datetime,
) -> int:
    """Keep the alarms of these deliveries, in their order, and what they tell of the source."""
    now = max(now, *(receipt.received_at for receipt, _ in told))  # by another machine's clock
    for is_complete, together in groupby(told, lambda one: one[0].is_complete):
        if is_complete:
            for receipt, parsed in together:
                resync.reconcile(session, source, receipt, parsed, now=now)
        else:
            _receive(session, [report for _, parsed in together for report in parsed.reports], now)
    session.connection().execute(_DONE, [_row(receipt, parsed, now) for receipt, parsed in told])
    alarm_sources.note(session, source, told, now=now)
    return sum(len(parsed.reports) for _, parsed in told)


def reject(session: Session, receipt: Receipt, zh: str, en: str, *, now: datetime) -> None:
    """It cannot be kept as alarms: for an operator to look at."""
    receipt.state, receipt.error_zh, receipt.error_en = "rejected", zh[:2_000], en[:2_000]
    receipt.parsed_at = now


def _receive(session: Session, reports: Sequence[Report], now: datetime) -> None:
    for start in range(0, len(reports), alarms.MOST):
        alarms.receive(session, reports[start : start + alarms.MOST], now=now)


def _row(receipt: Receipt, parsed: Parsed, now: datetime) -> dict[str, Any]:
    zh, en = parsed.refusal or ("", "")
    return {
        "of": receipt.id,
        "state": "rejected" if parsed.refusal else "parsed",
        "zh": zh[:2_000],
        "en": en[:2_000],
        "alarms": len(parsed.reports),
        "parsed_at": now,
    }


def _find_same(session: Session, source: AlarmSource, delivery: str, key: str) -> Receipt | None:
    mine = select(Receipt).where(
        Receipt.source_id == source.id, Receipt.delivery == delivery, Receipt.key == key
    )
    return session.exec(mine.order_by(col(Receipt.id)).limit(1)).first()


def _add(session: Session, **values: Any) -> Receipt:
    receipt = Receipt(**values)
    session.add(receipt)
    session.flush()
    return receipt
