"""The demo region: always the same, of one piece, and nobody's."""

import hashlib
import re
import shutil
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import groupby, pairwise

import orjson
import pytest
from rich.console import Console
from sqlalchemy import func
from sqlmodel import Session, col, select

from records import (
    Circuit,
    Contact,
    Customer,
    Device,
    Group,
    Hop,
    Membership,
    Person,
    PlanCircuit,
    PlanResource,
    Section,
    Site,
)
from records.__main__ import main
from records.circuits import MANAGEABILITY
from records.database import connect, open_session
from records.history import breaks
from records.progress import show_progress
from records.region import ACCOUNTS, NoRegion, RegionRefused, overlay, seed
from records.region.plans import STOCK
from records.region.rows import TABLES
from records.region.sizes import CIRCUITS, CUSTOMERS, plan, share
from records.schema import NotMigrated
from tasks.access.roles import ROLES

# Of every row of size XS: it changes only when the region is meant to change.
DIGEST = "d924f14bd40506c2dca364bc06d3f99bbf022f2089806bf6dfbc3e41379b3cb7"


def digest(engine):
    rows = []
    with engine.connect() as connection:
        for table in (table.__table__ for table in TABLES):
            rows += connection.execute(table.select().order_by(*table.primary_key))
    return hashlib.sha256(orjson.dumps([list(row) for row in rows])).hexdigest()


def count(session, table, *conditions):
    return session.scalar(select(func.count()).select_from(table).where(*conditions))


@pytest.fixture(scope="module")
def region(sqlite_template, tmp_path_factory):
    """The smallest region, to look at. The digest proves that PostgreSQL has the same."""
    path = shutil.copy(sqlite_template, tmp_path_factory.mktemp("region") / "baton.db")
    engine = connect(f"sqlite:///{path}")
    seed(engine, "XS", now=datetime(2026, 3, 11, tzinfo=UTC))
    with open_session(engine, readonly=True) as session:
        yield session
    engine.dispose()


def test_the_region_is_the_same_in_every_database_and_python(engine, now):
    seed(engine, "XS", now=now)
    assert digest(engine) == DIGEST


@pytest.mark.one_database
def test_seeding_twice_changes_nothing(engine, now):
    first = seed(engine, "XS", now=now)
    second = seed(engine, "S", now=now)

    assert (first.is_new, second.is_new, second.size) == (True, False, "XS")
    assert second.rows == first.rows
    assert digest(engine) == DIGEST


def test_a_seed_that_is_stopped_leaves_nothing_and_can_be_repeated(engine, now):
    def stop(stage, done, total):
        if stage == "Circuits" and done > total / 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        seed(engine, "XS", stop, now=now)
    with Session(engine) as session:
        assert count(session, Site) == count(session, Person) == 0

    assert seed(engine, "XS", now=now).is_new
    assert digest(engine) == DIGEST


def test_of_two_seeds_at_once_one_makes_the_region_and_the_other_finds_it(engine, now):
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda _: seed(engine, "XS", now=now), range(2)))
    assert sorted(counts.is_new for counts in both) == [False, True]
    assert digest(engine) == DIGEST


@pytest.mark.one_database
def test_the_counts_told_are_those_of_the_database(engine, now):
    told = seed(engine, "XS", now=now).rows
    with Session(engine) as session:
        assert [told["hops"], told["people"]] == [count(session, Hop), count(session, Person)]
        assert len(set(session.exec(select(Site.city)))) == told["cities"]
        assert len(set(session.exec(select(Site.county)))) == told["counties"]
        assert len(set(session.exec(select(Section.duct))) - {""}) == told["ducts"]


def test_size_m_is_the_table_of_the_field_and_the_others_are_in_proportion():
    assert (plan("M").customers, plan("M").circuits) == (CUSTOMERS, CIRCUITS)
    assert (plan("M").cities, plan("M").counties, plan("M").sites) == (16, 136, 3_400)
    assert sum(plan("S").circuits.values()) == 8_000
    assert sum(plan("L").customers.values()) == 60_000


def test_size_s_has_a_tenth_of_everything_in_the_table(sqlite_database, now):
    engine = connect(sqlite_database())
    told = seed(engine, "S", now=now).rows
    with Session(engine) as session:
        by_kind = Counter(session.exec(select(Device.kind)))
        by_reach = Counter(session.exec(select(Device.manageability)))
        assert count(session, Site, Site.kind == "customer") == 4_600
        assert count(session, Section, Section.duct != "") == 3_000
        assert count(session, Circuit, Circuit.is_protected) == pytest.approx(960, rel=0.1)
    engine.dispose()
    assert (told["customers"], told["circuits"]) == (2_000, 8_000)
    assert told["ducts"] == pytest.approx(900, rel=0.15)
    assert (by_kind["aggregation"], by_kind["metro"] + by_kind["core"]) == (600, 90)
    assert by_kind["CPE"] + by_kind["MSAP"] + by_kind["ONU"] == pytest.approx(7_000, rel=0.05)
    assert by_kind["modem"] == pytest.approx(550, rel=0.1)
    reach = {word: n / told["devices"] for word, n in by_reach.items()}
    assert reach == pytest.approx({"full": 0.71, "partial": 0.21, "none": 0.08}, abs=0.01)


def test_shares_are_whole_and_add_up():
    assert list(share(10, [1, 1, 1])) == [3, 4, 3]
    assert sum(share(60_000, [n**-0.8 for n in range(1, 20_001)])) == 60_000


def routes_of(session):
    """Circuit, name of the route, and its hops each with device and section."""
    rows = session.exec(
        select(Circuit, Hop, Device, Section)
        .join(Hop, col(Hop.circuit_id) == col(Circuit.id))
        .join(Device, col(Device.id) == col(Hop.device_id))
        .outerjoin(Section, col(Section.id) == col(Hop.section_id))
        .order_by(col(Circuit.id), col(Hop.route), col(Hop.seq))
    )
    for (circuit, route), steps in groupby(rows, lambda row: (row[0], row[1].route)):
        yield circuit, route, [row[1:] for row in steps]


def test_every_route_leads_from_site_to_site_along_its_sections(region):
    for circuit, route, steps in routes_of(region):
        sites = [device.site_id for _, device, _ in steps]
        joined = [{section.from_site_id, section.to_site_id} for *_, section in steps[:-1]]
        assert [hop.seq for hop, *_ in steps] == list(range(1, len(steps) + 1))
        assert 4 <= len(steps) <= 9
        assert joined == [set(pair) for pair in pairwise(sites)]
        assert steps[-1][2] is None
        assert len(set(sites)) == len(sites), "it passes no site twice"
        assert sites[0] == circuit.a_site_id
        is_at_other_core = route == "backup" and circuit.product in ("DIA", "voice")
        assert sites[-1] == circuit.z_site_id or is_at_other_core


def test_a_circuit_is_as_manageable_as_its_worst_hop_and_protected_with_a_backup(region):
    found = set()
    for circuit, routes in groupby(routes_of(region), lambda row: row[0]):
        steps = {route: hops for _, route, hops in routes}
        passed = [device.manageability for hops in steps.values() for _, device, _ in hops]
        assert circuit.manageability == min(passed, key=MANAGEABILITY.index)
        assert circuit.is_protected == ("backup" in steps)
        found.add((circuit.manageability, circuit.is_protected))
    assert len(found) >= 5


def test_a_backup_shares_no_fibre_with_the_main_route_but_the_drop_into_a_room(region):
    for _, routes in groupby(routes_of(region), lambda row: row[0]):
        laid = {route: {s.id for *_, s in steps[:-1] if s.duct} for _, route, steps in routes}
        assert laid["main"].isdisjoint(laid.get("backup", ()))


def test_nobody_has_a_number_or_an_address_that_could_be_real(region):
    phones = [*region.exec(select(Person.phone)), *region.exec(select(Contact.phone))]
    assert all(re.fullmatch(r"000-\d{4}-\d{4}", phone) for phone in phones)
    assert all(mail.endswith(".example") for mail in region.exec(select(Contact.email)))
    names = " ".join(region.exec(select(Customer.name)))
    assert not re.search("中国|移动|联通|电信|工商银行|建设银行|农业银行|华为|中兴", names)


def test_customers_have_two_names_that_nobody_else_has(region):
    customers = region.exec(select(Customer)).all()
    assert len({c.name for c in customers}) == len({c.name_en for c in customers}) == len(customers)
    assert (customers[0].name, customers[0].name_en) == ("海东银行", "Haidong Bank")
    assert customers[0].is_headquarters and customers[0].grade == "AAA"


@pytest.mark.one_database
def test_the_demo_accounts_are_the_cast_and_those_there_are_left_alone(session, engine, cast, now):
    seed(engine, "XS", now=now, password_hash="hash")
    session.expire_all()

    assert {login: person.roles for login, person in cast.items()} == {
        login: [account.role] for login, account in ACCOUNTS.items()
    }
    assert cast["dora"].name == "Dora"
    assert {person.password_hash for person in cast.values()} == {"hash"}


@pytest.mark.one_database
def test_a_password_opens_the_demo_accounts_later_and_nobody_else(engine, now):
    seed(engine, "XS", now=now)
    seed(engine, "XS", now=now, password_hash="first")
    seed(engine, "XS", now=now, password_hash="second")
    with Session(engine) as session:
        open_to = session.exec(select(Person.login).where(Person.password_hash == "first")).all()
        assert set(open_to) == set(ACCOUNTS)
        assert count(session, Person, Person.password_hash == "second") == 0


def test_the_database_counts_on_after_the_region_and_its_history_holds(session, engine, now):
    seed(engine, "XS", now=now)
    session.add(Site(code="NEW", name="新站", city="海州"))
    session.commit()
    assert list(breaks(session)) == []


def test_people_have_roles_that_exist(region):
    assert {role for roles in region.exec(select(Person.roles)) for role in roles} <= set(ROLES)


def test_a_ladder_finds_somebody_in_every_city_and_each_customer_has_an_account_manager(region):
    cities = set(region.exec(select(Site.city)))
    for group in ("duty", "team_lead", "city_head"):
        members = select(Person.city).join(Membership).join(Group).where(Group.key == group)
        assert set(region.exec(members)) == cities
    managers = {
        p.login: p.city for p in region.exec(select(Person)) if "account_manager" in p.roles
    }
    for customer in region.exec(select(Customer)):
        has_some = customer.city in managers.values()
        assert managers[customer.account_manager] == customer.city or not has_some


@pytest.mark.one_database
def test_codes_that_are_taken_refuse_the_region(session, engine, now):
    session.add(Site(code="HZ-CORE-0001", name="东街", city="海州"))
    session.commit()
    with pytest.raises(RegionRefused, match="another place"):
        seed(engine, "XS", now=now)
    assert count(session, Customer) == 0


def test_a_database_without_tables_is_refused_with_what_to_do(tmp_path, now):
    engine = connect(f"sqlite:///{tmp_path / 'empty.db'}")
    with pytest.raises(NotMigrated, match="records migrate"):
        seed(engine, "XS", now=now)
    engine.dispose()


def test_a_trace_is_laid_over_devices_that_carry_circuits(region):
    names = [f"device_{n}" for n in range(15)]
    laid = overlay(region, names)

    assert laid == overlay(region, reversed(names))
    assert len(set(laid.values())) == 15
    carrying = region.exec(select(Hop.device_id).where(col(Hop.device_id).in_(laid.values()))).all()
    assert set(carrying) == set(laid.values())
    assert len(overlay(region, map(str, range(439)))) == 439


def test_a_trace_needs_a_region(session):
    with pytest.raises(NoRegion, match="records seed"):
        overlay(session, ["device_1"])


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A home of the commands' own, without a database."""
    monkeypatch.setenv("BATON_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("BATON_DATABASE_URL", raising=False)


def test_the_commands_say_what_to_do_first_and_then_do_it(here, capsys):
    assert main(["seed"]) == main(["verify"]) == 2
    assert "python -m records migrate" in capsys.readouterr().err
    assert main(["migrate"]) == main(["seed", "--size", "S"]) == main(["seed"]) == 0
    told = capsys.readouterr()
    assert "8,000 circuits" in told.out and "Nothing was changed" in told.out
    assert told.err.splitlines()[-1] == "Circuits: 8,000 done."
    assert main(["verify"]) == 0
    assert capsys.readouterr().out == "1 chains, 1 entries, 0 seals: all hold.\n"


def test_a_database_that_does_not_answer_is_named_without_its_password(here, monkeypatch, capsys):
    monkeypatch.setenv("BATON_DATABASE_URL", "postgresql://baton:secret@127.0.0.1:1/none")
    assert main(["verify"]) == 2
    told = capsys.readouterr().err
    assert "does not answer" in told and "secret" not in told


def test_help_names_every_command_and_size(capsys):
    for asked in (["--help"], ["seed", "--help"]):
        with pytest.raises(SystemExit):
            main(asked)
    told = capsys.readouterr().out
    assert all(word in told for word in ("migrate", "verify", "seed", "BATON_HOME", "{S,M,L}"))


def test_progress_is_a_bar_on_a_terminal():
    console = Console(force_terminal=True, record=True, width=80)
    with show_progress(console) as progress:
        progress("Circuits", 1, 2)
        progress("Circuits", 2, 2)
    assert "2/2" in console.export_text()


def test_each_city_has_what_plans_draw_on_and_the_best_circuits_have_a_plan(region):
    rows = region.exec(select(PlanResource).order_by(PlanResource.id)).all()
    cities = {row.city for row in rows}
    assert cities == set(region.exec(select(Site.city).distinct()))
    assert len(rows) == len(cities) * len(STOCK)
    assert all(row.place and row.keeper and row.quantity for row in rows)
    linked = select(Circuit.grade).join(PlanCircuit, PlanCircuit.circuit_id == Circuit.id)
    assert region.exec(linked).all() == ["AAA"] * 5
