"""What archives make people do: refreshes, audits, onboarding; each diagram walked to every end."""

from itertools import chain

import pytest
from sqlmodel import col, select

from bpmn import bundles, checks, forms, library, runs, wall
from records import (
    ArchiveSection,
    Audit,
    Circuit,
    Customer,
    Device,
    Discrepancy,
    Entry,
    Onboarding,
    Run,
    Visit,
    Wave,
    WorkOrder,
)
from records.region.groups import GROUPS
from tasks import work_orders
from tasks.access.roles import ROLES
from tasks.archive import audits
from tasks.services import SERVICES
from tests.asking import post, publish, refused
from workflows.archives import (
    audit_inventory,
    begin_onboardings,
    count_archives,
    refresh_archives,
)

KEYS = ("archive_refresh", "customer_onboarding", "resource_audit")
BUNDLES = {key: bundles.gather(library.SHIPPED / "diagrams" / f"{key}.bpmn").files for key in KEYS}
BLUEPRINTS = {key: wall.read_blueprint(files) for key, files in BUNDLES.items()}
FORMS = {name: f for each in BLUEPRINTS.values() for name, f in forms.readers(each.forms).items()}
FOUND = {"object": "HZ-1", "field": "port", "recorded": "1", "found": "2"}
WRONG = {"checked": 6, "wrong": [FOUND]}


@pytest.fixture(params=["sqlite"])
def engine(request):
    """Runs are proven on both elsewhere."""
    kept = request.getfixturevalue(request.param)
    yield kept.engine.execution_options()
    kept.empty()


@pytest.fixture
def walk(engine, session, cast, now):
    publish(session, now, *BUNDLES.values())

    def do(element, by="dora", **answers):
        session.expire_all()
        waiting = (WorkOrder.element == element, col(WorkOrder.finished_at).is_(None))
        order = session.exec(select(WorkOrder).where(*waiting)).one()
        given = {**FORMS[order.form].schema["examples"][0], **answers}
        work_orders.accept(session, order, by=cast[by], now=now)
        runs.complete_order(session, order, given, by=cast[by], now=now)
        session.commit()
        run = session.get_one(Run, order.run_id)
        return run.end if run.status == "finished" else None

    return do


def visited(session):
    rows = session.exec(select(Entry).where(col(Entry.subject).startswith("run:")))
    steps = chain(*(entry.particulars.get("steps", []) for entry in rows))
    return {step["element"] for step in steps if step["state"] == "done"}


@pytest.mark.parametrize("key", KEYS)
def test_the_gate_finds_nothing(key):
    known = checks.Known(services=SERVICES, groups=GROUPS, roles=ROLES)
    assert checks.check(BUNDLES[key], known) == []


@pytest.mark.parametrize("form", FORMS)
def test_a_form_accepts_its_example(form):
    forms.check_answers(FORMS[form], FORMS[form].schema["examples"][0])


def test_due_sections_are_one_work_order_until_somebody_has_looked(engine, session, walk, now):
    count_archives(engine, now)
    assert (refresh_archives(engine, now), refresh_archives(engine, now)) == (1, 0)
    told = {"object": "C-1", "field": "phone", "found": "000-2"}
    assert walk("confirm_archive", confirmed=["contacts"], wrong=[told]) == "partly"
    due = {row.section: row.due_at for row in session.exec(select(ArchiveSection))}
    assert (due["contacts"] - now).days == 60 and (due["business"] - now).days == 14
    assert session.exec(select(Discrepancy.source)).one() == "customer:1"
    session.rollback()
    assert refresh_archives(engine, now) == 0
    for row in session.exec(select(ArchiveSection)):
        row.due_at = now if row.section == "plans" else None
    session.commit()
    assert refresh_archives(engine, now) == 1
    assert walk("confirm_archive", confirmed=["plans"]) == "confirmed"
    assert BLUEPRINTS["archive_refresh"].nodes.keys() - visited(session) == set()


def test_a_month_is_drawn_once_and_what_is_wrong_is_set_right_by_two(engine, session, walk, now):
    assert (audit_inventory(engine, now), audit_inventory(engine, now)) == (1, 0)
    assert session.exec(select(Audit.reasons)).one() == ["AAA", "never_audited"]
    session.rollback()
    assert walk("desk_check", needs_field=True) is None
    assert session.exec(select(Visit.state)).one() == "planned"
    walk("field_check", "liu", **WRONG)
    walk("correct", "nora", right="2")
    assert walk("confirm_correction", "nora") is None  # it was she who proposed
    assert walk("confirm_correction", "mei") == "corrected"
    row = session.exec(select(Discrepancy)).one()
    assert (row.state, row.proposal, row.settled_by) == ("settled", "2", "mei")
    audit = session.exec(select(Audit)).one()
    assert (audit.state, audit.checked, audit.wrong) == ("done", 12, 1)
    seen = visited(session)
    session.delete(audit)
    session.commit()
    audit_inventory(engine, now)
    assert walk("desk_check") == "all_right"
    assert BLUEPRINTS["resource_audit"].nodes.keys() - seen - visited(session) == set()


def test_a_wave_takes_on_who_is_ready_and_says_what_the_others_lack(
    engine, session, walk, as_, cast, now
):
    bank = session.exec(select(Customer)).one()
    bank.account_manager = "mei"
    poor = Customer(code="C-2", name="海州医院", grade="AAA")
    session.add(poor)
    session.commit()
    mei = as_("mei")
    wave = {"key": "2026-1", "name": "第一批", "grades": ["AAA"], "least_score": 0.9}
    made = post(mei, "onboarding-waves", **wave, starts_at=now.isoformat())
    refused(mei.post("/api/onboarding-waves", json=wave | {"starts_at": now.isoformat()}), 409)
    assert mei.post(f"/api/onboarding-waves/{made['id']}/opening").json()["state"] == "open"
    refused(mei.post(f"/api/onboarding-waves/{made['id']}/opening"), 409)
    assert (begin_onboardings(engine, now), begin_onboardings(engine, now)) == (2, 0)
    walk("prepare")
    assert walk("prepare", action="put_off", reason="无电路") == "later"
    told = {"kind": "wrong_value", "open_key": "x", "object": "HD-DIA-1", "raised_by": "liu"}
    doubt = Discrepancy(**told, raised_at=now, last_at=now)
    session.add(doubt)
    session.commit()
    assert walk("check") is None  # the gate has closed meanwhile
    session.delete(doubt)
    session.commit()
    walk("prepare")
    assert walk("check") == "onboarded"
    states = {row.customer_id: row.state for row in session.exec(select(Onboarding))}
    assert states == {bank.id: "onboarded", poor.id: "put_off"}
    assert session.exec(select(Wave.state)).one() == "closed"
    assert BLUEPRINTS["customer_onboarding"].nodes.keys() - visited(session) == set()


def test_who_weighs_more_is_drawn_more_often():
    lots = [
        audits._lot(({"risk": 8.0}, f"m {n}")) > audits._lot(({"risk": 1.0}, f"m {n + 9_999}"))
        for n in range(900)
    ]
    assert 0.85 < sum(lots) / len(lots) < 0.92  # 8 of 9


def test_an_audit_says_what_is_doubtful(session, cast, now):
    circuit = session.exec(select(Circuit)).one()
    session.exec(select(Device)).first().manageability = "none"
    audit = Audit(period="x", circuit_id=circuit.id, customer_id=1, risk=1, drawn_at=now)
    told = audits.facts_of(session, audit)
    assert told == {"circuit": "HD-DIA-1", "doubts": ["HZ-1 port", "HZ-2 port"], "unseen": ["HZ-1"]}
