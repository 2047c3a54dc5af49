"""What a failed object hits: circuits on one route and on two, by every kind of object."""

import pytest
from sqlmodel import select

from bpmn import group_tickets
from records import AffectedCircuit, AlarmGroup, Circuit, Customer, Device, Hop, Section, Site
from tasks.network import affected
from tests.asking import publish
from tests.fault_walks import FAULT
from tests.impact_walks import IMPACT


@pytest.fixture
def net(session, cast, now):
    """HZ-1 ── GL-1 (in GD-1) ── HZ-2; a hospital has a second way by HZ-3 and GL-2."""
    publish(session, now, FAULT, IMPACT)
    sites = {site.code: site for site in session.exec(select(Site))}
    devices = {device.code: device for device in session.exec(select(Device))}
    sites["HZ-NM"] = Site(code="HZ-NM", name="南门", city="海州")
    session.add(sites["HZ-NM"])
    session.flush()
    devices["HZ-3"] = Device(code="HZ-3", name="南门-01", site_id=sites["HZ-NM"].id, kind="metro")
    ends = {"from_site_id": sites["HZ-DJ"].id, "to_site_id": sites["HZ-CB"].id}
    sections = [Section(code=f"GL-{n}", duct=f"GD-{n}", **ends) for n in (1, 2)]
    hospital = Customer(code="C-2", name="海州医院", name_en="Haizhou Hospital", grade="A")
    session.add_all([*sections, devices["HZ-3"], hospital])
    session.flush()
    about = {"a_site_id": sites["HZ-DJ"].id, "z_site_id": sites["HZ-CB"].id}
    circuit = Circuit(
        code="HD-SDH-2", customer_id=hospital.id, product="SDH", is_protected=True, **about
    )
    session.add(circuit)
    session.flush()
    for hop in session.exec(select(Hop).where(Hop.seq == 1)):
        hop.port, hop.section_id = "3/1", sections[0].id
    ways = {
        "main": [("HZ-1", "3/2", sections[0]), ("HZ-2", "1/1", None)],
        "backup": [
            ("HZ-1", "4/2", sections[1]),
            ("HZ-3", "1/1", sections[1]),
            ("HZ-2", "1/2", None),
        ],
    }
    for route, way in ways.items():
        for seq, (device, port, section) in enumerate(way, 1):
            key = section.id if section else None
            told = {"route": route, "seq": seq, "port": port, "section_id": key}
            session.add(Hop(circuit_id=circuit.id, device_id=devices[device].id, **told))
    session.commit()
    return {"site": sites, "device": devices, "section": {one.code: one for one in sections}}


@pytest.mark.parametrize(
    ("kind", "name", "hit"),
    [
        ("site", "HZ-DJ", {"HD-DIA-1": "outage", "HD-SDH-2": "outage"}),
        ("site", "HZ-NM", {"HD-SDH-2": "at_risk"}),
        ("device", "HZ-2", {"HD-DIA-1": "outage", "HD-SDH-2": "outage"}),
        ("card", "HZ-1/3", {"HD-DIA-1": "outage", "HD-SDH-2": "at_risk"}),
        ("card", "HZ-1/4", {"HD-SDH-2": "at_risk"}),
        ("port", "HZ-1/3/1", {"HD-DIA-1": "outage"}),
        ("duct", "GD-1", {"HD-DIA-1": "outage", "HD-SDH-2": "at_risk"}),
        ("section", "GL-2", {"HD-SDH-2": "at_risk"}),
        ("object", "HZ-9", {}),
    ],
)
def test_each_kind_of_object_hits_the_circuits_that_pass_it(session, net, kind, name, hit):
    assert hit_by(session, net, kind, name) == hit


def test_a_circuit_whose_other_route_is_cut_too_is_down(session, net, now):
    hits = found(session, net, "section", "GL-1")
    group = open_group(session, now, kind="section", key=net["section"]["GL-1"].id, name="GL-1")
    group_tickets.open_for(session, group, hits, priority="P2", now=now)
    assert hit_by(session, net, "device", "HZ-3") == {"HD-SDH-2": "outage"}
    assert hit_by(session, net, "section", "GL-1", besides=group.id)["HD-SDH-2"] == "at_risk"


def test_the_sums_leave_out_what_is_only_at_risk(session, net):
    sums = affected.sums_of(found(session, net, "section", "GL-1"))
    assert sums == {"circuits": 1, "customers": 1, "aaa": 1, "at_risk": 1}


def test_the_ticket_of_a_group_has_its_circuits(session, net, now):
    group = open_group(session, now, kind="device", key=net["device"]["HZ-2"].id, name="HZ-2")
    hits = found(session, net, "device", "HZ-2")
    ticket = group_tickets.open_for(session, group, hits, priority="P1", now=now)
    again = group_tickets.open_for(session, group, hits, priority="P1", now=now)
    assert (again.id, ticket.grade, ticket.priority) == (ticket.id, "AAA", "P1")
    assert len(session.exec(select(AffectedCircuit)).all()) == group.circuits == 2


def found(session, net, kind, name, **told):
    thing = net.get(kind, {}).get(name)
    return affected.hit_by(session, kind, thing.id if thing else None, name, **told)


def hit_by(session, net, kind, name, **told):
    codes = dict(session.exec(select(Circuit.id, Circuit.code)).all())
    return {codes[hit.circuit_id]: hit.impact for hit in found(session, net, kind, name, **told)}


def open_group(session, now, *, kind, key, name):
    times = dict.fromkeys(("raised_at", "last_at", "opened_at"), now)
    about = {"layer": 3, "cause": "lossOfSignal", "severity": "critical"}
    group = AlarmGroup(root_kind=kind, root_id=key, root_object=name, **about, **times)
    session.add(group)
    session.flush()
    return group
