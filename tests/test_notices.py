"""Notices: queued with what they tell of, sent once, tried again, given up, passed on."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlmodel import select

from notifications import outbox
from notifications.channels import CHANNELS
from notifications.notices import tell, tell_contacts, tell_groups, together
from notifications.policy import shipped
from notifications.refusals import NotSent
from records import Contact, Customer, Entry, Notice, Policy, Ticket
from records.database import open_session
from workflows.notices import send_notices

FACTS = {"ticket": "FT-1", "customer": "海东银行", "circuit": "HD-DIA-1", "expected": "04:14"}
RESTORED = {**FACTS, "restored_at": "04:02"}


def queue(session, now, **changed):
    told = {"key": "ticket-1-known", "channel": "inbox", "to": "wang", "template": "fault_known"}
    notice = outbox.queue(
        session, **{**told, "facts": FACTS, "subject": "ticket:1", **changed}, now=now
    )
    session.commit()
    return notice


def look(session, notice):
    session.refresh(notice)
    session.commit()  # on SQLite, let the flow write


@pytest.fixture
def contact(session, cast):
    return session.exec(select(Contact)).one()


@pytest.fixture
def told(session, now):
    """`told(to)`: what is queued for somebody."""

    def told(to, template="restored", **more):
        given = {"facts": RESTORED, "key": "k", "subject": "ticket:1", "now": now, **more}
        found = tell(session, to=to, template=template, **given)
        session.commit()
        return found

    return told


@pytest.fixture
def channel(monkeypatch):
    """`channel("smtp", error, …)`: it is set up, and its tries go as told; then all are taken."""
    sent = []

    def set_up(name, *errors):
        left = list(errors)

        def send(key, to, title, text):
            if left and (error := left.pop(0)):
                raise error
            sent.append((name, to, title))

        monkeypatch.setitem(
            CHANNELS, name, replace(CHANNELS[name], send=send, is_ready=lambda: True)
        )
        return sent

    return set_up


def publish(session, now, key, content, number=1):
    told = {"key": key, "number": number, "content": content}
    session.add(Policy(**told, published_at=now, published_by="owen"))
    session.commit()


# The outbox


def test_the_same_key_is_queued_once(session, now):
    assert queue(session, now).id == queue(session, now).id
    assert len(session.exec(select(Notice)).all()) == 1


def test_a_notice_is_sent_once_and_what_was_sent_is_kept(engine, session, now):
    notice = queue(session, now)
    assert [send_notices(engine, now), send_notices(engine, now)] == [1, 0]
    look(session, notice)
    assert notice.state == "sent" and notice.sent_at - now < timedelta(seconds=9)
    assert "HD-DIA-1" in notice.title and "无需再报障" in notice.text
    entry = session.exec(select(Entry).where(Entry.subject == "ticket:1")).one()
    assert entry.verb == "notice sent" and "wang" not in str(entry.particulars)


def test_a_failure_that_may_pass_is_tried_again_later(engine, session, now, channel):
    channel("smtp", *[NotSent("busy")] * 9)
    notice = queue(session, now, channel="smtp", to="wang@bank.example")
    for _ in range(6):
        send_notices(engine, now)
        look(session, notice)
        now = max(now, notice.due_at)
    assert (notice.state, notice.attempts, notice.error) == ("failed", 6, "busy")


def test_what_can_never_be_sent_fails_at_once_and_is_seen(engine, session, now):
    wrong = [{"template": "no_such"}, {"facts": {}}, {"channel": "pigeon"}]
    notices = [queue(session, now, key=f"k{n}", **told) for n, told in enumerate(wrong)]
    send_notices(engine, now)
    for notice in notices:
        look(session, notice)
        assert notice.state == "failed" and notice.error
    verbs = session.exec(
        select(Entry.verb).where(Entry.subject == "ticket:1").order_by(Entry.id)
    ).all()
    assert verbs == ["notice failed"] * 3


def test_a_dead_far_side_costs_no_try_and_holds_up_no_other(engine, session, now, channel):
    channel("smtp", *[NotSent("dead", is_unreachable=True)] * 9)
    mails = [queue(session, now, key=f"k{n}", channel="smtp", to=f"{n}@x") for n in range(20)]
    other = queue(session, now)
    assert send_notices(engine, now) == 1
    for notice in [*mails, other]:
        look(session, notice)
    assert {(mail.state, mail.attempts) for mail in mails} == {("waiting", 0)}
    assert other.state == "sent"


def test_when_the_far_side_is_back_each_is_sent_exactly_once(engine, session, now, channel):
    sent = channel("smtp", NotSent("dead", is_unreachable=True))
    for n in range(20):
        queue(session, now, key=f"k{n}", channel="smtp", to=f"{n}@x")
    done = [send_notices(engine, now + timedelta(seconds=s)) for s in (0, 1, 7, 40, 41)]
    assert sum(done) == 20 and done[-1] == 0
    assert sorted(sent) == sorted({("smtp", f"{n}@x", title) for n, (*_, title) in enumerate(sent)})


def test_a_claim_that_ran_out_is_taken_by_another_and_settled_by_one(session, now, channel):
    notice = queue(session, now)
    [first] = outbox.claim(session, "inbox", now=now, limit=9)
    assert outbox.claim(session, "inbox", now=now, limit=9) == []
    [second] = outbox.claim(session, "inbox", now=now + outbox.LEASE, limit=9)
    outbox.settle(session, first, NotSent("slow"), now=now)
    assert notice.error == ""
    outbox.settle(session, second, None, now=now)
    assert notice.state == "sent"


# Who is told, by which channel, when


def test_a_customer_is_told_in_their_language_by_mail(told, contact, channel):
    channel("smtp")
    [notice] = told(contact)
    assert (notice.channel, notice.to, notice.language) == ("smtp", "wang@bank.example", "zh")
    assert notice.text.startswith("王敏,您好")
    contact.language = "en"
    [notice] = told(contact, key="k2")
    assert notice.title.startswith("Circuit HD-DIA-1 is back")


def test_the_same_key_tells_the_same_person_once(told, contact, cast, channel):
    channel("smtp")
    assert [notice.id for notice in told(contact)] == [notice.id for notice in told(contact)]
    assert told(cast["liu"])[0].id != told(cast["dora"])[0].id


def test_without_a_way_out_what_a_customer_should_hear_is_kept_in_baton(told, contact, engine, now):
    [notice] = told(contact)
    assert (notice.channel, notice.state) == ("inbox", "kept")
    assert "BATON_SMTP" in notice.error and notice.title and send_notices(engine, now) == 0


def test_staff_hear_in_the_inbox_and_where_they_want(told, cast, channel):
    channel("smtp"), channel("sms")
    liu = cast["liu"]
    liu.email, liu.phone = "liu@x.example", "138"
    assert [n.channel for n in told(liu)] == ["inbox", "smtp"]
    assert [n.channel for n in told(liu, key="k2", is_urgent=True)] == ["inbox", "sms"]
    liu.channels = ["smtp"]
    [_, mail] = told(liu, key="k3", is_urgent=True)
    assert mail.channel == "smtp" and mail.fallbacks == [["sms", "138"]]
    liu.active = False
    assert told(liu, key="k4") == []


def test_in_quiet_hours_what_is_not_urgent_waits(told, contact, cast, channel, now):
    channel("smtp")
    night = now.replace(hour=19)  # 03:14 there
    [usual], [urgent] = told(contact, now=night), told(contact, key="k2", now=night, is_urgent=True)
    assert (usual.due_at, urgent.due_at) == (now.replace(hour=23, minute=0), night)
    [inbox] = told(cast["liu"], now=night)
    assert inbox.due_at == night


def test_what_could_not_leave_by_day_does_not_leave_by_night(
    engine, session, told, contact, now, channel
):
    sent = channel("smtp", NotSent("dead", is_unreachable=True))
    [mail] = told(contact, now=now.replace(hour=13, minute=58))  # 21:58 there
    done = [send_notices(engine, now.replace(hour=h, minute=m)) for h, m in ((13, 58), (14, 5))]
    assert done == [0, 0] and sent == []
    look(session, mail)
    assert f"{mail.due_at:%d %H:%M}" == "11 23:00" and mail.expires_at > mail.due_at
    assert send_notices(engine, mail.due_at) == 1


def test_after_a_refusal_the_next_channel_has_its_turn(
    engine, session, told, contact, now, channel
):
    sent = channel("smtp", NotSent("550 no such user", is_final=True))
    channel("sms")
    [mail] = told(contact)
    assert send_notices(engine, now) == 0
    assert send_notices(engine, now + timedelta(seconds=9)) == 1
    look(session, mail)
    assert (mail.state, mail.error) == ("failed", "550 no such user")
    assert sent == [("sms", "000-1", mail.title)]


def test_who_waits_too_long_for_one_channel_is_told_by_the_next(
    engine, told, contact, now, channel
):
    sent = channel("sms", NotSent("dead", is_unreachable=True))
    channel("smtp")
    told(contact, is_urgent=True)
    done = [send_notices(engine, now + timedelta(minutes=m)) for m in (0, 11, 12)]
    assert [name for name, *_ in sent] == ["smtp"] and sum(done) == 1


def test_groups_hear_in_both_languages_what_the_policy_names(session, now):
    publish(session, now, "notices", {**shipped(), "groups": {"restored": ["noc"]}})
    given = {"template": "restored", "facts": RESTORED, "key": "k", "subject": "", "now": now}
    [notice] = tell_groups(session, **given)
    assert (notice.channel, notice.to) == ("robot", "noc")
    assert notice.text.index("已于") < notice.text.index("has been back")


# No customer reads another's name


@pytest.fixture
def other(session, cast, now):
    """海西医院, whose ticket shares a parent with the bank's."""
    hospital = Customer(code="C-2", name="海西医院", name_en="Haixi Hospital")
    session.add(hospital)
    session.flush()
    told = {"source": "alarm", "title": "HD-OTN-1", "opened_at": now, "started_at": now}
    parent = Ticket(**told)
    session.add(parent)
    session.flush()
    for customer in session.exec(select(Customer)).all():
        session.add(Ticket(**told, customer_id=customer.id, parent_id=parent.id))
    session.commit()
    return hospital


def test_a_notice_never_names_another_customer(told, contact, other, channel):
    channel("smtp")
    for cause in ("海西医院楼下施工", "works below HAIXI HOSPITAL"):
        [notice] = told(contact, key=cause, facts={**RESTORED, "cause": cause})
        assert notice.state == "failed" and "names another customer" in notice.error
    [notice] = told(contact, facts={**RESTORED, "cause": "HAIXI HOSPITALITY"})
    assert notice.state == "waiting"


def test_a_name_within_ones_own_name_is_no_other_customer(session, told, contact, other, channel):
    channel("smtp")
    session.get_one(Customer, contact.customer_id).name = "海西医院海东银行"
    [notice] = told(contact, facts={**RESTORED, "cause": "海西医院海东银行机房断电"})
    assert notice.state == "waiting"
    [notice] = told(contact, key="k2", facts={**RESTORED, "cause": "海西医院海东银行与海西医院"})
    assert notice.state == "failed"


def test_staff_may_read_whom_it_concerns(told, cast, other):
    [notice] = told(cast["liu"], facts={**RESTORED, "cause": "海西医院楼下施工"})
    assert notice.state == "waiting"


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize("is_bold, so_far", [(True, 0), (False, 2)])
def test_what_is_told_together_is_queued_at_the_end_where_nothing_can_be_undone(
    engine, contact, channel, session, now, is_bold, so_far
):
    channel("smtp")
    session.commit()
    told = {"template": "restored", "facts": RESTORED, "subject": "ticket:1", "now": now}
    with open_session(engine, bold=is_bold) as own:
        with together(own):
            for key in ("a", "b", "a"):
                assert tell_contacts(own, [contact], key=key, **told) == ["waiting"]
            assert len(own.exec(select(Notice)).all()) == so_far
        assert len(own.exec(select(Notice)).all()) == 2
