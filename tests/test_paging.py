"""Lists: every row once, in order, page after page; and no cursor but ours."""

from datetime import timedelta

import pytest
from sqlmodel import col, select

from api.paging import Asked, page
from records import Person
from tasks.refusals import Invalid

pytestmark = pytest.mark.both_databases

SORTS = {
    "login": (col(Person.login),),
    "city": (col(Person.city), col(Person.id)),
    "created_at": (col(Person.created_at), col(Person.id)),
}


@pytest.fixture
def crowd(session, now):
    session.add_all(
        Person(
            login=f"p{n:02}",
            name="某",
            city="海台"[n % 2],
            created_at=now + timedelta(microseconds=n // 3),
        )
        for n in range(25)
    )
    session.flush()


def ask(session, **asked):
    return page(
        session,
        select(Person),
        Asked(**asked),
        sorts=SORTS,
        default="login",
        show=lambda person: person.login,
    )


def walk(session, **asked):
    found, cursor = [], None
    while True:
        one = ask(session, cursor=cursor, **asked)
        found += one.items
        cursor = one.next
        if cursor is None:
            return found


def test_every_row_comes_once_and_in_order(session, crowd):
    for sort in [*SORTS, *(f"-{sort}" for sort in SORTS)]:
        whole = ask(session, sort=sort, limit=200).items
        assert len(whole) == 25
        assert walk(session, sort=sort, limit=4) == whole
    assert ask(session).items == sorted(whole)


def test_a_page_that_is_just_full_is_the_last(session, crowd):
    assert ask(session, limit=25).next is None
    assert ask(session, limit=24).next


def test_a_row_that_comes_or_goes_moves_no_other(session, crowd, now):
    first = ask(session, limit=10)
    session.delete(session.exec(select(Person).where(Person.login == "p03")).one())
    session.add(Person(login="p00a", name="某", created_at=now))
    session.flush()
    assert ask(session, limit=10, cursor=first.next).items[0] == "p10"


def test_a_cursor_carries_how_it_sorts(session, crowd):
    cursor = ask(session, sort="-login", limit=2).next
    assert ask(session, cursor=cursor, limit=2).items == ["p22", "p21"]
    with pytest.raises(Invalid, match="not how the cursor sorts"):
        ask(session, cursor=cursor, sort="city")


BAD = [
    "x",
    "é",
    "bnVsbA",  # null
    "WyJsb2dpbiJd",  # ["login"]
    "WyJsb2dpbiIsWzddXQ",  # ["login",[7]]
    "WyJsb2dpbiIsWyJhIiwiYiJdXQ",  # ["login",["a","b"]]
    "WyJsb2dpbiIsWyJhXHUwMDAwIl1d",  # ["login",["a\u0000"]]
    "WyJjcmVhdGVkX2F0IixbIjIwMjYtMDEtMDEiLDFdXQ",  # a time without a zone
    "WyJjcmVhdGVkX2F0IixbIjAwMDEtMDEtMDFUMDA6MDA6MDArMTQ6MDAiLDFdXQ",  # before the year 1 in UTC
    "WyJjcmVhdGVkX2F0IixbIjk5OTktMTItMzFUMjM6NTk6NTktMTQ6MDAiLDFdXQ",  # after 9999
    "WyJjaXR5IixbImEiLDFlMzBdXQ",  # ["city",["a",1e30]]
    "WyJwYXNzd29yZF9oYXNoIixbImEiXV0",  # ["password_hash",["a"]]
    "W1tdLFsxXV0",  # [[],[1]]
    "[" * 1_999,
]


def test_a_cursor_that_is_not_ours_is_refused(session, crowd):
    for cursor in BAD:
        with pytest.raises(Invalid):
            ask(session, cursor=cursor)


def test_only_named_columns_sort(as_):
    answer = as_("root").get("/api/people?sort=password_hash")
    assert answer.status_code == 422
    assert "login, name" in answer.json()["fields"][0]["en"]


def test_a_time_that_is_none_in_utc_is_refused(as_):
    for asked in ({"since": "0001-01-01T00:00:00+14:00"}, {"until": "9999-12-31T23:59:59-14:00"}):
        answer = as_("root").get("/api/history", params=asked)
        assert answer.status_code == 422 and answer.json()["fields"][0]["field"] in asked


def test_a_page_has_at_most_two_hundred_rows(as_):
    for limit in (0, 201, "many"):
        assert as_("root").get("/api/people", params={"limit": limit}).status_code == 422


def test_pages_over_http_add_up(as_, cast):
    root, url, found = as_("root"), "/api/people?limit=2&active=true", []
    answer = root.get(url).json()
    while True:
        found += [person["login"] for person in answer["items"]]
        if answer["next"] is None:
            break
        answer = root.get(url, params={"cursor": answer["next"]} | {"limit": 2}).json()
    assert found == sorted(cast)
