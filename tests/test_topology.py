"""The picture of the network that each process keeps: read again once inventory has changed."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from records import Circuit, Customer, Device, Hop, Section, inventory
from records.database import open_session
from tasks.network import topology

LATER = topology.REST


def by_row(session):
    """As an order does that moves a circuit to another port."""
    session.exec(select(Hop).where(Hop.seq == 1)).one().port = "9/9"


def by_statement(session):
    session.exec(update(Hop).where(col(Hop.seq) == 1).values(port="9/9"))


def by_core(session):
    """As an import does."""
    session.connection().execute(update(Hop).where(col(Hop.seq) == 1), [{"port": "9/9"}])


def by_exchange(session):
    """As an order does that is changed: the same number of hops, with other keys."""
    [hop] = session.exec(select(Hop).where(Hop.seq == 1))
    told = hop.model_dump(exclude={"id"}) | {"port": "9/9"}
    session.exec(delete(Hop).where(col(Hop.id) == hop.id))
    session.add(Hop(**told))


@pytest.mark.both_databases
@pytest.mark.parametrize("change", [by_row, by_statement, by_core, by_exchange])
def test_every_process_notices_what_another_changed_in_place(engine, session, cast, now, change):
    session.rollback()
    others = engine.execution_options()  # what is kept is kept by engine
    before = ports(others, now)
    with open_session(engine) as own:
        change(own)
    assert ports(others, now + timedelta(seconds=4)) == before
    assert "9/9" in ports(others, now + LATER)


@pytest.mark.one_database
def test_what_was_rolled_back_is_no_change(engine, session, cast, now):
    session.rollback()
    before = version(engine)
    with Session(engine) as own:
        by_row(own)
        own.flush()
        own.rollback()
        own.add(Customer(code="C-9", name="海州学校"))
        own.commit()
    assert version(engine) == before


def test_what_is_not_pictured_moves_nothing(engine, session, cast):
    before = version(engine)
    session.exec(select(Circuit)).one().grade = "A"
    session.commit()
    assert version(engine) == before
    session.exec(select(Device)).first().manageability = "none"
    session.add(Section(code="GL-1", from_site_id=1, to_site_id=2))
    session.commit()
    assert version(engine) == before + 1


@pytest.mark.one_database
def test_a_long_import_has_it_read_once_a_minute(engine, session, cast, now):
    """Reading it takes seconds at size M."""
    session.rollback()
    kept = picture(engine, now)
    for second in (10, 20, 30, 59):
        with open_session(engine) as own:
            by_statement(own)
        assert picture(engine, now + timedelta(seconds=second)) is kept
    assert picture(engine, now + timedelta(seconds=65)) is not kept


def picture(engine, now):
    with open_session(engine, readonly=True) as session:
        return topology.of(session, now=now)


def ports(engine, now):
    net = picture(engine, now)
    return {net.port(hop) for hop in net.hops_at(1) + net.hops_at(2)}


def version(engine):
    with open_session(engine, readonly=True) as session:
        return inventory.version(session)
