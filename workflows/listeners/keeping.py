"""Takes what arrived, reads its envelope, keeps hundreds in one transaction. For listening.py.

An inform is answered when it has been kept, never before.
"""

import itertools
import logging
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

import orjson
from sqlalchemy import Engine
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, StatementError

from records.database import open_session
from tasks.network import arrivals
from workflows.listeners import snmp
from workflows.listeners.ber import Unreadable
from workflows.listeners.settings import Senders
from workflows.listeners.waiting import Arrival, Waiting

BATCH = 500  # in one transaction
EVERY = 0.2  # seconds
AGAIN = 1.0  # seconds until a database that is away is tried again
LARGEST = 65_536
REFUSED = 200  # what cannot be read or is nobody's: so many a minute are kept, the rest is counted
Answer = Callable[[bytes, tuple[str, int]], None]

log = logging.getLogger(__name__)


class Keeper(threading.Thread):
    """Until `stop`, and then to the last that waits."""

    def __init__(
        self,
        engine: Engine,
        waiting: Waiting,
        senders: Senders,
        stop: threading.Event,
        *,
        read_v3: snmp.Read | None = None,
        answers: Mapping[int, Answer] | None = None,
    ) -> None:
        super().__init__(name="keeper of what was heard", daemon=True)
        self.engine, self.waiting, self.senders, self.stop = engine, waiting, senders, stop
        self.read_v3, self.answers = read_v3, answers or {}  # port: how to answer there
        self.kept = self.refused = self.uncounted = self.failed = 0
        self.lag = 0.0  # seconds from the socket to the disk, the worst
        self.keys, self.series = itertools.count(1), secrets.token_hex(4)
        self.minute, self.in_minute = 0, 0

    def run(self) -> None:
        while True:
            is_last = self.stop.wait(EVERY)
            while arrived := self.waiting.take(BATCH):
                try:
                    self._keep(arrived)
                except Exception:  # a fault of ours must not stop what comes after
                    self.failed += len(arrived)
                    log.exception("Not kept: %r", [one.body[:2_000] for one in arrived])
            if is_last:
                return

    def _keep(self, arrived: Sequence[Arrival]) -> None:
        told: list[arrivals.Heard] = []
        replies: list[tuple[Arrival, list[bytes]]] = []
        for arrival in arrived:
            found, answers = self._read(arrival)
            if found and self._may_keep(found):
                told.append(found)
            replies.append((arrival, answers))
        if self._store(told):
            self._answer(replies)
        late = (datetime.now(UTC) - arrived[0].at).total_seconds()
        self.lag = max(self.lag, late)

    def _read(self, arrival: Arrival) -> tuple[arrivals.Heard | None, list[bytes]]:
        if arrival.kind == "syslog":
            return self._read_line(arrival), []
        agent = arrival.sender[0]
        try:
            heard = snmp.read(arrival.body, agent, arrival.at, self.read_v3)
        except Unreadable as error:
            return self._refuse(arrival, (error.zh, error.en)), []
        except Exception as error:  # a hostile datagram must not end it
            log.exception("A datagram of %s cannot be read", agent)
            return self._refuse(arrival, (f"读不懂:{error}", f"cannot be read: {error}")), []
        if heard.told is None:
            return self._refuse(arrival, heard.refusal) if heard.refusal else None, heard.replies
        source = self._source(arrival, heard.community, heard.user)
        body = orjson.dumps(heard.told)
        told = self._tell(
            arrival, source, body, "application/json", self._stranger(source, arrival)
        )
        return told, heard.replies

    def _read_line(self, arrival: Arrival) -> arrivals.Heard | None:
        body = arrival.body.rstrip(b"\r\n\0")
        note = "cut" if len(body) > LARGEST else arrival.note
        if not body.strip():
            return None
        source = self._source(arrival)
        told = "text/plain" + (f"; note={note}" if note else "")
        refusal = self._stranger(source, arrival)
        return self._tell(arrival, source, body[:LARGEST], told, refusal)

    def _source(self, arrival: Arrival, community: str = "", user: str = "") -> str:
        sender = arrival.sender[0]
        return self.senders.source_of(arrival.kind, sender, community, user, arrival.port)

    def _stranger(self, source: str, arrival: Arrival) -> tuple[str, str] | None:
        sender = arrival.sender[0]
        zh = f"发送方 {sender} 不属于任何告警源:请在 BATON_LISTEN 中登记;确是告警可重放"
        en = f"{sender} is of no source: enter it in BATON_LISTEN; replay what is an alarm"
        return None if source else (zh, en)

    def _refuse(self, arrival: Arrival, why: tuple[str, str]) -> arrivals.Heard:
        return self._tell(arrival, "", arrival.body, "application/octet-stream", why)

    def _tell(
        self,
        arrival: Arrival,
        source: str,
        body: bytes,
        content_type: str,
        refusal: tuple[str, str] | None,
    ) -> arrivals.Heard:
        address = f"{arrival.sender[0]}:{arrival.sender[1]}"
        return arrivals.Heard(
            kind=arrival.kind,
            source=source or arrivals.UNKNOWN[arrival.kind][0],
            body=body,
            content_type=f"{content_type}; sender={address}",
            at=arrival.at,
            key=f"{address} {self.series}-{next(self.keys)}",
            refusal=refusal,
        )

    def _may_keep(self, told: arrivals.Heard) -> bool:
        """Whoever floods us with rubbish must not fill the disk."""
        if told.refusal is None:
            return True
        minute = int(time.monotonic() // 60)
        if minute != self.minute:
            self.minute, self.in_minute = minute, 0
        self.in_minute += 1
        self.uncounted += self.in_minute > REFUSED
        return self.in_minute <= REFUSED

    def _store(self, told: Sequence[arrivals.Heard]) -> bool:
        """However long the database is away. One that it will not take is logged, by itself."""
        while told:
            try:
                with open_session(self.engine) as session:
                    waiting = arrivals.keep_all(session, told)
            except Exception as error:
                if _is_about_a_row(error):
                    return self._store_singly(told, error)
                log.error("Nothing can be kept: %s", str(error).splitlines()[0])
                time.sleep(AGAIN)
            else:
                self.kept += waiting
                self.refused += len(told) - waiting
                return True
        return True

    def _store_singly(self, told: Sequence[arrivals.Heard], why: Exception) -> bool:
        if len(told) > 1:
            return all([self._store([one]) for one in told])
        self.failed += 1
        log.error("Not kept (%s), of %s: %r", why, told[0].content_type, told[0].body[:2_000])
        return False

    def _answer(self, replies: Sequence[tuple[Arrival, list[bytes]]]) -> None:
        for arrival, answers in replies:
            for reply in answers:
                self.answers[arrival.port](reply, arrival.sender)


def _is_about_a_row(error: Exception) -> bool:
    """Else it is the database that is away, full or locked: what waits, waits on."""
    if isinstance(error, DBAPIError):
        return isinstance(error, DataError | IntegrityError)
    return isinstance(error, StatementError | ValueError | TypeError)
