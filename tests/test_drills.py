"""The drill of an outage, as a test: what was missed comes once, in its order; and it can fail."""

import pytest
from sqlmodel import select

from records import Circuit
from tests import drill_outage
from tests.asking import publish
from tests.fault_walks import FAULT
from workflows import schedule

pytestmark = pytest.mark.one_database


@pytest.fixture
def circuits(session, cast, now):
    """A dozen more of the bank's."""
    publish(session, now, FAULT)
    like = session.exec(select(Circuit)).one().model_dump(exclude={"id", "code"})
    codes = [f"HD-DIA-{n}" for n in range(2, 14)]
    session.add_all(Circuit(code=code, **like) for code in codes)
    session.commit()
    return codes


def test_after_an_hour_without_anything_each_rung_comes_once_in_order(engine, circuits, now):
    wrong, told = drill_outage.drill(engine, circuits, now, by="ada")
    assert wrong == []
    assert len(told.rows) > len(circuits)


def test_the_drill_tells_when_nobody_looks_at_the_clocks(engine, circuits, now, monkeypatch):
    monkeypatch.delitem(schedule.SCHEDULE, "fire clocks")
    wrong, _ = drill_outage.drill(engine, circuits, now, by="ada")
    assert any("is still due" in one for one in wrong)
    assert any("told nobody" in one for one in wrong)
