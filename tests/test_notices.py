"""Notices: queued with what they tell of, sent once, tried again, given up."""

import pytest
from sqlmodel import select

from notifications import outbox
from notifications.channels import CHANNELS
from notifications.refusals import NotSent
from records import Notice
from workflows.notices import send_notices


def queue(session, now, **changed):
    told = {"key": "ticket-1-known", "channel": "inbox", "to": "wang", "template": "fault_known"}
    facts = {"ticket": "FT-1", "customer": "海东银行", "circuit": "HD-DIA-1", "expected": "04:14"}
    notice = outbox.queue(session, **told | {"facts": facts} | changed, subject="ticket:1", now=now)
    session.commit()
    return notice


def look(session, notice):
    session.refresh(notice)
    session.commit()  # on SQLite, let the flow write


def test_the_same_key_is_queued_once(session, now):
    assert queue(session, now) is queue(session, now)
    assert len(session.exec(select(Notice)).all()) == 1


def test_a_notice_is_sent_once(engine, session, now):
    notice = queue(session, now)
    assert [send_notices(engine, now), send_notices(engine, now)] == [1, 0]
    look(session, notice)
    assert (notice.state, notice.sent_at) == ("sent", now)


def test_a_failure_that_may_pass_is_tried_again_later(engine, session, now, monkeypatch):
    def fail(key, to, subject, text):
        raise NotSent("busy")

    monkeypatch.setitem(CHANNELS, "inbox", fail)
    notice = queue(session, now)
    for _ in range(6):
        send_notices(engine, now)
        look(session, notice)
        now = max(now, notice.due_at)
    assert (notice.state, notice.attempts, notice.error) == ("failed", 6, "busy")


@pytest.mark.parametrize("wrong", [{"template": "no_such"}, {"facts": {}}, {"channel": "pigeon"}])
def test_what_can_never_be_sent_fails_at_once_and_is_seen(engine, session, now, wrong):
    notice = queue(session, now, **wrong)
    send_notices(engine, now)
    look(session, notice)
    assert notice.state == "failed" and notice.error


def test_words_are_chinese_first_and_english_below():
    facts = {"ticket": "FT-1", "customer": "海东银行", "circuit": "HD-DIA-1", "expected": "04:14"}
    subject, text = outbox.words("fault_known", facts)
    assert "HD-DIA-1" in subject
    assert text.index("我们") < text.index("We ")
