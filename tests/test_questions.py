"""Questions: asked of who knows, risen from city to group, accepted once, worth points."""

from datetime import timedelta
from functools import partial

import pytest
from sqlmodel import select

from records import Answer, Asked, Entry, Expert, Notice, Person, PointsEntry, Question, Report
from records.database import open_session
from tasks import article_drafts, expert_choice, experts, points, question_levels, questions, uses
from tasks.refusals import Forbidden, Invalid, NotAllowed, NotFound
from tests.asking import post, refused
from tests.crews import hire
from workflows import experts as expert_flow
from workflows import points as points_flow
from workflows.questions import raise_questions

CDR = {"title": "话单为何拆成多条", "text": "一次通话有三条话单,时间相连", "category": "billing"}

on_one = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@pytest.fixture
def expert(session, cast, now):
    """Somebody of ours who knows about billing, at some level."""

    def make(login, level="city", skills=("billing",), **more):
        person = hire(session, login, "data", roles=["expert"], now=now, **more)
        told = {"level": level, "skills": list(skills)}
        row = experts.nominate(session, person, told, by=cast["mei"], now=now)
        session.flush()
        experts.appoint(session, row, by=cast["mei"], now=now)
        session.commit()
        return row

    return make


@pytest.fixture
def ask(session, cast, now):
    def make(by="ada", **told):
        row = questions.ask(session, **CDR | told, by=cast[by], now=now)
        session.commit()
        return row

    return make


def person(session, login):
    return session.exec(select(Person).where(Person.login == login)).one()


def asked(session, question):
    rows = select(Person.login).join(Asked).where(Asked.question_id == question.id)
    return sorted(session.exec(rows))


def verbs(session, question):
    session.commit()
    rows = select(Entry.verb).where(Entry.subject == f"question:{question.id}")
    return session.exec(rows.order_by(Entry.seq)).all()


def chosen(session, now, **wish):
    found = expert_choice.choose(session, ["billing"], now=now, **wish)
    return [choice.login for choice in found]


def test_who_is_skilled_free_near_and_often_accepted_is_chosen_first(session, now, expert):
    rows = {
        login: expert(login, **told)
        for login, told in {
            "far": {"city": "泉州"},
            "near": {},
            "proven": {"city": "泉州"},
            "other": {"skills": ["wlan"]},
            "province": {"level": "province"},
        }.items()
    }
    rows["proven"].answered, rows["proven"].accepted = 10, 9
    session.commit()
    assert chosen(session, now, levels=["city"], city="海州") == ["proven", "near", "far"]
    assert chosen(session, now, levels=["city"], exclude=["near"], limit=1) == ["proven"]
    [first] = expert_choice.choose(session, ["billing"], levels=["province"], now=now)
    assert [reason.en for reason in first.reasons] == ["Is skilled in billing", "Is free"]


def test_who_has_left_is_away_or_has_enough_in_hand_is_not_asked(session, cast, now, expert, ask):
    gone, away, busy, _ = (expert(login) for login in ("gone", "away", "busy", "free"))
    person(session, "gone").active = False
    experts.set_away(session, away, now + timedelta(days=3), by=person(session, "away"), now=now)
    busy.most = 1
    session.add(Question(title="x", text="x", asked_by="ada", asked_at=now, id=70))
    session.flush()
    session.add(Asked(question_id=70, person_id=busy.person_id, level="city", asked_at=now))
    session.commit()
    assert asked(session, ask()) == ["free"]
    with pytest.raises(Forbidden):
        experts.set_away(session, busy, None, by=cast["ada"], now=now)
    with pytest.raises(NotAllowed):
        experts.appoint(session, gone, by=cast["mei"], now=now)


@on_one
def test_terms_end_by_themselves_and_nobody_appoints_themselves(engine, session, cast, now, expert):
    row = expert("old")
    assert expert_flow.end_terms(engine, now + timedelta(days=731)) == 1
    assert expert_flow.end_terms(engine, now + timedelta(days=731)) == 0
    session.refresh(row)
    assert row.state == "ended" and chosen(session, now) == []
    own = experts.nominate(session, cast["mei"], {"skills": ["ip"]}, by=cast["gwen"], now=now)
    with pytest.raises(Forbidden):
        experts.appoint(session, own, by=cast["mei"], now=now)
    with pytest.raises(NotAllowed):
        experts.nominate(session, cast["mei"], {}, by=cast["gwen"], now=now)


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


def award(session, now, n, by="ada", login="liu", kind="answer_accepted"):
    told = {"key": f"answer:{n}:accepted", "subject": f"question:{n}", "by": by, "now": now}
    return points.award(session, login, kind, **told)


def test_points_are_capped_by_day_and_by_pair(session, cast, now):
    by_one = [award(session, now, n).points for n in range(5)]
    assert by_one == [10, 10, 10, 0, 0]
    by_others = [award(session, now, n, by=f"p{n}") for n in range(5, 9)]
    assert [(each.points, each.cap) for each in by_others] == [
        *((10, ""), (10, ""), (0, "daily"), (0, "daily"))
    ]
    tomorrow = now + timedelta(hours=14)  # 00:14 in Shanghai
    assert award(session, tomorrow, 20).points == 10
    assert (award(session, tomorrow, 21, by="liu"), award(session, now, 1).points) == (None, 10)
    with pytest.raises(NotFound):
        award(session, now, 30, kind="volume")


def test_two_awards_at_once_stay_within_the_cap(engine, session, cast, now):
    for n in range(4):
        award(session, now, n, by=f"p{n}")
    session.commit()
    with open_session(engine) as one:
        assert award(one, now, 10, by="x").points == 10
    with open_session(engine) as other:
        assert award(other, now, 11, by="y").points == 0


@on_one
def test_the_list_of_a_month_is_kept_once_and_its_best_are_told(engine, session, cast, now):
    award(session, now, 1)
    award(session, now, 2, login="dora", kind="triage_right")
    session.commit()
    after = now + timedelta(days=25)
    assert [points_flow.report_month(engine, after) for _ in range(2)] == [1, 0]
    report = session.exec(select(Report).where(Report.kind == "points")).one()
    assert report.period == "2026-03" and report.content.index("liu") < report.content.index("dora")
    assert len(session.exec(select(Notice)).all()) == 2


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
def test_experts_over_http(as_, session, cast):
    mei, ada = as_("mei"), as_("ada")
    refused(ada.post("/api/experts", json={"login": "liu"}), 403)
    made = post(mei, "experts", login="liu", skills=["ip", "otn"], level="province")
    assert (made["state"], made["level"]) == ("candidate", "province")
    refused(mei.post("/api/experts", json={"login": "liu"}), 409)
    assert post(mei, "experts/liu/term")["term_until"] > "2028"
    assert mei.patch("/api/experts/liu", json={"most": 2}).json()["most"] == 2
    [choice] = ada.get("/api/experts/choices?skills=ip&levels=province").json()
    assert (choice["login"], choice["score"], len(choice["reasons"])) == ("liu", 50, 2)
    away = {"until": "2026-04-01T00:00:00Z"}
    assert as_("liu").put("/api/experts/liu/absence", json=away).json()["away_until"]
    refused(ada.put("/api/experts/liu/absence", json=away), 403)
    assert ada.get("/api/experts/choices?skills=ip").json() == []
    assert [one["login"] for one in ada.get("/api/experts?skill=ip").json()["items"]] == ["liu"]
    assert ada.get("/api/experts?skill=i").json()["items"] == []
    assert post(mei, "experts/liu/ending", reason="调离")["state"] == "ended"
    refused(mei.patch("/api/experts/liu", json={"level": "moon"}), 422)
    refused(ada.get("/api/experts/nobody"), 404)
    session.expire_all()
    assert session.get_one(Expert, cast["liu"].id).state == "ended"


@on_one
def test_a_level_that_a_policy_took_away_is_the_last(session, ask):
    row = ask()
    row.level = "moon"
    session.commit()
    question_levels.rise(session, row.id, now=row.rise_at)
    assert row.level == "moon" and row.rounds == 2
