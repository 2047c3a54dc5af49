"""Discrepancies: one for each thing, however often it is met; settled by two."""

import pytest
from sqlmodel import Session, select

from records import Discrepancy, Entry
from records.database import open_session
from tasks.archive import discrepancies
from tasks.refusals import Invalid
from tests.asking import post, refused, wrong_fields

FOUND = {"kind": "wrong_value", "object": "HZ-1", "field": "serial", "found": "2102-X"}


def meet(session: Session, now, **more) -> Discrepancy:
    told = {"kind": "unknown_object", "object": "XX-9", "source": "alarm source:omc-1"}
    return discrepancies.raise_one(session, by="baton", now=now, **told | more)


def verbs(session):
    session.commit()
    return session.exec(
        select(Entry.verb).where(Entry.subject.like("discrep%")).order_by(Entry.id)
    ).all()


def test_the_same_thing_is_one_however_often_it_is_met(session, now):
    rows = {meet(session, now, facts={"alarm": n}).id for n in range(3)}
    other = meet(session, now, object="XX-8")
    [row] = [session.get_one(Discrepancy, id) for id in rows]
    assert (row.tally, row.facts, other.tally) == (3, {"alarm": 2}, 1)
    assert verbs(session) == ["raised", "raised"]


def test_two_that_meet_it_at_once_make_one(engine, session, now, monkeypatch):
    meet(session, now)
    session.commit()
    monkeypatch.setattr(
        discrepancies,
        "_find_open",
        lambda *_, find=discrepancies._find_open, n=[]: find(*_) if n or n.append(1) else None,
    )
    with open_session(engine) as other:
        assert meet(other, now).tally == 2


def test_what_is_found_otherwise_makes_a_proposal_void(session, cast, now):
    row = meet(session, now, kind="wrong_value", field="power", found="-20 dBm")
    discrepancies.propose(session, row, "-20 dBm", by=cast["liu"], now=now)
    meet(session, now, kind="wrong_value", field="power", found="-20 dBm")
    assert row.state == "proposed"
    meet(session, now, kind="wrong_value", field="power", found="-24 dBm")
    assert (row.state, row.proposal, row.found) == ("open", "", "-24 dBm")
    assert verbs(session) == ["raised", "proposed", "found otherwise"]


def test_what_a_machine_tells_too_long_is_cut_and_a_wrong_kind_is_refused(session, now):
    row = meet(session, now, object="x\0" * 300, found="y" * 9_000)
    assert (len(row.object), len(row.found)) == (200, 2_000)
    with pytest.raises(Invalid):
        meet(session, now, kind="odd")


def test_one_proposes_and_another_settles(as_):
    liu, dora, nora = as_("liu"), as_("dora"), as_("nora")
    place = f"/api/discrepancies/{post(liu, 'discrepancies', **FOUND)['id']}"
    refused(dora.post(f"{place}/settlement"), 409)
    assert wrong_fields(dora.post(f"{place}/proposal", json={"proposal": " "})) == ["proposal"]
    told = dora.post(f"{place}/proposal", json={"proposal": "2102-X"}).json()
    assert (told["state"], told["state_zh"]) == ("proposed", "待确认")
    refused(dora.post(f"{place}/settlement"), 403)  # her own
    refused(liu.post(f"{place}/settlement"), 403)  # may not
    told = nora.post(f"{place}/settlement").json()
    assert (told["state"], told["proposed_by"], told["settled_by"]) == ("settled", "dora", "nora")
    refused(nora.post(f"{place}/settlement"), 409)


def test_one_that_was_refused_and_is_met_again_is_a_new_one(as_):
    liu, dora = as_("liu"), as_("dora")
    first = post(liu, "discrepancies", **FOUND)["id"]
    assert post(liu, "discrepancies", **FOUND)["tally"] == 2
    refused(dora.post(f"/api/discrepancies/{first}/refusal", json={"reason": ""}), 422)
    assert dora.post(f"/api/discrepancies/{first}/refusal", json={"reason": "-"}).is_success
    assert post(liu, "discrepancies", **FOUND)["id"] != first
    told = dora.get("/api/discrepancies?open=true&kind=wrong_value").json()["items"]
    assert [(one["tally"], one["raised_by"]) for one in told] == [(1, "liu")]
    assert dora.get(f"/api/discrepancies/{first}").json()["settled_by"] == "dora"
    refused(dora.get("/api/discrepancies/99"), 404)
