"""Experts: who is one, for how long, and whom to ask first."""

from datetime import timedelta
from functools import partial

import pytest
from sqlmodel import select

from records import Asked, Expert, Person, Question
from tasks.learning import expert_choice, experts
from tasks.refusals import Forbidden, NotAllowed
from tests.asking import post, refused
from tests.crews import hire
from workflows import experts as flow

on_one = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@pytest.fixture
def expert(session, cast, now):
    """Somebody of ours who knows about billing, at some level."""
    return partial(appoint, session, cast, now)


def appoint(session, cast, now, login, level="city", skills=("billing",), **more):
    person = hire(session, login, "data", roles=["expert"], now=now, **more)
    told = {"level": level, "skills": list(skills)}
    row = experts.nominate(session, person, told, by=cast["mei"], now=now)
    session.flush()
    experts.appoint(session, row, by=cast["mei"], now=now)
    session.commit()
    return row


def person(session, login):
    return session.exec(select(Person).where(Person.login == login)).one()


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


def test_who_has_left_is_away_or_has_enough_in_hand_is_not_asked(session, cast, now, expert):
    gone, away, busy, _ = (expert(login) for login in ("gone", "away", "busy", "free"))
    person(session, "gone").active = False
    experts.set_away(session, away, now + timedelta(days=3), by=person(session, "away"), now=now)
    busy.most = 1
    session.add(Question(title="x", text="x", asked_by="ada", asked_at=now, id=70))
    session.flush()
    session.add(Asked(question_id=70, person_id=busy.person_id, level="city", asked_at=now))
    session.commit()
    assert chosen(session, now) == ["free"]
    with pytest.raises(Forbidden):
        experts.set_away(session, busy, None, by=cast["ada"], now=now)
    with pytest.raises(NotAllowed):
        experts.appoint(session, gone, by=cast["mei"], now=now)


@on_one
def test_terms_end_by_themselves_and_nobody_appoints_themselves(engine, session, cast, now, expert):
    row = expert("old")
    assert flow.end_terms(engine, now + timedelta(days=731)) == 1
    assert flow.end_terms(engine, now + timedelta(days=731)) == 0
    session.refresh(row)
    assert row.state == "ended" and chosen(session, now) == []
    own = experts.nominate(session, cast["mei"], {"skills": ["ip"]}, by=cast["gwen"], now=now)
    with pytest.raises(Forbidden):
        experts.appoint(session, own, by=cast["mei"], now=now)
    with pytest.raises(NotAllowed):
        experts.nominate(session, cast["mei"], {}, by=cast["gwen"], now=now)


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
