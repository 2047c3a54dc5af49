"""Signing in and out, passwords and tokens, over HTTP. The verbs alone: test_people.py."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from records import Entry
from records.database import open_session
from tasks.access import people
from tasks.access.passwords import hash_password

pytestmark = pytest.mark.both_databases

PASSWORD = "correct horse battery"


@pytest.fixture
def dora(client, engine, cast, now, hasher):
    """A client of Dora's, who has a password but has not signed in."""
    with open_session(engine) as session:
        kept = hash_password("dora", PASSWORD, hasher)
        row = people.find_person(session, "dora")
        people.set_password(session, row, kept, by=row, now=now)
    return client


def sign_in(client, password=PASSWORD, login="dora"):
    return client.post("/api/sign-ins", json={"login": login, "password": password})


def test_a_password_lets_in_and_sets_a_cookie_that_scripts_cannot_read(dora):
    answer = sign_in(dora)
    assert answer.status_code == 201 and answer.json()["person"]["login"] == "dora"
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie and "Secure" not in cookie
    told = dora.get("/api/me").json()
    assert told["groups"] == ["crc", "dispatch"] and "work-orders:assign" in told["permissions"]


def test_over_https_the_cookie_stays_on_https(app, dora):
    with TestClient(app, base_url="https://testserver") as client:
        answer = sign_in(client)
    assert "Secure" in answer.headers["set-cookie"]
    assert "max-age" in answer.headers["strict-transport-security"]


def test_after_signing_out_the_cookie_is_worth_nothing(dora):
    sign_in(dora)
    secret = dora.cookies["baton"]
    assert dora.delete("/api/sign-ins/current").status_code == 204
    assert "baton" not in dora.cookies
    dora.cookies.set("baton", secret)
    assert dora.get("/api/me").status_code == 401


def test_after_a_shift_one_signs_in_again(dora, clock):
    sign_in(dora)
    clock.now += timedelta(hours=12)
    answer = dora.get("/api/me")
    assert answer.status_code == 401 and "again" in answer.json()["en"]


def test_a_wrong_password_and_an_unknown_login_are_answered_alike(dora, session):
    wrong, unknown = sign_in(dora, "wrong"), sign_in(dora, "wrong", "nobody")
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json()["detail"] == unknown.json()["detail"]
    noted = session.exec(select(Entry).where(Entry.verb == "wrong password").order_by(Entry.id))
    assert [entry.subject for entry in noted] == ["person:dora", "door:2026-03-11"]


def test_after_five_wrong_passwords_even_the_right_one_waits(dora, clock):
    for _ in range(5):
        sign_in(dora, "wrong")
    answer = sign_in(dora)
    assert answer.status_code == 429 and answer.headers["retry-after"] == "31"
    clock.now += timedelta(seconds=31)
    assert sign_in(dora).status_code == 201


def test_another_site_cannot_sign_a_browser_in(dora):
    answer = dora.post(
        "/api/sign-ins",
        json={"login": "dora", "password": PASSWORD},
        headers={"Origin": "http://evil.example"},
    )
    assert answer.status_code == 403


def test_somebody_who_left_cannot_sign_in(dora, as_):
    as_("root").patch("/api/people/dora", json={"active": False})
    assert sign_in(dora).status_code == 401


def test_a_new_password_of_ones_own_needs_the_old_one(dora):
    sign_in(dora)
    change = {"current": "wrong", "password": "three blind mice"}
    answer = dora.put("/api/me/password", json=change)
    assert answer.status_code == 422 and answer.json()["fields"][0]["field"] == "current"
    assert dora.put("/api/me/password", json=change | {"current": PASSWORD}).status_code == 204
    assert dora.get("/api/me").status_code == 401
    assert sign_in(dora).status_code == 401
    assert sign_in(dora, "three blind mice").status_code == 201


def test_a_crowd_that_changes_passwords_does_not_block_itself(dora):
    sign_in(dora)
    change = {"current": "wrong", "password": "three blind mice"}
    with ThreadPoolExecutor(20) as pool:
        answers = pool.map(lambda _: dora.put("/api/me/password", json=change), range(20))
    assert {answer.status_code for answer in answers} <= {422, 429}


def test_an_administrator_sets_passwords_and_nobody_else(dora, as_):
    given = {"password": "three blind mice"}
    assert as_("mei").put("/api/people/dora/password", json=given).status_code == 403
    assert as_("root").put("/api/people/dora/password", json={"password": "x"}).status_code == 422
    assert as_("root").put("/api/people/dora/password", json=given).status_code == 204
    assert sign_in(dora, "three blind mice").status_code == 201


def test_a_token_opens_what_its_scopes_say_until_it_is_revoked(as_, client):
    dora = as_("dora")
    given = {"name": "script", "scopes": ["people:read"], "days": 1}
    made = dora.post("/api/tokens", json=given).json()
    bearer = {"Authorization": f"Bearer {made['secret']}"}
    assert client.get("/api/people", headers=bearer).status_code == 200
    assert client.get("/api/customers", headers=bearer).status_code == 403
    assert client.post("/api/tokens", json=given, headers=bearer).status_code == 403
    assert [token["name"] for token in dora.get("/api/tokens").json()["items"]] == ["script"]
    assert dora.delete(f"/api/tokens/{made['id']}").status_code == 204
    answer = client.get("/api/people", headers=bearer)
    assert answer.status_code == 401 and answer.json()["type"] == "urn:baton:bad-token"


def test_an_administrator_makes_the_token_of_a_machine(as_, client):
    root = as_("root")
    root.post("/api/people", json={"login": "ems", "name": "EMS", "roles": ["source"]})
    given = {"name": "east", "scopes": ["alarms:send"], "person": "ems"}
    secret = root.post("/api/tokens", json=given).json()["secret"]
    told = client.get("/api/me", headers={"Authorization": f"Bearer {secret}"}).json()
    assert (told["login"], told["permissions"]) == ("ems", ["alarms:send"])
    assert as_("dora").post("/api/tokens", json=given).status_code == 403
    assert as_("dora").get("/api/tokens?person=ems").status_code == 403


def test_a_token_needs_no_origin(as_, client):
    made = as_("mei").post("/api/tokens", json={"name": "x", "scopes": ["groups:staff"]}).json()
    headers = {"Authorization": f"Bearer {made['secret']}", "Origin": "http://tools.example"}
    assert client.put("/api/groups/field/members/ada", headers=headers).status_code == 204
