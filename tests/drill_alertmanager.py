"""python -m tests.drill_alertmanager: a real Alertmanager and Baton, which is killed in between.

On a demo region of its own. Prints what was tried and what came of it, and fails where anything
was lost, came twice, or did not end. The API is a process and is killed; what time does is done
here, and is told a time of its own, so that nobody waits.
"""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import Engine
from sqlmodel import col, select

from api.beginning import prepare
from records import Alarm, AlarmSource, Device, Person, Receipt, Ticket
from records.database import connect, open_session
from tasks.access import tokens
from tasks.network import alarm_sources, resync
from tests import real_alertmanager
from tests.real_alertmanager import Alertmanager
from workflows.schedule import jobs

WAIT = 60.0  # seconds for what comes over the network; a busy machine starts slowly
HELD = timedelta(minutes=6)  # longer than any hold-off


class Baton:
    """The API as a process; and the timed work of it, at a time that is said."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.ahead = engine, timedelta(0)
        with socket.create_server(("127.0.0.1", 0)) as door:
            self.port = door.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "api", "--only-api", "--port", str(self.port)]
        told = {"BATON_DATABASE_URL": self.engine.url.render_as_string(hide_password=False)}
        self.process = subprocess.Popen(command, env=os.environ | told)
        wait(lambda: _is_up(self.url), "Baton answers")

    def kill(self) -> None:
        if self.process:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None

    def work(self, ahead: timedelta = timedelta(0)) -> None:
        """All of the schedule, until nothing is left, so much later than before."""
        self.ahead += ahead
        for _ in range(50):
            now = datetime.now(UTC) + self.ahead
            if not sum(job.work(self.engine, now) for job in jobs().values()):
                return

    def rows(self, table: Any, *fits: Any) -> list[Any]:
        with open_session(self.engine, readonly=True) as session:
            return list(session.exec(select(table).where(*fits).order_by(table.id)))


def main() -> int:
    if real_alertmanager.PROGRAM is None:
        print(real_alertmanager.MISSING)
        return 2
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        baton = Baton(connect(f"sqlite:///{folder / 'drill.db'}"))
        token, devices = prepare_all(baton.engine)
        try:
            baton.start()
            hook = f"{baton.url}/api/alarm-sources/prometheus/receipts"
            with real_alertmanager.running(folder, hook, token, repeat="1s") as alertmanager:
                wrong = list(drill(baton, alertmanager, devices))
        finally:
            baton.kill()
            baton.engine.dispose()
    print(f"{len(wrong)} problems.")
    return 1 if wrong else 0


def drill(baton: Baton, alertmanager: Alertmanager, devices: list[str]) -> Iterator[str]:
    """What went wrong, step by step."""
    for step in (fires, repeats, survives_a_kill, resolves, resyncs):
        try:
            told = step(baton, alertmanager, devices)
        except AssertionError as error:
            print(f"WRONG {step.__name__}: {error}")
            yield str(error)
        else:
            print(f"ok    {step.__name__}: {told}")


def fires(baton: Baton, alertmanager: Alertmanager, devices: list[str]) -> str:
    alertmanager.tell(devices[0])
    wait(lambda: baton.rows(Receipt), "a delivery")
    baton.work()
    baton.work(HELD)
    [alarm] = baton.rows(Alarm, Alarm.object == devices[0])
    tickets = baton.rows(Ticket)
    expect(len(tickets) >= 1, f"a ticket for {devices[0]}: {alarm}")
    return f"{alarm.object} {alarm.cause}, ticket {tickets[0].number}"


def repeats(baton: Baton, alertmanager: Alertmanager, devices: list[str]) -> str:
    before, tickets = len(baton.rows(Receipt)), len(baton.rows(Ticket))
    wait(lambda: len(baton.rows(Receipt)) >= before + 2, "two repeats")
    baton.work()
    [alarm] = baton.rows(Alarm, Alarm.object == devices[0])
    expect(alarm.tally == 1, f"one report, not {alarm.tally}")
    expect(len(baton.rows(Ticket)) == tickets, "no ticket more")
    return f"{len(baton.rows(Receipt)) - before} more deliveries, one alarm, no ticket more"


def survives_a_kill(baton: Baton, alertmanager: Alertmanager, devices: list[str]) -> str:
    """Alertmanager tries again until it is answered."""
    baton.kill()
    alertmanager.tell(devices[1])
    time.sleep(1.5)
    baton.start()
    wait(lambda: _read(baton) and baton.rows(Alarm, Alarm.object == devices[1]), "what waited")
    found = baton.rows(Alarm, col(Alarm.object).in_(devices))
    expect(len(found) == 2, f"two alarms, not {len(found)}")
    return f"{devices[1]} came once Baton was back; nothing twice"


def resolves(baton: Baton, alertmanager: Alertmanager, devices: list[str]) -> str:
    for device in devices[:2]:
        alertmanager.tell(device, is_over=True)
    mine = col(Alarm.object).in_(devices[:2])
    active = col(Alarm.cleared_at).is_(None)
    wait(lambda: _read(baton) and not baton.rows(Alarm, mine, active), "both are over")
    before = len(baton.rows(Ticket))
    baton.work(HELD)
    expect(len(baton.rows(Ticket)) <= before, "no ticket for what is over")
    return f"both are over; tickets left to people: {before}"


def resyncs(baton: Baton, alertmanager: Alertmanager, devices: list[str]) -> str:
    """One that it lists and never sent; and one that we have and it no longer lists."""
    alertmanager.tell(devices[2], route="nobody")
    with open_session(baton.engine) as session:
        source = alarm_sources.find_source(session, "prometheus")
        source.resync_url = f"{alertmanager.url}/api/v2/alerts"
        resync.want(session, source, why="hand", by="mei", now=datetime.now(UTC))
    baton.work()
    [found] = baton.rows(Alarm, Alarm.object == devices[2])
    expect(found.cleared_at is None, "what was listed is active")
    alertmanager.tell(devices[2], is_over=True, route="nobody")
    baton.work(resync.EVERY)
    baton.work(resync.CONFIRM)
    [over] = baton.rows(Alarm, Alarm.object == devices[2])
    expect(over.cleared_at == over.missing_at is not None, "what two lists lacked is over")
    [source] = baton.rows(AlarmSource)
    return f"{devices[2]} was found by its list, and ended by it; {source.resync or 'in step'}"


def prepare_all(engine: Engine) -> tuple[str, list[str]]:
    """A source, its account's token, and three devices of three sites."""
    prepare(engine)
    now = datetime.now(UTC)
    with open_session(engine) as session:
        people = {one.login: one for one in session.exec(select(Person))}
        root = next(one for one in people.values() if "administrator" in one.roles)
        sender = Person(login="am", name="Alertmanager", roles=["source"], created_at=now)
        session.add(sender)
        session.flush()
        told = {"name": "Prometheus", "sender": "am"}
        alarm_sources.put(session, "prometheus", "alertmanager", told, by=root, now=now)
        given: dict[str, Any] = {"name": "am", "scopes": ["alarms:send"], "days": 1}
        _, secret = tokens.create_token(session, sender, by=sender, now=now, **given)
        rows = select(Device).where(Device.kind == "aggregation").order_by(Device.code)
        sites = {device.site_id: device.code for device in session.exec(rows)}
    return secret, list(sites.values())[:3]


def wait(until: Callable[[], Any], what: str) -> None:
    end = time.monotonic() + WAIT
    while not until():
        expect(time.monotonic() < end, f"{what} did not come within {WAIT:.0f} s")
        time.sleep(0.1)


def expect(is_so: Any, what: str) -> None:
    if not is_so:
        raise AssertionError(what)


def _read(baton: Baton) -> bool:
    jobs()["read deliveries"].work(baton.engine, datetime.now(UTC) + baton.ahead)
    return True


def _is_up(url: str) -> bool:
    try:
        return httpx.get(f"{url}/api/health").is_success
    except httpx.HTTPError:
        return False


if __name__ == "__main__":
    sys.exit(main())
