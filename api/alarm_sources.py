"""JSON: sources of alarms. What each delivers is kept before the answer (202) and read afterwards;
how each is doing; what could not be read, to be looked at and replayed.
"""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import BaseModel, Field
from sqlmodel import col, select

from api.deps import Given, Id, Turn, allow, make_router
from api.paging import Asked, Page, narrow, page
from records import AlarmSource, Person, Receipt
from tasks.network import alarm_sources, receipts, resync
from tasks.network.alarm_formats.reading import CHARSETS, decode_shown
from tasks.refusals import NotFound

router = make_router("alarm-sources")
SORTS = {"key": (col(AlarmSource.key),)}
RECEIPT_SORTS = {"id": (col(Receipt.id),)}
FILTERS = {"kind": col(AlarmSource.kind)}
SHOWN = 200_000  # characters of a body
DELIVERY = ("idempotency-key", "webhook-id", "x-delivery-id")
COLUMNS = [
    getattr(Receipt, name)
    for name in (
        *("id", "received_at", "content_type", "size", "state", "error_zh", "error_en"),
        *("alarms", "parsed_at", "charset", "replays", "is_complete"),
    )
]


class SourceGiven(Given):
    """What is left out stays as it is."""

    kind: Literal["alertmanager", "tmf642", "omc", "snmp", "syslog", "csv"]
    name: str = Field("", max_length=100, examples=["东区 OMC"])
    name_en: str = Field("", max_length=100, examples=["OMC east"])
    charset: str = Field("utf-8", description=", ".join(CHARSETS))
    zone: str = Field("Asia/Shanghai", description="Of times told without one")
    mapping: str = Field("", description="One of the policy snmp or syslog; else found by itself")
    devices: dict[str, str] = Field({}, description="Its name or address of a device: our code")
    heartbeat_seconds: int | None = Field(None, description="A sign of life is due so often")
    is_active: bool = True
    sender: str = Field("", max_length=40, description="The only login that may send; else any")
    resync_url: str = Field(
        "",
        max_length=1_000,
        description="Where it lists all that is active, for alertmanager, tmf642 and omc",
        examples=["http://am:9093/api/v2/alerts?receiver=baton"],
    )
    resync_token: str = Field("", max_length=4_000, description="Sent there; never shown")


class SourceShown(BaseModel):
    key: str
    name: str
    name_en: str
    kind: str
    charset: str
    zone: str
    mapping: str
    devices: dict[str, str]
    heartbeat_seconds: int | None
    is_active: bool
    sender: str
    state: Literal["ok", "silent", "new", "off"]
    last_seen_at: datetime | None
    waiting: int = Field(description="Deliveries that are not read yet")
    lag_seconds: float = Field(description="How long the oldest of them waits, or the last waited")
    skew_seconds: float | None = Field(
        description="Median of received - raised; < 0: its clock is ahead"
    )
    rejected_day: int = Field(description="Deliveries of the last 24 hours that could not be read")
    receipts: int
    alarms: int
    rejected: int
    last_sequence: int | None
    gaps: dict[str, Any] = Field(description="Numbers that never came; alerts that were cut off")
    gap_at: datetime | None = Field(description="Since when something is missing")
    gap_ticket_id: int | None = Field(description="The ticket about that, once it has stayed")
    resync: Literal["", "wanted", "running"]
    resync_url: str
    has_resync_token: bool
    resync_at: datetime | None = Field(description="When it is asked next for all that is active")
    resync_error: str = Field(description="Why it told nothing, the last time")
    resync_failures: int = Field(description="How often, one time after the other")
    synced_at: datetime | None = Field(description="When it last told all that is active")
    silent_at: datetime | None
    ticket_id: int | None = Field(description="The last ticket about its silence")


class SourceFilter(Asked):
    kind: str | None = None


class Kept(BaseModel):
    receipt: int
    resend: list[list[int]] = Field(description="Numbers that never came, [from, to]: send them")


class ReceiptShown(BaseModel):
    id: int
    received_at: datetime
    content_type: str
    size: int
    state: Literal["waiting", "parsed", "rejected"]
    error_zh: str
    error_en: str
    is_complete: bool = Field(description="All that was active at the source then")
    alarms: int = Field(description="Taken from it, also where a part could not be read")
    parsed_at: datetime | None
    charset: str = Field(description="Of a replay; else the source's")
    replays: int


class ReceiptRead(ReceiptShown):
    text: str = Field(description="As it came; � where it is not of the charset")
    is_garbled: bool
    is_cut: bool = Field(description=f"Longer than the {SHOWN} characters that are shown")
    corrected: str | None = Field(description="What an operator put in its place")


class ReceiptFilter(Asked):
    state: Literal["waiting", "parsed", "rejected"] | None = None


class Replay(Given):
    charset: str = Field("", examples=["gbk"])
    corrected: str | None = Field(None, max_length=1_000_000, description="Is read instead")


@router.get("")
def index(
    asked: Annotated[SourceFilter, Query()], turn: Turn = allow("alarms:read")
) -> Page[SourceShown]:
    rows = narrow(select(AlarmSource), asked, FILTERS)
    return page(
        turn.session, rows, asked, sorts=SORTS, default="key", show=lambda one: _show(turn, one)
    )


@router.get("/{key}")
def show(key: str, turn: Turn = allow("alarms:read")) -> SourceShown:
    return _show(turn, alarm_sources.find_source(turn.session, key))


@router.put("/{key}")
def put(
    key: str, given: SourceGiven, turn: Turn = allow("alarm-sources:administer")
) -> SourceShown:
    told = given.model_dump(exclude={"kind"}, exclude_unset=True)
    by, now = turn.person, turn.now
    return _show(turn, alarm_sources.put(turn.session, key, given.kind, told, by=by, now=now))


@router.post("/{key}/resync", status_code=202)
def ask(key: str, turn: Turn = allow("alarms:replay")) -> SourceShown:
    """Have it asked for all that is active, now."""
    source = alarm_sources.find_source(turn.session, key)
    resync.want_by_hand(turn.session, source, by=turn.person, now=turn.now)
    return _show(turn, source)


@router.post("/{key}/receipts", status_code=202)
def deliver(
    key: str,
    is_complete: Annotated[
        bool, Query(alias="complete", description="All that is active: what is not in it is over")
    ] = False,
    turn: Turn = allow("alarms:send", raw=True),
) -> Kept:
    """Whatever the source sends, in its own form. An empty body is a sign of life."""
    source = alarm_sources.find_source(turn.session, key)
    alarm_sources.require_sender(source, turn.person)
    headers = turn.request.headers
    delivery = next((headers[name] for name in DELIVERY if headers.get(name)), "")
    kind = headers.get("content-type", "")
    told: dict[str, Any] = {"delivery": delivery, "is_complete": is_complete}
    receipt = receipts.keep(turn.session, source, turn.body, kind, turn.now, **told)
    return Kept(receipt=receipt.id, resend=alarm_sources.missing(source))


@router.get("/{key}/receipts")
def list_receipts(
    key: str, asked: Annotated[ReceiptFilter, Query()], turn: Turn = allow("alarms:read")
) -> Page[ReceiptShown]:
    source = alarm_sources.find_source(turn.session, key)
    rows = select(*COLUMNS).where(col(Receipt.source_id) == source.id)
    rows = narrow(rows, asked, {"state": col(Receipt.state)})
    return page(turn.session, rows, asked, sorts=RECEIPT_SORTS, default="-id", show=_show_columns)


@router.get("/{key}/receipts/{id}")
def show_receipt(key: str, id: Id, turn: Turn = allow("alarms:replay")) -> ReceiptRead:
    """With its body, which may name customers: for those who may replay it."""
    source, receipt = _find(turn, key, id)
    text, is_garbled = decode_shown(receipt.body, receipt.charset or source.charset)
    corrected = receipt.corrected
    return ReceiptRead(
        **_show_receipt(receipt).model_dump(),
        text=text[:SHOWN],
        is_garbled=is_garbled,
        is_cut=len(text) > SHOWN,
        corrected=None if corrected is None else corrected.decode(errors="replace")[:SHOWN],
    )


@router.post("/{key}/receipts/{id}/replay", status_code=202)
def replay(key: str, id: Id, given: Replay, turn: Turn = allow("alarms:replay")) -> ReceiptShown:
    """Read it anew, in another charset or as corrected. What it told already is no news."""
    source, receipt = _find(turn, key, id)
    charset = given.charset or receipt.charset or source.charset
    receipts.replay(
        turn.session,
        receipt,
        charset=given.charset,
        corrected=receipts.encode(given.corrected, charset),
        by=turn.person,
        now=turn.now,
    )
    turn.session.flush()
    return _show_receipt(receipt)


def _find(turn: Turn, key: str, id: int) -> tuple[AlarmSource, Receipt]:
    source = alarm_sources.find_source(turn.session, key)
    receipt = turn.session.get(Receipt, id)
    if receipt is None or receipt.source_id != source.id:
        raise NotFound(f"“{key}”没有接收记录 {id}", f"“{key}” has no receipt {id}")
    return source, receipt


def _show(turn: Turn, source: AlarmSource) -> SourceShown:
    told = source.model_dump() | vars(alarm_sources.health(turn.session, source, now=turn.now))
    sender = turn.session.get(Person, source.person_id) if source.person_id else None
    told["has_resync_token"] = bool(source.resync_token)
    return SourceShown.model_validate(told | {"sender": sender.login if sender else ""})


def _show_columns(*values: Any) -> ReceiptShown:
    return ReceiptShown(
        **{column.key: value for column, value in zip(COLUMNS, values, strict=True)}
    )


def _show_receipt(receipt: Receipt) -> ReceiptShown:
    return ReceiptShown(**{column.key: getattr(receipt, column.key) for column in COLUMNS})
