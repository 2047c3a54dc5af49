"""Notices over HTTP: seen by their readers, steered by a manager."""

from dataclasses import replace

import pytest
from sqlmodel import select

from notifications.channels import CHANNELS
from notifications.notices import tell
from notifications.refusals import NotSent
from records import Contact, Customer, Entry
from workflows.notices import send_notices

FACTS = {"ticket": "FT-1", "circuit": "HD-DIA-1", "restored_at": "04:02"}


@pytest.fixture
def told(session, cast, now):
    """`told(to)`: the notices that are queued for somebody."""

    def told(to=None, **more):
        to = to or session.exec(select(Contact)).one()
        given = {"template": "restored", "facts": FACTS, "key": "k", "subject": "ticket:1"}
        found = tell(session, to=to, **{**given, **more}, now=now)
        session.commit()
        return found

    return told


@pytest.fixture
def mails(monkeypatch):
    """A mail server that takes everything: what it got."""
    taken = []

    def send(key, to, title, text):
        taken.append(text)

    set_up = replace(CHANNELS["smtp"], send=send, is_ready=lambda: True)
    monkeypatch.setitem(CHANNELS, "smtp", set_up)
    monkeypatch.setenv("BATON_URL", "https://baton.example/")
    return taken


def verbs(session):
    entries = select(Entry.verb).where(Entry.subject == "ticket:1").order_by(Entry.seq)
    found = list(session.exec(entries))
    session.commit()
    return found


# Seen


def link_in(text):
    return text.partition("https://baton.example")[2].split()[0]


def test_a_link_is_followed_by_scanners_and_pressed_by_people(
    engine, session, told, mails, client, now
):
    [notice] = told()
    send_notices(engine, now)
    link = link_in(mails[0])
    for _ in range(2):
        page = client.get(link)
        assert page.status_code == 200 and "<button>" in page.text and notice.title in page.text
    session.refresh(notice)
    assert notice.seen_at is None and notice.seen_hash not in link and link not in notice.text
    session.commit()
    for _ in range(2):
        assert "Noted" in client.post(link).text
    session.refresh(notice)
    assert notice.seen_at == now and notice.seen_by.startswith("contact:")
    assert verbs(session) == ["notice sent", "notice seen"]


def test_the_page_runs_nothing_and_tells_nobody_its_address(told, mails, engine, client, now):
    told(facts={**FACTS, "circuit": "<script>alert(1)</script>"})
    send_notices(engine, now)
    page = client.get(link_in(mails[0]))
    assert "<script>" not in page.text and "&lt;script&gt;" in page.text
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in page.headers["content-security-policy"]


def test_a_link_that_is_not_ours_is_said_so(client, told):
    told()
    for path in ("/api/notices/seen?key=guess", "/api/notices/seen"):
        assert client.get(path).status_code == client.post(path).status_code == 404


def test_without_our_address_there_is_no_link(told, mails, engine, monkeypatch, now):
    monkeypatch.delenv("BATON_URL")
    told()
    send_notices(engine, now)
    assert "点此" not in mails[0] and "seen" not in mails[0]


def test_my_inbox_counts_what_i_have_not_seen(as_, cast, told, session):
    told(cast["liu"]), told(cast["liu"], key="k2"), told(cast["dora"])
    liu = as_("liu")
    inbox = liu.get("/api/inbox").json()
    assert inbox["unseen"] == 2 and len(inbox["items"]) == 2
    first = inbox["items"][0]
    assert liu.post(f"/api/inbox/{first['id']}/acknowledgement").json()["seen_at"]
    assert liu.get("/api/inbox?unseen=true&limit=1").json()["unseen"] == 1
    assert as_("dora").post(f"/api/inbox/{first['id']}/acknowledgement").status_code == 404


def test_seen_by_one_channel_is_seen_by_all(as_, cast, told, session, mails):
    cast["liu"].email = "liu@x.example"
    session.add(cast["liu"])
    [inbox, mail] = told(cast["liu"])
    as_("liu").post(f"/api/inbox/{inbox.id}/acknowledgement")
    session.refresh(mail)
    assert mail.seen_by == "liu"


def test_i_say_by_which_channels_i_want_to_hear(as_, session, cast):
    liu = as_("liu")
    assert liu.put("/api/inbox/channels", json={"channels": ["sms", "smtp"]}).status_code == 204
    assert liu.get("/api/me").json()["channels"] == ["sms", "smtp"]
    refused = liu.put("/api/inbox/channels", json={"channels": ["pigeon"]})
    assert refused.status_code == 422 and "pigeon" in refused.json()["zh"]


# Steered


@pytest.mark.both_databases
def test_the_list_is_narrowed_and_goes_on_page_by_page(as_, told, cast):
    told(cast["liu"]), told(cast["dora"]), told()
    dora = as_("dora")
    assert len(dora.get("/api/notices").json()["items"]) == 3
    [kept] = dora.get("/api/notices?state=kept&subject=ticket:1").json()["items"]
    assert kept["to"] == "wang@bank.example"
    [mine] = dora.get("/api/notices?person=liu&channel=inbox&to=liu").json()["items"]
    assert dora.get(f"/api/notices/{mine['id']}").json()["text"].startswith("Liu,您好")
    page = dora.get("/api/notices?limit=2").json()
    assert len(dora.get(f"/api/notices?cursor={page['next']}").json()["items"]) == 1


def test_only_a_manager_sends_again_or_drops(as_, told):
    [kept] = told()
    for what in ("retry", "drop"):
        given = {"json": {"reason": "x"}} if what == "drop" else {}
        assert as_("liu").post(f"/api/notices/{kept.id}/{what}", **given).status_code == 403


def test_what_was_kept_leaves_once_a_mail_server_is_set(
    as_, told, engine, session, now, monkeypatch
):
    [kept] = told()
    mei = as_("mei")
    refused = mei.post(f"/api/notices/{kept.id}/retry")
    assert refused.status_code == 409 and "BATON_SMTP" in refused.json()["zh"]
    sent = []
    set_up = replace(CHANNELS["smtp"], send=lambda *told: sent.append(told), is_ready=lambda: True)
    monkeypatch.setitem(CHANNELS, "smtp", set_up)
    again = mei.post(f"/api/notices/{kept.id}/retry").json()
    assert (again["state"], again["channel"], again["to"]) == (
        "waiting",
        "smtp",
        "wang@bank.example",
    )
    assert send_notices(engine, now) == 1 and len(sent) == 1
    assert verbs(session) == ["notice kept", "notice retried", "notice sent"]
    assert mei.post(f"/api/notices/{kept.id}/retry").status_code == 409


def test_what_names_another_customer_still_does_after_a_retry(as_, told, session, mails):
    session.add(Customer(code="C-2", name="海西医院"))
    [failed] = told(facts={**FACTS, "cause": "海西医院施工"})
    refused = as_("mei").post(f"/api/notices/{failed.id}/retry")
    assert refused.status_code == 409 and "海西医院" in refused.json()["en"]


def test_what_is_dropped_is_not_sent(as_, told, engine, session, now, mails):
    [notice] = told()
    dropped = (
        as_("mei").post(f"/api/notices/{notice.id}/drop", json={"reason": "已电话告知"}).json()
    )
    assert (dropped["state"], dropped["error"]) == ("dropped", "已电话告知")
    assert send_notices(engine, now) == 0 and mails == []


def test_a_dead_server_is_seen_in_health_and_backlog(
    as_, client, told, engine, clock, now, monkeypatch
):
    def fail(*told):
        raise NotSent("dead", is_unreachable=True)

    set_up = replace(CHANNELS["smtp"], send=fail, is_ready=lambda: True)
    monkeypatch.setitem(CHANNELS, "smtp", set_up)
    told()
    send_notices(engine, now)
    clock.now = now.replace(hour=3)
    health = client.get("/api/health").json()["channels"]["smtp"]
    assert health == {"is_ready": True, "waiting": 1, "oldest_seconds": 3600}
    told = {one["channel"]: one for one in as_("dora").get("/api/notices/backlog").json()}
    assert told["smtp"]["waiting"] == 1 and told["sms"]["setting"] == "BATON_SMS"
