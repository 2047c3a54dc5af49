"""Making the region, all of it or nothing. Called by the command line and at the first start."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, select
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from records import history
from records.database import open_session
from records.history import Entry
from records.progress import Progress, show_nothing
from records.region.cases import take_cases
from records.region.circuits import Sales
from records.region.customers import Client, build_customers
from records.region.devices import Workshop, place_devices
from records.region.fibre import Digger, lay_network
from records.region.field import equip_field, plan_visits
from records.region.inspections import inspect_rooms
from records.region.knowledge import share_knowledge
from records.region.network import Network
from records.region.people import build_people, open_accounts
from records.region.places import build_places
from records.region.plans import prepare_for_plans
from records.region.rooms import Builder, count_rooms
from records.region.rows import Rows
from records.region.sizes import Plan, plan
from records.schema import require_migrations

_PLURALS = {"crew": "groups", "person": "people"}
SUBJECT = "region"  # of the entry that says the region is there, and how large it is


class RegionRefused(Exception):
    """The region does not fit into this database."""

    zh = (
        "数据库中已有演示区域要用的编码，未写入任何内容。"
        "请改用空数据库：将 BATON_HOME 或 BATON_DATABASE_URL 指向别处。"
    )
    en = (
        "The database has codes that the demo region would use too. Nothing was written. "
        "Seed an empty database: set BATON_HOME or BATON_DATABASE_URL to another place."
    )

    def __str__(self) -> str:
        return self.en


@dataclass(frozen=True)
class Counts:
    """What the region has."""

    size: str
    is_new: bool  # made by this call; otherwise it was there
    rows: dict[str, int]


def seed(
    engine: Engine,
    size: str,
    progress: Progress = show_nothing,
    *,
    now: datetime,
    password_hash: str = "",
) -> Counts:
    """Make the region, unless some size of it is there already; then nothing changes.

    It is one transaction: a seed that is stopped leaves nothing. Meanwhile nobody else can write.
    With a `password_hash` the demo accounts can sign in, also those of a region made without.
    Raises NotMigrated and RegionRefused.
    """
    require_migrations(engine)
    try:
        with open_session(engine) as session:
            counts = find_region(session)
            if counts is None:
                rows = Rows(session.connection())
                # Whoever held the tables until now may have been another seed.
                counts = find_region(session) or _make(session, rows, size, progress, now)
            if password_hash:
                open_accounts(session, password_hash)
            return counts
    except IntegrityError as error:
        raise RegionRefused from error


def find_region(session: Session) -> Counts | None:
    """The region that is there, if any."""
    told = session.execute(
        select(col(Entry.particulars)).where(col(Entry.subject) == SUBJECT, col(Entry.seq) == 1)
    ).scalar()
    return Counts(told["size"], False, told["rows"]) if told else None


def _make(session: Session, rows: Rows, size: str, progress: Progress, now: datetime) -> Counts:
    numbers = plan(size)
    ducts = _build(session, rows, numbers, progress, now)
    rows.close()
    share_knowledge(session, now)
    take_cases(session, now)
    prepare_for_plans(session, now)
    counted = {_PLURALS.get(name, f"{name}s"): n for name, n in rows.written.items()}
    counted |= {"cities": numbers.cities, "counties": numbers.counties, "ducts": ducts}
    history.record(session, "seeded", subject=SUBJECT, by="system", at=now, size=size, rows=counted)
    return Counts(size, True, counted)


def _build(session: Session, rows: Rows, numbers: Plan, progress: Progress, now: datetime) -> int:
    """Everything, from the ground up; the number of ducts that it took."""
    cities = build_places(rows, numbers)
    staff = build_people(rows, numbers, session, cities)
    crews = equip_field(rows, numbers, cities, staff.people, now)
    progress("Places and people", 1, 1)
    network, digger, workshop = Network(cities), Digger(rows, cities), Workshop(rows)
    place_devices(workshop, numbers, network)
    lay_network(digger, numbers, network)
    progress("Network", 1, 1)
    clients = list(build_customers(rows, numbers, network, staff.managers))
    progress("Customers", 1, 1)
    builder = Builder(rows, network, workshop, digger)
    _sell_circuits(Sales(rows, network, builder), builder, clients, numbers, progress)
    plan_visits(rows, session, crews, now)
    inspect_rooms(rows, session, crews, now)
    return len(digger.ducts)


def _sell_circuits(
    sales: Sales, builder: Builder, clients: list[Client], numbers: Plan, progress: Progress
) -> None:
    total = sum(numbers.circuits.values())
    for client, count in zip(clients, count_rooms(clients, numbers.rooms), strict=True):
        rooms = builder.build_rooms(client, count)
        for product in client.products:
            sales.sell(client, product, rooms)
        progress("Circuits", sales.sold, total)
