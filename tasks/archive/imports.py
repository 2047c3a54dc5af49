"""Bringing files into inventory: some rows at a time, each row wholly or not at all.

    running ──stop──▶ stopped ──go on──▶ running ──last row──▶ done

A file is taken by `take`, and worked through by `advance`, which a job calls with one transaction
for each part; where it stopped, it goes on. The same file again changes nothing. A dry run says the
same of each row and writes none. What files there are: import_kinds.py.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, tuple_, update
from sqlmodel import Session, col

from records import Circuit, Device, Hop, Import, ImportFile, ImportRow, Person, history
from records.circuits import MANAGEABILITY
from tasks.access.people import require
from tasks.archive.import_files import Cells, File, key_of, read_file
from tasks.archive.import_kinds import KINDS, Kind, WrongCell
from tasks.refusals import NotAllowed, NotFound, wrong

PART = 1_000  # rows in one transaction
Row = dict[str, Any]
SUBJECTS = {"customers": "customer", "sites": "site", "devices": "device", "circuits": "circuit"}
STATES = {
    "running": ("导入中", "running"),
    "stopped": ("已停止", "stopped"),
    "done": ("完成", "done"),
}


def take(
    session: Session,
    kind: str,
    content: bytes,
    *,
    name: str,
    is_dry_run: bool,
    by: Person,
    now: datetime,
    expected: int | None = None,
) -> Import:
    """Look at the file as a whole, and keep it to be worked through."""
    require(by, "inventory:import")
    if kind not in KINDS:
        some = ", ".join(KINDS)
        raise wrong("kind", f"种类应为 {some} 之一", f"The kind is one of {some}")
    file = read_file(KINDS[kind], content, expected)
    digest = hashlib.sha256(content).hexdigest()
    told: Row = {"kind": kind, "name": name, "sha256": digest, "is_dry_run": is_dry_run}
    taken = Import(**told, total=len(file.rows), given_by=by.login, given_at=now)
    session.add(taken)
    session.flush()
    session.add(ImportFile(import_id=taken.id, content=content))
    _record(session, taken, "import given", by.login, now, **told, rows=taken.total)
    return taken


def stop(session: Session, id: int, *, by: Person, now: datetime) -> Import:
    """After the part that is at work. What was brought in stays; `go_on` takes up the rest."""
    return _turn(session, id, "running", "stopped", by, now)


def go_on(session: Session, id: int, *, by: Person, now: datetime) -> Import:
    return _turn(session, id, "stopped", "running", by, now)


def open_file(session: Session, taken: Import) -> File:
    """Parsed; for all calls of `advance`."""
    return read_file(KINDS[taken.kind], session.get_one(ImportFile, taken.id).content)


def advance(session: Session, id: int, file: File, *, now: datetime) -> bool:
    """Bring in the next part; whether there may be more. Two workers take turns by the lock."""
    taken = session.get(Import, id, with_for_update=True, populate_existing=True)
    if taken is None or taken.state != "running":
        return False
    rows = file.rows[taken.done : taken.done + PART]
    part = _Part(session, taken, file, now)
    outcomes = part.bring(rows)
    session.execute(insert(ImportRow), outcomes)
    for outcome in ("added", "changed", "same", "refused"):
        many = sum(each["outcome"] == outcome for each in outcomes)
        setattr(taken, outcome, getattr(taken, outcome) + many)
    taken.done += len(rows)
    if taken.done >= taken.total:
        _finish(session, taken, now)
    return taken.state == "running"


class _Part:
    """Some rows of a file, with what inventory knows of them."""

    def __init__(self, session: Session, taken: Import, file: File, now: datetime) -> None:
        self.session, self.taken, self.file, self.now = session, taken, file, now
        self.kind: Kind = KINDS[taken.kind]

    def bring(self, rows: Sequence[Cells | None]) -> list[Row]:
        """What becomes of each row; written down unless it is a dry run."""
        self.ids = self._references([cells for cells in rows if cells])
        read = [self._read(n, cells) for n, cells in enumerate(rows, self.taken.done + 1)]
        found = self._find([values for values, _ in read if values])
        new: list[Row] = []
        changed: list[Row] = []
        outcomes = []
        for n, (cells, (values, why)) in enumerate(
            zip(rows, read, strict=True), self.taken.done + 1
        ):
            outcome, told = "refused", why
            if values:
                outcome, told = self._compare(values, found, new, changed)
            key = " ".join(key_of(self.kind, cells))[:400] if cells else ""
            outcomes.append(_outcome(self.taken.id, n, key, outcome, told))
        if not self.taken.is_dry_run:
            self._write(new, changed)
        return outcomes

    def _read(self, n: int, cells: Cells | None) -> tuple[Row, list[Row]]:
        """The values of a row; or nothing, and why."""
        if cells is None:
            return {}, [
                _why("", "列数与表头不同", "This row has more or fewer cells than the header")
            ]
        values: Row = {}
        why: list[Row] = []
        for name, cell in cells.items():
            try:
                values[self.kind.column(name).goes_to] = self._read_cell(name, cell)
            except WrongCell as refusal:
                why.append(_why(name, refusal.zh, refusal.en))
        first = self.file.firsts[key_of(self.kind, cells)]
        if first != n:
            zh, en = f"与第 {first} 行重复", f"Row {first} is about the same"
            why.append(_why(self.kind.key[-1], zh, en))
        return ({}, why) if why else (values, why)

    def _read_cell(self, name: str, cell: str) -> Any:
        column = self.kind.column(name)
        if column.is_required and not cell:
            raise WrongCell("必填", "This has to be filled in")
        if column.refers_to is None:
            return column.read(cell)
        if not cell:
            return ""
        id = self.ids[column.refers_to].get(cell)
        if id is None:
            raise WrongCell(
                f"没有“{cell[:100]}”,请先导入", f"There is no “{cell[:100]}”: import it first"
            )
        return cell if column.refers_to is Person else id

    def _references(self, rows: Sequence[Cells]) -> dict[Any, dict[str, int]]:
        ids: dict[Any, dict[str, int]] = {}
        for column in self.kind.columns:
            if column.refers_to and rows and column.name in rows[0]:
                table: Any = column.refers_to
                code: Any = table.login if column.refers_to is Person else table.code
                wanted = {cells[column.name] for cells in rows} - ids.get(table, {}).keys()
                found = self.session.execute(select(code, table.id).where(code.in_(wanted)))
                ids.setdefault(table, {}).update({code: id for code, id in found})
        return ids

    def _find(self, values: Sequence[Row]) -> dict[tuple[Any, ...], Row]:
        """What is there already, by key."""
        table: Any = self.kind.table
        names = [self.kind.column(name).goes_to for name in self.kind.key]
        if not values:
            return {}
        keys = [getattr(table, name) for name in names]
        wanted = [tuple(row[name] for name in names) for row in values]
        is_mine = (
            keys[0].in_([key[0] for key in wanted]) if len(keys) == 1 else tuple_(*keys).in_(wanted)
        )
        shown = [table.__table__.c[name] for name in ("id", *values[0])]
        rows = self.session.execute(select(*shown).where(is_mine).order_by(table.id.desc()))
        return {tuple(row[name] for name in names): dict(row) for row in rows.mappings()}

    def _compare(
        self, values: Row, found: Mapping[tuple[Any, ...], Row], new: list[Row], changed: list[Row]
    ) -> tuple[str, list[Row]]:
        key = tuple(values[self.kind.column(name).goes_to] for name in self.kind.key)
        row = found.get(key)
        if row is None:
            new.append(values)
            return "added", []
        told = [
            {"field": name, "was": str(row[name]), "is": str(value)}
            for name, value in values.items()
            if row[name] != value
        ]
        if told:
            changed.append({"id": row["id"], "told": told, **values})
        return ("changed" if told else "same"), told

    def _write(self, new: list[Row], changed: list[Row]) -> None:
        table: Any = self.kind.table
        if new:
            self.session.execute(insert(table), new)
        for row in changed:
            of = SUBJECTS.get(self.taken.kind, "contact")
            told = {"import": self.taken.id, "changes": row.pop("told")}
            history.record(
                self.session, "imported", subject=f"{of}:{row['id']}", by=self.taken.given_by,
                at=self.now, also=told,
            )  # fmt: skip
        if changed:
            self.session.execute(update(table), changed)
            if table is Device:
                grade_circuits(self.session, [row["id"] for row in changed])


def grade_circuits(session: Session, devices: Sequence[int]) -> None:
    """A circuit is as manageable as its worst hop: set anew for those that pass these devices."""
    passing = select(col(Hop.circuit_id)).where(col(Hop.device_id).in_(devices))
    rows = (
        select(col(Hop.circuit_id), col(Device.manageability))
        .join(Device, col(Device.id) == col(Hop.device_id))
        .where(col(Hop.circuit_id).in_(passing))
        .distinct()
    )
    worst: dict[int, int] = {}
    for circuit, manageability in session.execute(rows):
        rank = MANAGEABILITY.index(manageability)
        worst[circuit] = min(rank, worst.get(circuit, rank))
    if worst:
        told = [{"id": id, "manageability": MANAGEABILITY[rank]} for id, rank in worst.items()]
        session.execute(update(Circuit), told)
        session.expire_all()


def _turn(session: Session, id: int, was: str, state: str, by: Person, now: datetime) -> Import:
    require(by, "inventory:import")
    taken = session.get(Import, id, with_for_update=True, populate_existing=True)
    if taken is None:
        raise NotFound(f"没有编号为 {id} 的导入", f"There is no import {id}")
    if taken.state != was:
        zh, en = STATES[taken.state]
        raise NotAllowed(f"这次导入{zh},请刷新页面", f"This import is {en}: look at it again")
    taken.state = state
    _record(session, taken, f"import {state}", by.login, now, done=taken.done)
    return taken


def _finish(session: Session, taken: Import, now: datetime) -> None:
    """The rows tell of it from now on, not the file."""
    taken.state, taken.finished_at = "done", now
    session.execute(delete(ImportFile).where(col(ImportFile.import_id) == taken.id))
    counts = {key: getattr(taken, key) for key in ("added", "changed", "same", "refused")}
    _record(session, taken, "import done", taken.given_by, now, **counts)


def _outcome(id: int, n: int, key: str, outcome: str, told: list[Row]) -> Row:
    return {"import_id": id, "row": n, "key": key, "outcome": outcome, "fields": told}


def _why(field: str, zh: str, en: str) -> Row:
    return {"field": field, "zh": zh, "en": en}


def _record(
    session: Session, taken: Import, verb: str, by: str, now: datetime, **told: Any
) -> None:
    history.record(session, verb, subject=f"import:{taken.id}", by=by, at=now, also=told)
