"""The page of a work order: files, knowledge, the next in line; who should take several."""

import pytest
from sqlmodel import select

from api.pages.files import read_file
from records import Alarm, AlarmGroup, Article, Notice, WorkOrder, article_index
from tasks.refusals import Invalid
from tests.asking import post, report_fault

ENGLISH = {"Accept-Language": "en"}

BODY = (
    '--x\r\nContent-Disposition: form-data; name="file"; filename="门.txt"\r\n'
    "Content-Type: text/plain\r\n\r\nline\r\n--no\r\n\r\n--x--\r\n"
).encode()


@pytest.fixture
def order(session, cast, now):
    ticket = report_fault(session, cast, now)
    found = session.exec(select(WorkOrder).where(WorkOrder.ticket_id == ticket.id)).one()
    session.commit()
    return found


def test_a_file_is_read_as_it_was_sent():
    told = read_file("multipart/form-data; boundary=x", BODY)
    assert told == ("门.txt", "text/plain", b"line\r\n--no\r\n")


@pytest.mark.parametrize("kind", ["", "multipart/form-data", "multipart/form-data; boundary=y"])
def test_what_is_no_file_is_refused(kind):
    with pytest.raises(Invalid):
        read_file(kind, BODY)


def test_a_file_goes_up_without_script_and_a_bad_one_says_why(as_, order):
    ada, place = as_("ada"), f"/work-orders/{order.id}/files"
    kept = ada.post(place, files={"file": ("a b.pdf", b"%PDF \r\n\0", "application/pdf")})
    assert "a b.pdf" in kept.text
    assert ada.get(f"/api/work-orders/{order.id}/attachments/1").content == b"%PDF \r\n\0"
    page = {"file": ("x.html", b"<script>", "text/html")}
    refused = ada.post(place, files=page, headers=ENGLISH)
    assert refused.status_code == 422 and "text/html" in refused.text


def test_what_is_known_stands_beside_the_order_and_is_said_to_help(as_, order, session, now):
    told = {"kind": "fault", "state": "published", "owner": "liu", "created_by": "liu"}
    article = Article(title="专线中断先看光功率", body="看灯", number=1, created_at=now, **told)
    session.add(article)
    session.flush()
    article_index.rebuild(session, lambda *_: None)
    session.commit()
    ada = as_("ada")
    assert "专线中断先看光功率" in ada.get(f"/work-orders/{order.id}").text
    helped = ada.post(f"/work-orders/{order.id}/articles/{article.id}", data={"outcome": "solved"})
    session.refresh(article)
    assert helped.status_code == 200 and article.solved == 1


def test_the_next_in_line_comes_without_the_mouse(as_, order, session):
    second = WorkOrder(**order.model_dump(exclude={"id", "step_id"}), step_id=99)
    session.add(second)
    session.commit()
    ada = as_("ada")
    ada.post(f"/work-orders/{order.id}/actions/accept")
    given = {"answers.confirmed": "yes", "next": "yes"}
    assert ada.get(f"/work-orders/{order.id}/next").url.path == f"/work-orders/{second.id}"
    done = ada.post(f"/work-orders/{order.id}/completion", data=given)
    assert done.url.path == f"/work-orders/{second.id}"


def test_who_looks_at_an_order_hears_that_it_changed(as_, order):
    ada, place = as_("ada"), f"/work-orders/{order.id}/live"
    assert ada.get(place, headers={"Baton-Mark": str(order.revision)}).status_code == 204
    post(as_("dora"), f"work-orders/{order.id}/acceptance")
    told = ada.get(place, headers={"Baton-Mark": str(order.revision), **ENGLISH})
    assert "it is accepted, with dora" in told.text


def test_who_should_take_several_and_why(as_, order):
    told = as_("dora").get(f"/work-orders/suggestions?order={order.id}", headers=ENGLISH).text
    assert 'value="ada"' in told and "Holds no open order" in told


def test_a_storm_tells_who_was_told_and_is_acknowledged_as_one(as_, session, order, now):
    told = {"cause": "lossOfSignal", "severity": "critical", "ticket_id": order.ticket_id}
    times = {"raised_at": now, "last_at": now, "opened_at": now}
    group = AlarmGroup(root_kind="section", root_object="GL-000417", layer=3, **told, **times)
    about = {
        "subject": f"ticket:{order.ticket_id}",
        "due_at": now,
        "queued_at": now,
        "sent_at": now,
    }
    session.add_all([group, Notice(key="k", channel="email", to="wang@x", template="t", **about)])
    session.commit()
    dora = as_("dora")
    assert "wang@x" in dora.get(f"/alarm-groups/{group.id}").text
    times = dict.fromkeys(("raised_at", "last_at", "received_at"), now)
    told = {"source": "ems", "key": "1", "object": "GL", "cause": "LOS", "group_id": group.id}
    session.add(Alarm(**told, **times))
    session.commit()
    place = f"/alarm-groups/{group.id}/acknowledgement"
    assert "acknowledged by dora" in dora.post(place, data={"note": "x"}, headers=ENGLISH).text
    assert dora.post(place, data={"note": "x"}).status_code == 409
    drawn = dora.get("/alarm-groups/live")
    assert 'data-row="1"' in drawn.text
    mark = {"Baton-Mark": drawn.headers["Baton-Mark"]}
    assert dora.get("/alarm-groups/live", headers=mark).status_code == 204
