"""What holds for every route: guards, one shape of errors, other sites, sizes, headers."""

import inspect
import logging
import re

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.orm.exc import StaleDataError
from sqlmodel import select

from api import problems, words
from api.app import ROUTERS, STATUS, create_app
from api.deps import Given, Guard, Route, Turn, allow, make_router
from records import Entry, Person
from records.database import connect
from tasks.access import people
from tasks.access.roles import PERMISSIONS
from tasks.refusals import Refusal

OPEN_TO_ALL = {
    ("GET", "/api/health"),
    ("POST", "/api/sign-ins"),
    ("GET", "/api/notices/seen"),
    ("POST", "/api/notices/seen"),
}
ROUTES = [route for router in ROUTERS for route in router.routes]


def entries(session, verb):
    return session.exec(select(Entry).where(Entry.verb == verb).order_by(Entry.id)).all()


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{min(route.methods)} {route.path}")
def test_every_route_has_a_guard_or_is_open_by_intention(route):
    guards = [d.call for d in route.dependant.dependencies if isinstance(d.call, Guard)]
    if (min(route.methods), route.path) in OPEN_TO_ALL:
        assert guards == []
    else:
        assert isinstance(route, Route) and len(guards) == 1
        assert guards[0].permission in {None, *PERMISSIONS}


def test_every_post_that_creates_can_be_repeated():
    for route in ROUTES:
        guarded = any(isinstance(d.call, Guard) for d in route.dependant.dependencies)
        if guarded and route.status_code == 201:
            assert "once(" in inspect.getsource(route.endpoint), route.path


def test_nobody_gets_in_without_a_secret(client):
    for route in ROUTES:
        method = min(route.methods)
        if (method, route.path) not in OPEN_TO_ALL:
            answer = client.request(method, re.sub(r"{\w+}", "1", route.path), json={})
            assert answer.status_code == 401, route.path
            assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_refusal_is_a_problem_in_two_languages(as_):
    answer = as_("liu").get("/api/history")
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert told["type"] == "urn:baton:forbidden" and told["permission"] == "history:read"
    assert told["zh"].startswith("您没有") and told["en"].startswith("You may not")
    assert told["request_id"] == answer.headers["x-request-id"]
    problems.Problem.model_validate(told)


def test_the_answer_is_in_the_language_asked_for(client):
    wanted = {"en-GB,en;q=0.9": "en", "en;q=0.5, zh-CN": "zh", "fr": "zh", ";q=,,en-;q=0.1;q": "en"}
    for header, expected in wanted.items():
        answer = client.get("/api/me", headers={"Accept-Language": header})
        assert answer.headers["content-language"] == expected
        assert answer.json()["detail"] == answer.json()[expected]


def test_the_answer_is_in_the_persons_own_language(as_, session, cast):
    cast["liu"].language = "en"
    session.add(cast["liu"])
    session.commit()
    assert as_("liu").get("/api/history").headers["content-language"] == "en"


def test_an_address_that_is_not_there_is_a_problem_too(client):
    for method, path, status in (("GET", "/api/nothing", 404), ("PATCH", "/api/health", 405)):
        answer = client.request(method, path)
        assert answer.status_code == answer.json()["status"] == status
        assert answer.json()["zh"] != answer.json()["en"]


WRONG = [  # what is sent, and the field that the answer names
    ({"json": {"name": "林"}}, "login"),
    ({"json": {"login": "lin", "name": "林", "age": 3}}, "age"),
    ({"json": {"login": "lin", "name": "林", "roles": [7]}}, "roles.0"),
    ({"json": {"login": "lin", "name": "a\0b"}}, "name"),
    ({"json": {"login": "lin", "name": "x" * 101}}, "name"),
    ({"json": []}, "body"),
    ({"content": b"{", "headers": {"Content-Type": "application/json"}}, "body"),
    ({"content": b"login=lin"}, "body"),
]


def test_a_wrong_field_is_named_in_two_languages(as_):
    root = as_("root")
    for given, field in WRONG:
        answer = root.post("/api/people", **given)
        assert answer.status_code == 422
        wrong = answer.json()["fields"][0]
        assert wrong["field"] == field and wrong["zh"] and wrong["en"]


def test_a_wrong_password_is_not_told_back(client):
    answer = client.post("/api/sign-ins", json={"login": "dora", "password": "hunter2" * 99})
    assert answer.status_code == 422 and "hunter2" not in answer.text


def test_every_error_has_words_and_a_title():
    codes = {code for code, *_ in [*words.BY_STATUS.values(), *words.BY_CLASS.values()]}
    codes |= {kind.code for kind in STATUS if issubclass(kind, Refusal)}
    assert codes <= set(words.TITLES)


FROM = [  # what a browser tells, and whether it may act with our cookie
    ({"Sec-Fetch-Site": "same-origin", "Origin": "http://testserver"}, True),
    ({"Sec-Fetch-Site": "cross-site", "Origin": "http://evil.example"}, False),
    ({"Sec-Fetch-Site": "same-site", "Origin": "http://other.testserver"}, False),
    ({"Origin": "http://testserver"}, True),
    ({"Origin": "http://evil.example"}, False),
    ({"Origin": "null"}, False),
    ({"Origin": "http://["}, False),
    ({}, True),  # no browser
]


def test_another_site_cannot_make_a_browser_act(as_):
    root = as_("root")
    for headers, is_let_in in FROM:
        answer = root.put("/api/groups/field/members/ada", headers=headers)
        assert answer.status_code == (204 if is_let_in else 403), headers
        assert root.get("/api/people", headers=headers).status_code == 200


def test_who_is_turned_away_is_in_history(as_, client, session):
    as_("liu").get("/api/history")
    client.get("/api/me", headers={"Authorization": "Bearer baton_guess"})
    client.get("/api/me")  # not even tried: not worth an entry
    by_liu, at_door = entries(session, "refused")
    assert (by_liu.subject, by_liu.by) == ("person:liu", "liu")
    assert by_liu.particulars["path"] == "/api/history"
    assert (at_door.subject, at_door.by) == ("door:2026-03-11", "unknown")
    assert at_door.particulars["code"] == "bad-token"


def test_a_flood_of_refusals_does_not_fill_history(as_, session, clock):
    liu = as_("liu")
    for _ in range(25):
        assert liu.get("/api/history").status_code == 403
    clock.now = clock.now.replace(hour=3)
    liu.get("/api/history")
    noted = entries(session, "refused")
    assert len(noted) == 21 and noted[-1].particulars["left_out"] == "5"


class Note(Given):
    text: str


@pytest.fixture
def odd(app):
    """Routes that do what no route should."""
    router = make_router("odd")

    @router.post("/change-and-refuse", status_code=204)
    def change_and_refuse(turn: Turn = allow()) -> None:
        turn.person.city = "别处"
        turn.session.flush()
        people.require(turn.person, "history:verify")

    @router.post("/break")
    def break_down(turn: Turn = allow()) -> None:
        turn.session.add(Person(login="x", name="x", created_at=turn.now))
        raise RuntimeError("the secret recipe")

    @router.post("/twice", status_code=204)
    def add_twice(turn: Turn = allow()) -> None:
        turn.session.add(Person(login="dora", name="Dora", created_at=turn.now))

    @router.post("/stale", status_code=204)
    def be_slow(turn: Turn = allow()) -> None:
        turn.about("person:dora")
        raise StaleDataError

    @router.post("/huge")
    def take(given: Note, turn: Turn = allow()) -> Note:
        return given

    app.router.routes.extend(router.routes)


def test_what_a_refused_request_did_is_undone_but_the_refusal_stays(odd, as_, session):
    assert as_("liu").post("/api/odd/change-and-refuse").status_code == 403
    assert session.exec(select(Person.city).where(Person.login == "liu")).one() == "海州"
    assert len(entries(session, "refused")) == 1


def test_what_breaks_is_told_to_the_log_only(odd, as_, session, caplog):
    answer = as_("liu").post("/api/odd/break")
    assert answer.status_code == 500
    assert "recipe" not in answer.text and answer.headers["x-request-id"] in answer.json()["detail"]
    assert "recipe" in caplog.text and answer.headers["x-request-id"] in caplog.text
    assert session.exec(select(Person).where(Person.login == "x")).all() == []


def test_what_fails_at_the_commit_is_not_answered_as_done(odd, as_):
    assert as_("liu").post("/api/odd/twice").status_code == 409


@pytest.mark.both_databases
def test_the_second_of_two_is_told_who_was_first(odd, as_):
    as_("dora")
    answer = as_("liu").post("/api/odd/stale")
    assert answer.status_code == 409 and answer.json()["first"] == "dora"


def test_a_large_body_is_refused_unread(odd, as_):
    liu, large = as_("liu"), b'{"text": "%s"}' % (b"x" * 1_100_000)
    headers = {"Content-Type": "application/json"}
    for content in (
        large,
        iter([large[:600_000], large[600_000:]]),
    ):  # with its length, and without
        answer = liu.post("/api/odd/huge", content=content, headers=headers)
        assert answer.status_code == 413 and answer.json()["type"] == "urn:baton:too-large"
    assert liu.post("/api/odd/huge", json={"text": "x" * 900_000}).status_code == 200


def test_a_database_that_cannot_be_reached_is_said_so(hasher, tmp_path):
    engine = connect(f"sqlite:///{tmp_path}/no/such/folder.db")
    with TestClient(create_app(engine, hasher=hasher)) as client:
        answer = client.get("/api/health")
    assert answer.status_code == 503 and answer.json()["type"] == "urn:baton:busy"


def test_each_request_is_a_line_in_the_log_without_what_was_searched(as_, caplog):
    with caplog.at_level(logging.INFO, "baton.requests"):
        answer = as_("dora").get("/api/people?q=000-1")
    [line] = [record.getMessage() for record in caplog.records if record.name == "baton.requests"]
    assert answer.headers["x-request-id"] in line and "200" in line and line.endswith("dora")
    assert "000-1" not in line


def test_every_answer_carries_the_security_headers(client):
    for path in ("/api/health", "/api/me", "/nothing"):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["cache-control"] == "no-store"


def test_openapi_says_of_every_route_how_to_get_in_and_how_it_refuses(client):
    api = client.get("/api/openapi.json").json()
    for path, methods in api["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"]
            assert "application/problem+json" in operation["responses"]["default"]["content"]
            assert "422" not in operation["responses"]
            is_open = (method.upper(), path) in OPEN_TO_ALL
            assert ("x-permission" in operation) is not is_open
    assert {"cookie", "token"} <= set(api["components"]["securitySchemes"])


def test_health_is_open_to_all(client, engine):
    told = client.get("/api/health").json()
    channels = told.pop("channels")
    assert (told.pop("shifts"), told.pop("clocks_late_seconds")) == (0, 0)
    assert told == {"status": "ok", "version": "0.1.0", "database": engine.dialect.name}
    assert channels["inbox"] == {"is_ready": True, "waiting": 0, "oldest_seconds": 0}
    assert not channels["smtp"]["is_ready"]  # no mail server is set
