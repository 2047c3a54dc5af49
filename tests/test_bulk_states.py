"""Many alarms acknowledged, shelved or given back at once: each answered by itself."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlmodel import select

from records import Alarm, Entry
from tasks.network import alarms, bulk_states
from tests.asking import post, refused, wrong_fields

PLACE = "alarms/changes"


@pytest.fixture
def ids(session, cast, now):
    told = {"source": "ems", "cause": "linkDown", "raised_at": now}
    alarms.receive(session, [alarms.Report(object=f"HZ-1/{n}", **told) for n in range(9)], now=now)
    session.commit()
    found = list(session.exec(select(Alarm.id).order_by(Alarm.id)))
    session.commit()
    return found


def test_each_is_done_or_refused_by_itself(ids, as_):
    dora, given = as_("dora"), [ids[2], 999_999, ids[0]]
    asked = {"alarms": given, "change": "acknowledge"}
    refused(as_("ada").post(f"/api/{PLACE}", json=asked), 403)
    post(as_("nora"), f"alarms/{ids[0]}/acknowledgement")
    told = post(dora, PLACE, alarms=given, change="acknowledge", note="同一割接")
    assert (told["done"], told["refused"]) == (1, 2)
    assert [one["id"] for one in told["results"]] == given
    assert [one["status"] for one in told["results"]] == [200, 404, 409]
    done, unknown, late = told["results"]
    assert done["alarm"]["acknowledged_by"] == "dora" and unknown["alarm"] is None
    assert late["code"] == "conflict" and "nora" in late["zh"] and "nora" in late["en"]


def test_all_of_it_is_undone_the_same_way(ids, as_, session, now):
    dora, until = as_("dora"), (now + timedelta(hours=1)).isoformat()
    for change, more in (
        ("acknowledge", {}),
        ("shelve", {"until": until, "reason": "换板"}),
        ("unshelve", {}),
        ("unacknowledge", {}),
    ):
        told = post(dora, PLACE, alarms=ids, change=change, **more)
        assert (told["done"], told["refused"]) == (9, 0)
    verbs = select(Entry.verb).where(Entry.subject == f"alarm:{ids[4]}").order_by(Entry.seq)
    told = ["acknowledged", "shelved", "unshelved", "unacknowledged"]
    assert list(session.exec(verbs)) == told


def test_a_repeat_under_the_same_key_is_done_once(ids, as_):
    dora, key = as_("dora"), {"Idempotency-Key": "x"}
    given = {"alarms": ids, "change": "acknowledge"}
    first, again = (dora.post(f"/api/{PLACE}", json=given, headers=key) for _ in range(2))
    assert first.json() == again.json() and first.json()["done"] == 9
    assert again.headers["Idempotent-Replayed"] == "true"


WRONG = [
    ({"alarms": []}, "alarms"),
    ({"alarms": [0]}, "alarms.0"),
    ({"alarms": ["x"]}, "alarms.0"),
    ({"alarms": [1] * (bulk_states.MOST + 1)}, "alarms"),
    ({"change": "delete"}, "change"),
    ({"change": "shelve", "reason": "换板"}, "until"),
    ({"change": "shelve", "until": "2026-03-11T12:00:00+08:00"}, "reason"),
    ({"change": "acknowledge", "until": "2026-03-11T12:00:00+08:00"}, "until"),
    ({"change": "unshelve", "note": "x"}, "note"),
]


def test_what_cannot_be_meant_is_refused_as_a_whole(as_):
    dora = as_("dora")
    for given, field in WRONG:
        whole = {"alarms": [1], "change": "acknowledge"} | given
        assert wrong_fields(dora.post(f"/api/{PLACE}", json=whole)) == [field]


def test_a_shelf_that_is_too_long_is_said_of_each(ids, as_, now):
    until = (now + timedelta(days=9)).isoformat()
    told = post(as_("dora"), PLACE, alarms=ids[:2], change="shelve", until=until, reason="换板")
    assert [one["fields"][0]["field"] for one in told["results"]] == ["until", "until"]
    assert (told["done"], {one["status"] for one in told["results"]}) == (0, {422})


@pytest.mark.both_databases
def test_of_two_who_take_the_same_each_gets_what_the_other_did_not(ids, as_):
    def take(login):
        given = ids if login == "dora" else ids[::-1]
        return post(people[login], PLACE, alarms=given, change="acknowledge")["done"]

    people = {login: as_(login) for login in ("dora", "nora")}
    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(take, people)) == 9
