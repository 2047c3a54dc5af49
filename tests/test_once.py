"""Idempotency-Key: a POST that is sent twice is done once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlmodel import select

from records import KeptAnswer, Person, Token

pytestmark = pytest.mark.both_databases

LIN = {"login": "lin", "name": "林"}


def post(client, given, key, path="/api/people"):
    return client.post(path, json=given, headers={"Idempotency-Key": key})


def test_a_repeat_gets_the_same_answer_and_does_nothing(as_, session):
    root = as_("root")
    first, second = post(root, LIN, "k1"), post(root, LIN, "k1")
    assert (first.status_code, first.json()) == (second.status_code, second.json())
    assert "idempotent-replayed" not in first.headers
    assert second.headers["idempotent-replayed"] == "true"
    assert len(session.exec(select(Person).where(Person.login == "lin")).all()) == 1


def test_without_a_key_a_repeat_is_a_second_try(as_):
    root = as_("root")
    assert [root.post("/api/people", json=LIN).status_code for _ in range(2)] == [201, 409]


def test_a_key_stands_for_one_request(as_):
    root = as_("root")
    post(root, LIN, "k1")
    for answer in (
        post(root, LIN | {"name": "凌"}, "k1"),
        post(root, {"name": "x", "scopes": ["people:read"]}, "k1", "/api/tokens"),
    ):
        assert answer.status_code == 422
        assert answer.json()["fields"][0]["field"] == "Idempotency-Key"


def test_a_key_is_its_persons_own(as_, session):
    for login in ("dora", "liu"):
        token = {"name": "phone", "scopes": ["people:read"]}
        assert post(as_(login), token, "k1", "/api/tokens").status_code == 201
    assert len(session.exec(select(Token)).all()) == 2


def test_a_refused_request_keeps_nothing(as_, session):
    root = as_("root")
    assert post(root, LIN | {"roles": ["king"]}, "k1").status_code == 422
    assert post(root, LIN, "k1").status_code == 201
    assert len(session.exec(select(KeptAnswer)).all()) == 1


def test_the_secret_of_a_token_is_not_kept(as_, session):
    dora, token = as_("dora"), {"name": "phone", "scopes": ["people:read"]}
    secret = post(dora, token, "k1", "/api/tokens").json()["secret"]
    assert post(dora, token, "k1", "/api/tokens").json()["secret"] is None
    assert secret not in str(session.exec(select(KeptAnswer)).one())


def test_of_many_at_once_one_does_it(as_, session):
    root = as_("root")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: post(root, LIN, "k1"), range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1
    assert len(session.exec(select(Person).where(Person.login == "lin")).all()) == 1


def test_a_key_is_short_and_visible(as_):
    for key in ("", "x" * 201, "a\tb"):
        assert post(as_("root"), LIN, key).status_code == 422
