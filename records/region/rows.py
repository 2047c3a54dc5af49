"""Many rows at once into a database. Knows each id at once, so that a row can name another."""

from typing import Any

from sqlalchemy import Connection, insert, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel

from records.assets import Asset
from records.assurance_periods import AssurancePeriod, AssuredCustomer
from records.bookings import Booking
from records.certificates import Certificate
from records.circuits import Circuit, Device, Hop, Section, Site
from records.customers import Contact, Customer
from records.inspections import Finding, Inspection, InspectionNeed, Lead, Measurement
from records.people import Group, Membership, Person
from records.teams import Team, Teammate
from records.visits import Visit, VisitJob

TABLES: tuple[type[SQLModel], ...] = (  # each after those that it refers to
    Group,
    Person,
    Membership,
    Site,
    Device,
    Section,
    Customer,
    Contact,
    Circuit,
    Hop,
    Team,
    Teammate,
    Certificate,
    Asset,
    Visit,
    VisitJob,
    Booking,
    Inspection,
    InspectionNeed,
    Measurement,
    Finding,
    Lead,
    AssurancePeriod,
    AssuredCustomer,
)
LINKS = (Membership, Teammate)  # these have no id of their own
WITH_JSON = (
    Person,
    Visit,
    VisitJob,
    Inspection,
    AssurancePeriod,
)  # their lists and facts become JSON on the way
BATCH = 10_000


class Rows:
    """Collects rows and writes them in batches. Nobody else may write until the commit."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._waiting: dict[str, list[dict[str, Any]]] = {name(table): [] for table in TABLES}
        self._held = 0
        self._lock()
        self._last_ids = {name(table): self._last_id(table) for table in TABLES}
        self.written = dict.fromkeys(self._waiting, 0)

    def add(self, table: type[SQLModel], **row: Any) -> int:
        """Take one row; its id."""
        key = name(table)
        self._last_ids[key] += 1
        row["id"] = self._last_ids[key]
        self._take(key, row)
        return self._last_ids[key]

    def join(self, person: int, group: int) -> None:
        self.link(Membership, person_id=person, group_id=group)

    def link(self, table: type[SQLModel], **row: int) -> None:
        self._take(name(table), row)

    def flush(self) -> None:
        for table in TABLES:
            rows = self._waiting[name(table)]
            if rows:
                self._write(table, rows)
                self.written[name(table)] += len(rows)
                rows.clear()
        self._held = 0

    def close(self) -> None:
        """Write the rest, let the database count on from here, and let it learn what is common."""
        self.flush()
        for table in TABLES:
            if self._connection.dialect.name == "postgresql" and table not in LINKS:
                self._connection.execute(
                    text("SELECT setval(pg_get_serial_sequence(:name, 'id'), :last)"),
                    {"name": name(table), "last": self._last_ids[name(table)]},
                )
            self._connection.execute(text(f"ANALYZE {name(table)}"))

    def _take(self, key: str, row: dict[str, Any]) -> None:
        self._waiting[key].append(row)
        self._held += 1
        if self._held >= BATCH:
            self.flush()

    def _write(self, table: type[SQLModel], rows: list[dict[str, Any]]) -> None:
        is_postgresql = self._connection.dialect.name == "postgresql"
        if is_postgresql and table not in WITH_JSON:
            self._copy(f"COPY {name(table)} ({', '.join(rows[0])}) FROM STDIN", rows)
        else:
            self._connection.execute(insert(table), rows)

    def _copy(self, statement: str, rows: list[dict[str, Any]]) -> None:
        """As INSERT does, in a twelfth of the time."""
        driver: Any = self._connection.connection.driver_connection
        try:
            with driver.cursor() as cursor, cursor.copy(statement) as copy:
                for row in rows:
                    copy.write_row(tuple(row.values()))
        except self._connection.dialect.loaded_dbapi.IntegrityError as error:
            raise IntegrityError(statement, None, error) from error

    def _lock(self) -> None:
        # SQLite has one writer anyway. Ids are counted here, so nobody else may count meanwhile.
        if self._connection.dialect.name == "postgresql":
            names = ", ".join(name(table) for table in TABLES)
            self._connection.execute(text(f"LOCK TABLE {names} IN SHARE ROW EXCLUSIVE MODE"))

    def _last_id(self, table: type[SQLModel]) -> int:
        if table in LINKS:
            return 0
        last = text(f"SELECT coalesce(max(id), 0) FROM {name(table)}")
        return int(self._connection.execute(last).scalar_one())


def name(table: type[SQLModel]) -> str:
    return str(table.__tablename__)
