"""Questions: asked of who knows, risen from city to group, accepted once."""

from datetime import timedelta
from functools import partial

import pytest
from sqlmodel import select

from records import Answer, Asked, Entry, Notice, Person, PointsEntry, Question
from records.database import open_session
from tasks.learning import article_drafts, points, question_levels, questions, uses
from tasks.refusals import Forbidden, Invalid, NotAllowed
from tests.asking import post, refused
from tests.test_experts import appoint, person
from workflows.questions import raise_questions

CDR = {"title": "话单为何拆成多条", "text": "一次通话有三条话单,时间相连", "category": "billing"}

on_one = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@pytest.fixture
def expert(session, cast, now):
    """Somebody of ours who knows about billing, at some level."""
    return partial(appoint, session, cast, now)


@pytest.fixture
def ask(session, cast, now):
    def make(by="ada", **told):
        row = questions.ask(session, **CDR | told, by=cast[by], now=now)
        session.commit()
        return row

    return make


def asked(session, question):
    rows = select(Person.login).join(Asked).where(Asked.question_id == question.id)
    return sorted(session.exec(rows))


def verbs(session, question):
    session.commit()
    rows = select(Entry.verb).where(Entry.subject == f"question:{question.id}")
    return session.exec(rows.order_by(Entry.seq)).all()


def test_an_unanswered_question_rises_from_city_to_group(engine, session, now, expert, ask):
    for level in ("city", "province", "group"):
        expert(f"at.{level}", level)
    row, at = ask(), now
    session.commit()
    assert raise_questions(engine, now + timedelta(minutes=119)) == 0
    for minutes, level in ((120, "province"), (240, "group"), (480, "group")):
        at += timedelta(minutes=minutes)
        assert raise_questions(engine, at) == 1
        session.refresh(row)
        session.commit()
        assert row.level == level
    assert asked(session, row) == ["at.city", "at.group", "at.province"]
    assert verbs(session, row) == [
        *("asked", "experts asked", "rose", "experts asked", "rose", "experts asked"),
        *("still unanswered", "experts asked"),
    ]
    told = session.exec(select(Notice.person_id).where(Notice.template == "question_asked")).all()
    assert len(told) == 4  # at last the guardians


@on_one
def test_where_a_level_has_nobody_the_next_is_asked_at_once(session, cast, expert, ask):
    expert("at.group", "group")
    row = ask()
    assert (row.level, asked(session, row)) == ("group", ["at.group"])
    alone = ask(skills=["pottery"])
    assert (alone.level, asked(session, alone)) == ("group", [])
    last = session.exec(select(Notice).order_by(Notice.id.desc())).first()
    assert last.person_id == cast["mei"].id  # of the group nsm


@on_one
def test_with_answers_the_asker_is_reminded_before_it_rises(
    engine, session, cast, now, ask, expert
):
    expert("at.city"), expert("at.province", "province")
    row = ask()
    questions.answer(session, row, "按计费周期切分", by=cast["liu"], now=now)
    for minutes, held in ((120, ("city", 1)), (240, ("province", 0))):
        session.commit()
        raise_questions(engine, now + timedelta(minutes=minutes))
        session.refresh(row)
        assert (row.level, row.reminders) == held
    templates = session.exec(select(Notice.template).where(Notice.person_id == cast["ada"].id))
    assert sorted(templates) == ["question_answered", "question_waits"]


def test_the_first_accepted_answer_ends_it_and_earns_points(session, cast, now, ask, expert):
    row, known = ask(), expert("wise")
    told = {"now": now, "evidence": "计费规范 4.2"}
    first = questions.answer(session, row, "按周期切分", by=person(session, "wise"), **told)
    second = questions.answer(session, row, "不知道", by=cast["liu"], now=now)
    questions.accept(session, row, first, by=cast["ada"], now=now)
    assert (row.state, first.state, row.rise_at) == ("answered", "accepted", None)
    session.refresh(known)
    assert (known.answered, known.accepted) == (1, 1)
    assert [rank.points for rank in points.rank(session, "2026-03")] == [10]
    with pytest.raises(NotAllowed):
        questions.accept(session, row, second, by=cast["ada"], now=now)


@on_one
def test_nobody_accepts_their_own_answer(session, cast, now, ask):
    row = ask(by="mei")
    own = questions.answer(session, row, "我知道了", by=cast["mei"], now=now)
    others = questions.answer(session, row, "是这样", by=cast["gwen"], now=now)
    for answer, by in ((own, "mei"), (own, "gwen"), (others, "gwen")):
        with pytest.raises(Forbidden):
            questions.accept(session, row, answer, by=cast[by], now=now)
    with pytest.raises(Forbidden):
        questions.accept(session, row, others, by=cast["ada"], now=now)
    questions.accept(session, row, others, by=cast["mei"], now=now)


@on_one
def test_an_answer_after_the_close_is_kept_and_earns_nothing(session, cast, now, ask):
    row = ask()
    first = questions.answer(session, row, "a", by=cast["liu"], now=now)
    questions.accept(session, row, first, by=cast["ada"], now=now)
    late = questions.answer(session, row, "b", by=cast["dora"], now=now)
    assert (late.state, row.answers) == ("late", 1)
    with pytest.raises(NotAllowed):
        questions.add(session, row, "补充", by=cast["ada"], now=now)
    assert verbs(session, row)[-1] == "answered after the close"


@on_one
def test_what_did_not_hold_is_reopened_and_its_points_taken_back(session, cast, now, ask):
    row = ask()
    answer = questions.answer(session, row, "a", by=cast["liu"], now=now)
    for _ in range(2):
        questions.accept(session, row, answer, by=cast["ada"], now=now)
        questions.reopen(session, row, reason="不对", by=cast["ada"], now=now)
    assert (row.state, row.accepted_id, answer.state) == ("open", None, "given")
    assert [e.points for e in session.exec(select(PointsEntry))] == [10, -10]
    assert row.rise_at is not None


def test_an_accepted_answer_is_reused_and_becomes_an_article(session, cast, now, ask):
    row = ask()
    answer = questions.answer(session, row, "按周期切分", by=cast["liu"], now=now)
    reuse = partial(uses.note_answer, session, answer, now=now)
    with pytest.raises(NotAllowed):
        reuse("ticket:3", "solved", by=cast["dora"])
    questions.accept(session, row, answer, by=cast["ada"], now=now)
    for subject, by in (("ticket:3", "dora"), ("ticket:3", "dora"), ("ticket:4", "liu")):
        reuse(subject, "solved", by=cast[by])
    assert (answer.reused, points.rank(session, "2026-03")[0].points) == (2, 15)
    with pytest.raises(Invalid):
        reuse(f"question:{row.id}", "solved", by=cast["dora"])
    draft = article_drafts.draft_from(session, f"question:{row.id}", by=cast["ada"], now=now)
    assert (draft.symptoms, "按周期切分" in draft.body) == (row.text, True)


def test_questions_over_http(as_, session, cast, now):
    ada, liu, mei = as_("ada"), as_("liu"), as_("mei")
    row = post(ada, "questions", **CDR, subject="ticket:7")
    place = f"questions/{row['id']}"
    assert (row["skills"], row["level"], row["asked"]) == (["billing"], "group", [])
    answer = post(liu, f"{place}/answers", text="按周期切分")
    assert post(ada, f"{place}/additions", text="是长途")["kind"] == "addition"
    refused(liu.post(f"/api/{place}/acceptance", json={"answer": answer["id"]}), 403)
    refused(ada.post(f"/api/{place}/acceptance", json={"answer": answer["id"] + 1}), 422)
    assert post(ada, f"{place}/acceptance", answer=answer["id"])["state"] == "answered"
    refused(ada.post(f"/api/{place}/withdrawal", json={"reason": "x"}), 409)
    assert len(ada.get(f"/api/{place}/answers").json()["items"]) == 2
    used = f"{place}/answers/{answer['id']}/uses"
    assert post(mei, used, subject="ticket:9", outcome="solved")["about"] == "answer:1"
    [rank] = ada.get("/api/points/ranks").json()
    assert (rank["login"], rank["points"], rank["place"]) == ("liu", 15, 1)
    entries = ada.get("/api/points?person=liu").json()["items"]
    assert [entry["kind"] for entry in entries] == ["answer_reused", "answer_accepted"]
    assert ada.get("/api/questions?state=open").json()["items"] == []
    assert [one["id"] for one in ada.get("/api/questions?subject=ticket:7").json()["items"]] == [1]
    assert post(ada, f"{place}/reopening", reason="不对")["accepted_id"] is None
    assert post(ada, f"{place}/withdrawal", reason="x")["state"] == "withdrawn"
    refused(ada.get("/api/points/ranks?month=2026-13"), 422)
    refused(ada.get("/api/questions/99"), 404)


def test_two_who_accept_at_once_are_told_who_was_first(engine, session, cast, now, ask):
    row = ask()
    for login in ("liu", "dora"):
        questions.answer(session, row, login, by=cast[login], now=now)
    session.commit()
    with open_session(engine) as one:
        theirs = one.get_one(Question, row.id)
        mine = one.exec(select(Answer).order_by(Answer.id)).first()
        questions.accept(one, theirs, mine, by=cast["ada"], now=now)
    session.refresh(row)
    with pytest.raises(NotAllowed):
        questions.accept(session, row, session.get_one(Answer, 2), by=cast["ada"], now=now)


@on_one
def test_a_level_that_a_policy_took_away_is_the_last(session, ask):
    row = ask()
    row.level = "moon"
    session.commit()
    question_levels.rise(session, row.id, now=row.rise_at)
    assert row.level == "moon" and row.rounds == 2
