"""Drafts of diagrams: one at a time, held by whoever saved last, published by a second person."""

from datetime import timedelta

import pytest
from sqlmodel import col, select

from api.pages import painting
from bpmn import drafts, library, runs
from bpmn.comparing import compare
from bpmn.dmn.grids import add_row, drop_row, move_up, read_grids, write_cells
from records import Draft, Entry, Person, history
from tasks.refusals import Conflict, Forbidden, Invalid, NotAllowed, NotFound
from tests.asking import post, publish, refused
from tests.checked import drawn
from tests.diagram_maker import node, properties, script
from tests.fault_walks import FAULT

OLD = drawn([script("A", "x = 1")], "s A e")
NAME, KEY = next(iter(OLD)), "p"
BETTER = OLD[NAME].replace(b"x = 1", b"x = 2")
BROKEN = OLD[NAME].replace(b"x = 1", b"import os")


@pytest.fixture
def draft(session, cast, now):
    """Owen's, of a diagram that has one version."""
    publish(session, now, OLD)
    draft = drafts.begin(session, KEY, by="owen", now=now)
    session.commit()
    return draft


@pytest.fixture
def olga(session, cast, now):
    """Another owner of diagrams."""
    olga = Person(login="olga", name="Olga", roles=["process_owner"], created_at=now)
    session.add(olga)
    session.commit()
    cast["olga"] = olga
    return olga


def save(session, draft, text=BETTER, *, by="owen", now, revision=None):
    told = {"by": by, "now": now, "revision": revision or draft.revision}
    drafts.save(session, draft, {NAME: text}, **told)


def offered(session, draft, now):
    save(session, draft, now=now)
    drafts.offer(session, draft, reason="复测必填", by="owen", now=now)
    return draft


def test_a_draft_becomes_a_version_by_a_second_person(session, draft, olga, cast, now):
    offered(session, draft, now)
    with pytest.raises(Forbidden):
        drafts.accept(session, draft, words="", by=cast["owen"], now=now)
    version = drafts.accept(session, draft, words="同意", by=olga, now=now)
    session.commit()
    assert (version.number, version.published_by, draft.state) == (2, "olga", "published")
    assert library.unpack(library.current_version(session, KEY).bundle)[NAME] == BETTER
    verbs = [one.verb for one in history_of(session)]
    assert verbs[-2:] == ["published", "draft accepted"] and list(history.breaks(session)) == []


def history_of(session):
    told = select(Entry).where(Entry.subject == f"diagram:{KEY}").order_by(col(Entry.seq))
    return session.exec(told).all()


def test_one_draft_of_a_diagram_is_open_and_the_second_hears_whose(session, draft, now):
    with pytest.raises(Conflict) as refusal:
        drafts.begin(session, KEY, by="olga", now=now)
    assert refusal.value.facts["first"] == "owen"
    drafts.drop(session, draft, by="owen", now=now)
    assert drafts.begin(session, KEY, by="olga", now=now).id != draft.id


def test_who_saved_last_holds_it_for_a_while(session, draft, now):
    save(session, draft, now=now)
    with pytest.raises(Conflict, match="owen"):
        save(session, draft, OLD[NAME], by="olga", now=now + timedelta(minutes=14))
    save(session, draft, OLD[NAME], by="olga", now=now + timedelta(minutes=15))
    assert draft.changed_by == "olga"


def test_what_was_made_from_an_older_state_is_not_saved_over_a_newer_one(session, draft, now):
    save(session, draft, now=now)
    with pytest.raises(Conflict, match="meanwhile"):
        save(session, draft, OLD[NAME], now=now, revision=1)


def test_what_the_gate_refuses_can_be_saved_and_cannot_be_offered(session, draft, now):
    save(session, draft, BROKEN, now=now)
    assert "error" in {one.severity for one in drafts.look(session, draft)}
    with pytest.raises(NotAllowed, match="errors"):
        drafts.offer(session, draft, reason="x", by="owen", now=now)
    with pytest.raises(Invalid):
        save(session, draft, OLD[NAME].replace(b'id="p"', b'id="q"'), now=now)


def test_what_was_published_meanwhile_is_not_lost(session, draft, olga, now):
    offered(session, draft, now)
    publish_other = drawn([script("A", "x = 3")], "s A e")
    library.publish(session, publish_other, by="mei", now=now)
    with pytest.raises(Conflict, match="version 1"):
        drafts.accept(session, draft, words="", by=olga, now=now)
    drafts.send_back(session, draft, words="先比较", by="olga", now=now)
    assert (draft.state, draft.words) == ("editing", "先比较")


def test_an_earlier_version_counts_again(session, draft, olga, now):
    drafts.accept(session, offered(session, draft, now), words="", by=olga, now=now)
    with pytest.raises(Invalid):
        library.roll_back(session, KEY, 1, reason=" ", by="olga", now=now)
    library.roll_back(session, KEY, 1, reason="漏了复测", by="olga", now=now)
    session.commit()
    assert library.current_version(session, KEY).number == 1
    assert history_of(session)[-1].verb == "rolled back"


@pytest.mark.both_databases
def test_a_draft_over_http(as_, draft, olga, session):
    owen, other = as_("owen"), as_("dora")
    place = f"drafts/{draft.id}"
    assert not post(owen, f"{place}/checks", diagram=BROKEN.decode())["is_publishable"]
    saved = owen.put(f"/api/{place}/files", json={"diagram": BETTER.decode(), "revision": 1})
    assert saved.json()["revision"] == 2
    refused(other.put(f"/api/{place}/files", json={"diagram": "x", "revision": 2}), 403)
    refused(owen.put(f"/api/{place}/files", json={"diagram": "x", "revision": 2}), 422)
    refused(owen.put(f"/api/{place}/files", json={"files": {}, "revision": 1}), 409)
    assert post(owen, f"{place}/offer", reason="复测必填")["state"] == "offered"
    refused(owen.post(f"/api/{place}/acceptance", json={}), 403)
    changes = owen.get(f"/api/diagrams/{KEY}/changes?old=1&new=1").json()
    assert changes == []


def test_files_from_elsewhere_become_a_draft_and_what_is_no_diagram_does_not(as_):
    owen = as_("owen")
    files = {NAME: OLD[NAME].decode()}
    begun = post(owen, "drafts/uploads", files=files)
    assert (begun["diagram_key"], begun["base_number"]) == (KEY, 0)
    refused(owen.post("/api/drafts/uploads", json={"files": {"x.bpmn": "<a"}}), 422)
    refused(owen.post("/api/drafts/uploads", json={"files": files}), 409)


@pytest.mark.both_databases
def test_two_at_once_begin_one_draft(as_, session, now, draft):
    """Whatever gets past the look, the database refuses."""
    other = Draft(**draft.model_dump(exclude={"id"}))
    session.add(other)
    with pytest.raises(Exception, match=r"(?i)unique"):
        session.commit()
    session.rollback()


def test_pages_show_change_offer_and_review(as_, draft, olga):
    owen = as_("owen")
    shown = owen.get(f"/diagrams/{KEY}")
    assert shown.status_code == 200 and f"/drafts/{draft.id}" in shown.text
    page = owen.get(f"/drafts/{draft.id}").text
    assert "choices" in page or "make setup" in page
    text = owen.get(f"/drafts/{draft.id}/texts/{NAME}").text
    assert "x = 1" in text
    told = {"text": BETTER.decode(), "revision": str(draft.revision)}
    assert owen.post(f"/drafts/{draft.id}/texts/{NAME}", data=told).status_code == 200
    again = owen.post(f"/drafts/{draft.id}/offer", data={"reason": ""})
    assert again.status_code == 422
    owen.post(f"/drafts/{draft.id}/offer", data={"reason": "改"})
    assert owen.post(f"/drafts/{draft.id}/review", data={"accept": "yes"}).status_code == 403
    other = as_("olga")
    answer = other.post(
        f"/drafts/{draft.id}/review", data={"accept": "yes"}, follow_redirects=False
    )
    assert answer.headers["location"] == f"/diagrams/{KEY}"
    changes = other.get(f"/diagrams/{KEY}/changes?old=1&new=2").text
    assert "x = 2" in changes and "x = 1" in changes
    assert as_("dora").get(f"/diagrams/{KEY}/paint").json() == {"steps": {}}


def test_a_decision_table_is_changed_cell_by_cell(as_, session, cast, now):
    publish(session, now, FAULT)
    draft = drafts.begin(session, "fault_handling", by="owen", now=now)
    session.commit()
    owen, place = as_("owen"), f"/drafts/{draft.id}/tables/fault_limit.dmn"
    assert "fault_limit_row_1" in owen.get(place).text
    given = {"table": "fault_limit", "width": "14", "revision": "1", "row": ["fault_limit_row_1"]}
    cells = read_grids(FAULT["fault_limit.dmn"])[0].rows["fault_limit_row_1"]
    typed = {f"cell.fault_limit_row_1.{n}": cell for n, cell in enumerate(cells)}
    saved = owen.post(place, data=given | typed | {"cell.fault_limit_row_1.2": "7"})
    assert saved.status_code == 200
    session.expire_all()
    [change] = compare(FAULT, library.unpack(draft.bundle))
    session.commit()
    assert (change.element, change.was, change.now) == ("fault_limit_row_1_out_1", "5", "7")
    again = given | typed | {"revision": "2", "add": "fault_limit_row_1"}
    assert owen.post(place, data=again).status_code == 200
    lost = given | {"revision": "3", "row": ["gone"]}
    assert owen.post(place, data=lost).status_code == 409
    assert owen.get(f"/drafts/{draft.id}/tables/nowhere.dmn").status_code == 404


def test_rows_come_go_and_move_and_the_rest_of_the_file_stays():
    text = FAULT["fault_limit.dmn"]
    assert write_cells(text, "fault_limit", {}).count(b"<rule ") == text.count(b"<rule ")
    more = add_row(text, "fault_limit", "fault_limit_row_1")
    [before], [after] = read_grids(text), read_grids(more)
    assert len(after.rows) == len(before.rows) + 1
    new = next(iter(after.rows.keys() - before.rows.keys()))
    assert list(after.rows)[1] == new and after.rows[new] == before.rows["fault_limit_row_1"]
    assert next(iter(read_grids(move_up(more, "fault_limit", new))[0].rows)) == new
    assert read_grids(drop_row(more, "fault_limit", new)) == [before]
    with pytest.raises(NotFound):
        drop_row(text, "fault_limit", "nowhere")


def test_a_step_is_hot_where_orders_wait_long_for_somebody(session, as_, cast, now):
    bundle = drawn([node("userTask", "A", properties(group="noc"))], "s A e")
    library.publish(session, bundle, by="owen", now=now)
    runs.start(session, KEY, {}, by="owen", now=now)
    session.commit()
    [step] = painting.steps_of(session, KEY, now=now)
    assert (step.element, step.waiting, step.hand_off) == ("A", 1, 0.0)
    assert painting.paint([step])["steps"]["A"]["state"] == "active"
