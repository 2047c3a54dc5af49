"""How well alarms become tickets: a recorded trace, and storms whose truth is known.

python -m workflows score FILE: in databases of its own, gone afterwards, through the verbs and jobs
of the server (rehearsal.py). What is printed is worked out in judging.py.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from sqlite3 import Connection
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine, event
from sqlmodel import Session, col, func, select

from records import Alarm, Ticket
from records.database import connect, migrate, open_session
from records.progress import Progress, show_progress
from records.region import seed
from records.region.messages import Message, callers, hum, tell, together
from records.region.storms import Storm, make_storms
from records.region.terrain import Terrain
from tasks.faults import told_first
from tasks.network import alarm_rules, alarms
from workflows import judging, rehearsal
from workflows.judging import Judge
from workflows.replay import SEVERITY, lay_over
from workflows.traces import Line, read_trace

BEGINS = datetime(2026, 3, 11, tzinfo=UTC)  # a Wednesday, eight in the morning in Shanghai
QUICK, SLOW = 1.0, 10.0  # seconds between two looks at storms: while one is new, else
TRACE = 30.0  # and at the trace, which has six days
AFTER = 900.0  # seconds from the last repair until all is judged
EARLY = 60.0  # seconds from the beginning of a window to the work, and from its end
SOURCE = "ems"
NOWHERE = "smtp://nowhere.invalid:25"
SHOWN = 12  # wrong tickets
Rows = list[tuple[str, str]]

console = Console()


def score(
    path: Path, *, size: str, storms: int, edition: str = "", hours: float = 0
) -> dict[str, Rows]:
    """Play both, and print a table for each as soon as it is known."""
    trace = read_trace(path)
    if hours:
        trace = [line for line in trace if line.start < trace[0].start + hours * 3_600]
    os.environ.setdefault("BATON_SMTP", NOWHERE)  # notices may leave, and none does
    with show_progress() as show, _region(size, show) as engine:
        of_storms, cases = play_storms(engine, storms, edition, show)
    _print("Storms", of_storms, cases)
    with show_progress() as show, _region(size, show) as engine:
        of_trace = play_trace(engine, trace, show)
    _print("Trace", of_trace)
    return {"storms": of_storms, "trace": of_trace}


def play_storms(engine: Engine, count: int, edition: str, show: Progress) -> tuple[Rows, Table]:
    with open_session(engine, readonly=True) as session:
        terrain = Terrain(session)
        rules = alarm_rules.current(session)
    storms = make_storms(terrain, count, edition=edition)
    ends = max(storm.ends for storm in storms) + AFTER
    told = [tell(storm) for storm in storms]
    judge = Judge(storms, {one.number: _due(one, told[n], rules) for n, one in enumerate(storms)})
    stream = list(together(*told, hum(terrain, ends)))
    calls = sorted(call for storm in storms for call in callers(storm))
    _plan_works(engine, storms)
    _play(engine, stream, calls, storms, judge, show)
    with open_session(engine, readonly=True) as session:
        verdict = judging.judge(session, storms)
        rows = _counted(session, sum(not one.is_clear for one in stream))
        return rows + _judged(session, judge, verdict), _cases(session, judge, verdict)


def play_trace(engine: Engine, trace: Sequence[Line], show: Progress) -> Rows:
    """As recorded. Nobody knows its roots; nobody works on the tickets."""
    objects = lay_over(engine, list(trace))
    reports = _recorded(trace, objects)
    ends = reports[-1].raised_at + timedelta(seconds=AFTER)
    at, shift = 0, rehearsal.Shift(engine)
    for now in rehearsal.moments(BEGINS, ends, [], quick=TRACE, slow=TRACE):
        first = at
        while at < len(reports) and reports[at].raised_at <= now:
            at += 1
        rehearsal.hand_in(engine, reports[first:at], now)
        shift.tick(now)
        _tell(show, "Trace: alarms in", first, at, len(reports))
    with open_session(engine, readonly=True) as session:
        return _counted(session, len(trace))


def _play(
    engine: Engine,
    stream: list[Message],
    calls: list[tuple[float, int, float]],
    storms: list[Storm],
    judge: Judge,
    show: Progress,
) -> None:
    busy = [_at(storm.begins) for storm in storms]
    ends = _at(max(storm.ends for storm in storms) + AFTER)
    at, shift = 0, rehearsal.Shift(engine)
    for now in rehearsal.moments(BEGINS, ends, busy, quick=QUICK, slow=SLOW):
        first = at
        while at < len(stream) and _at(stream[at].at) <= now:
            at += 1
        rehearsal.hand_in(engine, [_report(one) for one in stream[first:at]], now)
        shift.tick(now)
        while calls and _at(calls[0][0]) <= now:
            _, circuit, since = calls.pop(0)
            rehearsal.call(engine, rehearsal.Call(circuit, _at(since)), now)
        with open_session(engine, readonly=True) as session:
            judge.look(session, now)
        _tell(show, "Storms: alarms in", first, at, len(stream))


def _tell(show: Progress, stage: str, before: int, now: int, total: int) -> None:
    if now > before:
        show(stage, now, total)


def _plan_works(engine: Engine, storms: list[Storm]) -> None:
    for storm in storms:
        if storm.shields:
            window = _at(storm.begins - EARLY), _at(storm.ends + EARLY)
            rehearsal.plan_work(engine, storm.shields, *window, now=BEGINS)


def _due(storm: Storm, told: list[Message], rules: alarm_rules.Rules) -> datetime:
    """When the first of its alarms that arrived has been held off long enough."""
    raised = [one for one in told if not one.is_clear]
    if storm.flaps:
        raised = raised[rules.flaps - 1 :]
    return min(_at(one.at) + rules.hold_off(one.cause) for one in raised)


def _print(title: str, rows: Rows, *tables: Table) -> None:
    table = Table("", "", title=title, show_header=False)
    for row in rows:
        table.add_row(*row)
    console.print(*tables, table)


def _counted(session: Session, reports: int) -> Rows:
    parents = (Ticket.source == "alarm", col(Ticket.parent_id).is_(None))
    tickets = session.exec(select(func.count()).select_from(Ticket).where(*parents)).one()
    rows = session.exec(select(func.count()).select_from(Alarm)).one()
    return [
        ("reports of alarms", f"{reports:,}"),
        ("alarms", f"{rows:,}"),
        ("tickets", f"{tickets:,}"),
        ("reports per ticket", f"{reports / max(1, tickets):,.1f}"),
        ("tickets that a repeat or flap opened wrongly", f"{judging.opened_again(session)}"),
    ]


def _judged(session: Session, judge: Judge, verdict: judging.Verdict) -> Rows:
    told = told_first.share(session, BEGINS, BEGINS + timedelta(days=30))
    found = verdict.right.values()
    known, opened = (
        [seconds for one in found if (seconds := judge.seconds(one, at)) is not None]
        for at in (judge.known_at, judge.opened_at)
    )
    return [
        ("root cause, recall", f"{verdict.recall:.1%} of {verdict.wanted}"),
        ("root cause, precision", f"{verdict.precision:.1%}"),
        ("first correct root, after the hold-off", judging.half(known)),
        ("its ticket, which the table may hold back", judging.half(opened)),
        ("customers told first", f"{told.share or 0:.1%} of {told.tickets:,}"),
    ]


def _cases(session: Session, judge: Judge, verdict: judging.Verdict) -> Table:
    table = Table("storm", "its root", "ticket", "seconds", "taken for", title="Case by case")
    tickets = {storm.number: key for key, storm in verdict.right.items()}
    for storm in judge.storms:
        key, seconds = tickets.get(storm.number), judge.seconds(storm, judge.known_at)
        root = min(storm.roots)
        table.add_row(
            storm.kind,
            f"{root[0]} {root[1]}" if storm.expects != "none" else "none",
            str(key or ""),
            "" if seconds is None else f"{seconds:.1f}",
            "" if key else judging.instead(session, storm),
        )
    for key, (kind, name) in list(verdict.wrong.items())[:SHOWN]:
        table.add_row("none", "", str(key), "", f"{kind} {name}")
    if len(verdict.wrong) > SHOWN:
        table.add_row("", "", f"{len(verdict.wrong) - SHOWN:,} more", "", "")
    return table


@contextmanager
def _region(size: str, show: Progress) -> Iterator[Engine]:
    with TemporaryDirectory(prefix="baton-score-") as folder:
        engine = connect(f"sqlite:///{folder}/baton.db")
        event.listen(engine, "connect", _be_hasty)
        migrate(engine)
        seed(engine, size, show, now=BEGINS)
        rehearsal.publish(engine, BEGINS)
        yield engine
        engine.dispose()


def _be_hasty(connection: Connection, _record: object) -> None:
    connection.execute("PRAGMA synchronous=OFF")  # it is gone afterwards


def _at(seconds: float) -> datetime:
    return BEGINS + timedelta(seconds=seconds)


def _report(message: Message) -> alarms.Report:
    return alarms.Report(
        source=SOURCE,
        object=message.object,
        cause=message.cause,
        raised_at=_at(message.raised),
        is_clear=message.is_clear,
        severity=message.severity,
    )


def _recorded(trace: Sequence[Line], objects: dict[str, str]) -> list[alarms.Report]:
    """In the order in which they were; traces tell no severity, so it is spread by kind."""
    told = []
    for line in trace:
        severity = SEVERITY[sum(map(ord, line.kind)) % len(SEVERITY)]
        told.append((line.start, False, line, severity))
        told += [(line.end, True, line, severity)] if line.end > line.start else []
    first = trace[0].start
    return [
        alarms.Report(
            source=SOURCE,
            object=objects[line.device],
            cause=f"type-{line.kind}",
            raised_at=_at(seconds - first),
            is_clear=is_clear,
            severity=severity,
        )
        for seconds, is_clear, line, severity in sorted(told, key=lambda one: one[:2])
    ]
