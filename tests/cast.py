"""What tests share: a fresh database of each kind, the time, and the cast.

The cast: Dora dispatches, Nora watches the network, Ada answers the phone, Liu repairs, Owen owns
diagrams, Mei manages in the city, Gwen in the province, Root administers. Haidong Bank (AAA) is the
customer, HD-DIA-1 its circuit.
"""

import gc
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import Session, select

from api.app import create_app
from api.door import COOKIE
from records import Circuit, Contact, Customer, Device, Group, Hop, Membership, Person, Site
from records.database import connect, migrate, open_session
from records.region.groups import GROUPS
from tasks.access import sign_ins
from tests.collecting import in_order, take_turns
from tests.databases import SHELF, Postgresql, Sqlite, start_postgresql
from workflows import notices

DATABASES = os.environ.get("BATON_TEST_DATABASES", "sqlite,postgresql").split(",")
IS_ALL = "BATON_TEST_DATABASES" in os.environ  # whoever names them wants each test on each
CAST = {  # login: (roles, groups)
    "dora": (["dispatcher"], ["dispatch", "crc"]),
    "nora": (["dispatcher"], ["noc", "transport", "data"]),
    "ada": (["agent"], ["crc"]),
    "liu": (["field_engineer"], ["field", "line", "access"]),
    "owen": (["process_owner"], []),
    "mei": (["manager"], ["duty", "nsm"]),
    "gwen": (["manager"], ["province_crc", "province_director"]),
    "root": (["administrator"], []),
}


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    left_out = [] if IS_ALL else take_turns(items)
    config.hook.pytest_deselected(items=left_out)
    items[:] = in_order([item for item in items if item not in set(left_out)])


def pytest_collection_finish() -> None:
    gc.freeze()  # what was imported stays: to look through it again and again takes a twentieth


@pytest.fixture(scope="session", autouse=True)
def _patience() -> None:
    """A machine that has much else to do may take long for what takes a moment."""
    notices.PATIENCE = 60.0


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 3, 11, 2, 14, tzinfo=UTC)


@pytest.fixture(scope="session")
def hasher() -> PasswordHasher:
    """argon2 as always, but a thousand times cheaper."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture(params=DATABASES)
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """An empty database with every migration applied."""
    kept = request.getfixturevalue(request.param)
    # Connections are kept, but what our code remembers of a database it remembers by engine.
    yield kept.engine.execution_options()
    kept.empty()


@dataclass
class Clock:
    """The time that the API sees. Tests move it by hand."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock(now: datetime) -> Clock:
    return Clock(now)


@pytest.fixture
def app(engine: Engine, clock: Clock, hasher: PasswordHasher) -> FastAPI:
    return create_app(engine, clock=clock, hasher=hasher)


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    """Somebody who has not signed in."""
    with TestClient(app) as client:
        yield client


@pytest.fixture
def as_(
    app: FastAPI, engine: Engine, cast: dict[str, Person], now: datetime
) -> Iterator[Callable[[str], TestClient]]:
    """`as_("dora")` is a client that Dora has signed in with."""
    with ExitStack() as stack:

        def sign_in(login: str) -> TestClient:
            client = stack.enter_context(TestClient(app))
            with open_session(engine) as session:
                client.cookies.set(COOKIE, sign_ins.sign_in(session, cast[login], now=now))
            return client

        yield sign_in


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with Session(engine, expire_on_commit=False) as session:
        yield session


@pytest.fixture
def cast(session: Session, now: datetime) -> dict[str, Person]:
    """People in their groups, and a bank with a circuit; committed."""
    SHELF.lay(session, "cast", lambda: add_cast(session, now))
    people = {person.login: person for person in session.exec(select(Person))}
    session.commit()
    return people


def add_cast(session: Session, now: datetime) -> None:
    groups = {key: Group(key=key, name=zh, name_en=en) for key, (zh, en) in GROUPS.items()}
    people = {
        login: Person(login=login, name=login.title(), roles=roles, city="海州", created_at=now)
        for login, (roles, _) in CAST.items()
    }
    session.add_all([*groups.values(), *people.values()])
    session.flush()
    for login, (_, keys) in CAST.items():
        session.add_all(
            Membership(person_id=people[login].id, group_id=groups[key].id) for key in keys
        )
    add_bank(session)


def add_bank(session: Session) -> Circuit:
    """海东银行, grade AAA, with one circuit over two devices."""
    bank = Customer(code="C-1", name="海东银行", name_en="Haidong Bank", grade="AAA", city="海州")
    sites = [
        Site(code="HZ-DJ", name="东街", city="海州"),
        Site(code="HZ-CB", name="城北", city="海州"),
    ]
    session.add_all([bank, *sites])
    session.flush()
    devices = [
        Device(code=f"HZ-{n}", name=f"{site.name}-MSTP-0{n}", site_id=site.id, kind="aggregation")
        for n, site in enumerate(sites, 1)
    ]
    circuit = Circuit(
        code="HD-DIA-1",
        customer_id=bank.id,
        product="DIA",
        grade="AAA",
        megabits=100,
        a_site_id=sites[0].id,
        z_site_id=sites[1].id,
    )
    contact = Contact(customer_id=bank.id, name="王敏", phone="000-1", email="wang@bank.example")
    session.add_all([circuit, contact, *devices])
    session.flush()
    for seq, device in enumerate(devices, 1):
        session.add(Hop(circuit_id=circuit.id, seq=seq, device_id=device.id))
    return circuit


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    engine = connect(f"sqlite:///{path}")
    migrate(engine)
    engine.dispose()
    return path


@pytest.fixture
def sqlite_database(sqlite_template: Path, tmp_path: Path):
    def make() -> str:
        shutil.copy(sqlite_template, tmp_path / "baton.db")
        return f"sqlite:///{tmp_path / 'baton.db'}"

    return make


@pytest.fixture(scope="session")
def sqlite(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sqlite]:
    with closing(Sqlite(tmp_path_factory.mktemp("sqlite"), sqlite_template)) as kept:
        yield kept


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Postgresql]:
    with start_postgresql() as url, closing(Postgresql(url)) as kept:
        yield kept
