"""What administrators do on pages: people, groups, tokens, sources, channels, policies, flows."""

import re

import orjson
import pytest
from sqlmodel import select

from api.pages.policies import find_line
from records import Entry, Notice, Person, Token
from tasks import policies, shifts
from tasks.network import alarm_sources

ENGLISH = {"Accept-Language": "en"}
PEOPLE, POLICIES = "/administration/people", "/administration/policies"


def person(session, login):
    found = session.exec(select(Person).where(Person.login == login)).one()
    session.refresh(found)
    session.commit()
    return found


def test_somebody_is_let_in_and_an_error_keeps_what_was_typed(as_, session, cast):
    root = as_("root")
    given = {"login": "Lin", "name": "<b>林晓</b>", "roles": ["field_engineer", "expert"]}
    refused = root.post(PEOPLE, data=given, headers=ENGLISH)
    assert refused.status_code == 422 and 'aria-invalid="true"' in refused.text
    assert 'value="&lt;b&gt;林晓' in refused.text and refused.text.count(" checked") == 2
    made = root.post(PEOPLE, data=given | {"login": "lin", "skills": "otn, splicing,"})
    assert made.status_code == 200 and "<b>林晓" not in made.text
    lin = person(session, "lin")
    assert (lin.roles, lin.skills) == (["field_engineer", "expert"], ["otn", "splicing"])


def test_a_person_is_changed_and_shut_out(as_, session, cast):
    root, liu = as_("root"), as_("liu")
    given = {"name": "刘洋", "roles": "field_engineer", "email": "liu@example", "language": "zh"}
    assert 'value="liu@example"' in root.post(f"{PEOPLE}/liu", data=given | {"active": "on"}).text
    assert liu.get("/work-orders").status_code == 200
    root.post(f"{PEOPLE}/liu", data=given)
    assert not person(session, "liu").active
    assert "/sign-in" in str(liu.get("/work-orders").url)
    refused = root.post(f"{PEOPLE}/root", data={"name": "Root"}, headers=ENGLISH)
    assert refused.status_code == 409 and "ask another administrator" in refused.text


def test_a_password_is_set_and_a_short_one_is_not_told_back(as_, session, cast):
    root = as_("root")
    refused = root.post(f"{PEOPLE}/ada/password", data={"password": "hunter2"}, headers=ENGLISH)
    assert refused.status_code == 422 and "Use 10 to 200" in refused.text
    assert "hunter2" not in refused.text
    root.post(f"{PEOPLE}/ada/password", data={"password": "correct horse battery"})
    assert person(session, "ada").password_hash


def test_a_token_is_shown_once_and_revoked(as_, session, cast):
    root, told = as_("root"), {"token_name": "EMS", "days": "30"}
    refused = root.post(f"{PEOPLE}/ada/tokens", data=told | {"days": "soon"}, headers=ENGLISH)
    assert refused.status_code == 422 and 'value="EMS"' in refused.text
    made = root.post(
        f"{PEOPLE}/ada/tokens", data=told | {"scopes": "tickets:read"}, headers=ENGLISH
    )
    assert re.search(r"<code>baton_\S{20,}</code>", made.text) and "shown this once" in made.text
    token = session.exec(select(Token)).one()
    session.commit()
    after = root.post(f"/administration/tokens/{token.id}/revocation", headers=ENGLISH).text
    assert "revoked" in after and "shown this once" not in after


def test_people_are_put_into_groups_and_taken_out(as_, cast):
    mei, place = as_("mei"), "/administration/groups/noc/members"
    assert "liu" in mei.post(place, data={"login": "liu"}).text
    assert ">liu<" not in mei.post(place, data={"login": "liu", "out": "yes"}).text
    refused = mei.post(place, data={"login": "x"}, headers=ENGLISH)
    assert refused.status_code == 404 and "nobody called" in refused.text
    assert as_("dora").post(place, data={"login": "liu"}).status_code == 403


def test_a_policy_says_in_which_line_it_is_wrong_and_is_published(as_, session, cast):
    owen, place = as_("owen"), f"{POLICIES}/calendars"
    content = orjson.loads(orjson.dumps(policies.shipped("calendars")))
    content["calendars"]["office"]["week"]["mon"] = [["18:00", "09:00"]]
    typed = orjson.dumps(content, option=orjson.OPT_INDENT_2).decode()
    refused = owen.post(place, data={"content": typed, "reason": "<i>x"}, headers=ENGLISH)
    assert refused.status_code == 422 and "calendars.office.week.mon" in refused.text
    line = next(n for n, words in enumerate(typed.splitlines(), 1) if '"mon"' in words)
    assert f"line {line}<" in refused.text and "&lt;i&gt;x" in refused.text
    right = orjson.dumps(policies.shipped("calendars")).decode()
    checked = owen.post(f"{place}/checks", data={"content": right}, headers=ENGLISH)
    assert "it can be published" in checked.text
    assert (
        "version 1"
        in owen.post(place, data={"content": right, "reason": "r"}, headers=ENGLISH).text
    )
    assert owen.post(place, data={"content": "{"}, headers=ENGLISH).status_code == 422
    assert as_("root").post(place, data={"content": right}).status_code == 403


@pytest.mark.parametrize(
    ("path", "line"),
    [("a", 2), ("a.c", 4), ("b.c", 7), ("b.c[1].d", 8), ("b.c[9]", 7), ("z", 0), ("", 0)],
)
def test_a_place_of_a_policy_is_found_in_its_text(path, line):
    text = '{\n"a": {\n"b": 1,\n"c": 2\n},\n"b": {\n"c": [3,\n{"d": ","}]\n}}'
    assert find_line(text, path) == line


def test_a_channel_is_tried_out(as_, session, cast):
    root, place = as_("root"), "/administration/channels"
    assert "not set up" in root.get(place, headers=ENGLISH).text
    refused = root.post(f"{place}/trials", data={"channel": "sms", "to": "1"}, headers=ENGLISH)
    assert refused.status_code == 422 and "is not set up" in refused.text
    assert "Trials" in root.post(f"{place}/trials", data={"channel": "inbox"}, headers=ENGLISH).text
    notice = session.exec(select(Notice)).one()
    tried = session.exec(select(Entry).where(Entry.verb == "channel tried")).one()
    assert (notice.to, tried.subject) == ("root", "channel:inbox")


def test_a_source_is_asked_for_all_that_is_active(as_, session, cast, now):
    told = {"name": "东区<b>", "resync_url": "http://omc.example/all"}
    alarm_sources.put(session, "east", "omc", told, by=cast["root"], now=now)
    alarm_sources.put(session, "west", "omc", {"name": "西区"}, by=cast["root"], now=now)
    session.commit()
    root, place = as_("root"), "/administration/alarm-sources"
    assert "东区&lt;b&gt;" in root.get(place).text
    asked = root.post(f"{place}/east/resync", headers=ENGLISH)
    assert asked.status_code == 200 and "Asked next" in asked.text
    refused = root.post(f"{place}/west/resync", headers=ENGLISH)
    assert refused.status_code == 409 and "has no resync_url" in refused.text


def test_timed_work_is_shown_with_its_lateness(as_, session, cast, now):
    shifts.keep_lateness(session, {"fire clocks": [0.125, 3.0]}, now=now)
    session.commit()
    shown = as_("root").get("/administration/flows", headers=ENGLISH).text
    assert "fire clocks" in shown and "3.0 s" in shown
    assert as_("root").get("/administration/flows/nothing").status_code == 404
