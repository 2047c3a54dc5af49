"""People, groups, sign-ins, tokens: the verbs. Over HTTP: test_api.py, test_sign_ins.py."""

from datetime import timedelta

import pytest
from sqlmodel import select

from records import Entry, FailedSignIn, KeptAnswer, Person, SignIn
from tasks import upkeep
from tasks.access import groups, people, sign_ins, tokens
from tasks.access.passwords import hash_password, is_password
from tasks.access.roles import PERMISSIONS, ROLES
from tasks.refusals import Conflict, Forbidden, Invalid, NotAllowed


def verbs(session, subject):
    session.commit()
    found = session.exec(select(Entry).where(Entry.subject == subject).order_by(Entry.seq))
    return [entry.verb for entry in found]


def test_every_role_permits_only_what_is_a_permission():
    assert all(role.permissions <= set(PERMISSIONS) for role in ROLES.values())
    assert set(PERMISSIONS) == set().union(*(role.permissions for role in ROLES.values()))


def test_a_person_may_what_any_of_their_roles_permits(cast):
    liu = cast["liu"]
    assert people.may(liu, "work-orders:advance") and not people.may(liu, "work-orders:assign")
    liu.roles = ["field_engineer", "dispatcher"]
    assert people.may(liu, "work-orders:assign")


def test_who_audits_or_administers_does_not_work_on_tickets():
    for role in ("auditor", "administrator"):
        assert not {"work-orders:advance", "tickets:open"} & ROLES[role].permissions


def test_only_an_administrator_lets_people_in(session, cast, now):
    new = {"login": "lin", "name": "林", "roles": ["agent"], "now": now}
    with pytest.raises(Forbidden, match="administer people"):
        people.create_person(session, **new, by=cast["dora"])

    lin = people.create_person(session, **new, by=cast["root"])
    assert people.may(lin, "tickets:open")
    assert verbs(session, "person:lin") == ["created"]


BAD = [  # what is told of a new person, and the field that is refused
    ({"login": "Lin"}, "login"),
    ({"login": "l"}, "login"),
    ({"name": " "}, "name"),
    ({"roles": ["king"]}, "roles"),
    ({"language": "fr"}, "language"),
    ({"password_hash": "x"}, "password_hash"),
]


def test_bad_particulars_are_refused_by_name(session, cast, now):
    for told, field in BAD:
        new = {"login": "lin", "name": "林", **told}
        with pytest.raises(Invalid) as refused:
            people.create_person(session, **new, by=cast["root"], now=now)
        assert refused.value.facts["fields"][0]["field"] == field


def test_a_login_is_given_once(session, cast, now):
    with pytest.raises(Conflict):
        people.create_person(session, login="dora", name="D", by=cast["root"], now=now)


def test_a_change_says_what_it_was(session, cast, now):
    people.change_person(session, cast["liu"], {"city": "台州"}, by=cast["root"], now=now)
    people.change_person(session, cast["liu"], {"city": "台州"}, by=cast["root"], now=now)
    session.commit()
    [entry] = session.exec(select(Entry))
    assert entry.particulars == {"was": {"city": "海州"}, "is": {"city": "台州"}}


def test_an_administrator_cannot_end_being_one(session, cast, now):
    for changes in ({"active": False}, {"roles": ["agent"]}):
        with pytest.raises(NotAllowed, match="another administrator"):
            people.change_person(session, cast["root"], changes, by=cast["root"], now=now)


def test_a_manager_says_who_is_in_a_group(session, cast, now):
    field = groups.find_group(session, "field")
    groups.put_in(session, field, cast["ada"], by=cast["mei"], now=now)
    groups.put_in(session, field, cast["ada"], by=cast["mei"], now=now)
    assert [p.login for p in groups.members(session, field)] == ["ada", "liu"]
    groups.take_from(session, field, cast["ada"], by=cast["mei"], now=now)
    assert [g.key for g in groups.groups_of(session, cast["ada"])] == ["crc"]
    assert verbs(session, "person:ada") == ["put into group", "taken from group"]


def test_a_password_has_ten_characters_and_not_the_login(hasher):
    for password in ("short", "x" * 201, "my-Dora-2026"):
        with pytest.raises(Invalid):
            hash_password("dora", password, hasher)


def test_a_password_is_known_again(hasher):
    kept = hash_password("dora", "three blind mice", hasher)
    assert kept.startswith("$argon2id$")
    assert is_password(kept, "three blind mice", hasher)
    assert not is_password(kept, "three blind rats", hasher)
    assert not is_password("", "three blind mice", hasher)


def test_who_signed_in_is_known_until_the_end_of_the_shift(session, cast, now):
    secret = sign_ins.sign_in(session, cast["dora"], now=now)
    assert sign_ins.who_is(session, secret, now=now).login == "dora"
    assert sign_ins.who_is(session, secret, now=now + sign_ins.STAYS) is None
    assert sign_ins.who_is(session, "guess", now=now) is None


def test_who_signed_out_is_not_known(session, cast, now):
    secret = sign_ins.sign_in(session, cast["dora"], now=now)
    sign_ins.sign_out(session, secret, by=cast["dora"], now=now)
    assert sign_ins.who_is(session, secret, now=now) is None
    assert verbs(session, "person:dora") == ["signed in", "signed out"]


def test_the_secret_is_not_kept(session, cast, now):
    secret = sign_ins.sign_in(session, cast["dora"], now=now)
    assert secret not in str(session.exec(select(SignIn)).one())


@pytest.mark.parametrize("how", ["no longer active", "new password"])
def test_a_sign_in_ends_when_the_person_does_or_gets_a_new_password(session, cast, now, how):
    dora, root = cast["dora"], cast["root"]
    secret = sign_ins.sign_in(session, dora, now=now)
    if how == "new password":
        people.set_password(session, dora, "hash", by=root, now=now)
    else:
        people.change_person(session, dora, {"active": False}, by=root, now=now)
    assert sign_ins.who_is(session, secret, now=now) is None


@pytest.mark.parametrize("login", ["dora", "nobody"])
def test_after_five_wrong_passwords_a_login_has_to_wait_longer_and_longer(
    session, cast, now, login
):
    person = sign_ins.find_at_door(session, login, now=now)
    for _ in range(5):
        sign_ins.count_failure(session, login, person, now=now)
    with pytest.raises(sign_ins.TooManyTries) as refused:
        sign_ins.find_at_door(session, login, now=now)
    assert refused.value.facts["seconds"] == 31

    later = now + timedelta(seconds=31)
    sign_ins.find_at_door(session, login, now=later)
    sign_ins.count_failure(session, login, person, now=later)
    session.expire_all()
    with pytest.raises(sign_ins.TooManyTries):
        sign_ins.find_at_door(session, login, now=later + timedelta(seconds=31))


def test_a_right_password_forgets_the_wrong_ones(session, cast, now):
    for _ in range(4):
        sign_ins.count_failure(session, "dora", cast["dora"], now=now)
    sign_ins.sign_in(session, cast["dora"], now=now)
    assert session.exec(select(FailedSignIn)).all() == []


def test_a_wrong_password_is_history_even_of_a_login_that_does_not_exist(session, now):
    sign_ins.count_failure(session, "hunter2", None, now=now)
    assert verbs(session, "door:2026-03-11") == ["wrong password"]
    assert "hunter2" not in str([*session.exec(select(Entry)), *session.exec(select(FailedSignIn))])


def make_token(session, cast, now, *, scopes, by="liu", days=30):
    return tokens.create_token(
        session, cast["liu"], name="phone", scopes=scopes, days=days, by=cast[by], now=now
    )


def test_a_token_lets_its_person_do_only_what_its_scopes_say(session, cast, now):
    _, secret = make_token(session, cast, now, scopes=["work-orders:read"])
    session.commit()
    session.expunge_all()
    liu = sign_ins.who_is(session, secret, now=now)
    assert liu.login == "liu" and people.permissions_of(liu) == {"work-orders:read"}
    with pytest.raises(Forbidden, match="advance work orders"):
        people.require(liu, "work-orders:advance")


def test_a_token_ends_by_itself_or_when_revoked(session, cast, now):
    token, secret = make_token(session, cast, now, scopes=["work-orders:read"])
    assert sign_ins.who_is(session, secret, now=now + timedelta(days=30)) is None
    tokens.revoke_token(session, token, by=cast["liu"], now=now)
    assert sign_ins.who_is(session, secret, now=now) is None
    assert verbs(session, "person:liu") == ["token created", "token revoked"]


@pytest.mark.parametrize("scopes", [[], ["work-orders:assign"], ["nonsense"]])
def test_a_token_gets_no_more_than_its_person_has(session, cast, now, scopes):
    with pytest.raises(Invalid):
        make_token(session, cast, now, scopes=scopes)


def test_tokens_of_others_are_an_administrators_business(session, cast, now):
    with pytest.raises(Forbidden):
        make_token(session, cast, now, scopes=["work-orders:read"], by="dora")
    token, _ = make_token(session, cast, now, scopes=["work-orders:read"], by="root")
    with pytest.raises(Forbidden):
        tokens.revoke_token(session, token, by=cast["dora"], now=now)


def test_a_token_makes_no_token(session, cast, now):
    cast["liu"].limit(["work-orders:read"])
    with pytest.raises(Forbidden, match="sign in"):
        make_token(session, cast, now, scopes=["work-orders:read"])


def test_old_sign_ins_failures_and_kept_answers_are_forgotten(session, cast, now):
    sign_ins.sign_in(session, cast["dora"], now=now)
    sign_ins.count_failure(session, "liu", cast["liu"], now=now)
    session.add(KeptAnswer(person_id=1, key="k", request_hash="h", kept_at=now))
    session.flush()
    assert upkeep.forget_old(session, now=now + timedelta(days=1)) == 0
    assert upkeep.forget_old(session, now=now + timedelta(days=30)) == 3
    assert len(session.exec(select(Person)).all()) == len(cast)


def test_people_come_change_and_go_over_http(as_):
    root = as_("root")
    given = {"login": "lin", "name": " 林晓 ", "roles": ["agent"], "city": "台州"}
    assert root.post("/api/people", json=given).json()["name"] == "林晓"
    assert root.get("/api/people?q=LIN&city=台州").json()["items"][0]["roles"] == ["agent"]
    told = root.patch("/api/people/lin", json={"active": False}).json()
    assert (told["active"], told["city"]) == (False, "台州")
    assert root.get("/api/people?active=false").json()["items"] == [told]


def test_nobody_but_an_administrator_changes_people(as_):
    mei = as_("mei")
    assert mei.get("/api/people/dora").status_code == 200
    assert mei.post("/api/people", json={"login": "lin", "name": "林"}).status_code == 403
    assert mei.patch("/api/people/dora", json={"name": "林"}).status_code == 403


def test_a_group_lists_who_is_in_it(as_):
    mei = as_("mei")
    assert mei.put("/api/groups/field/members/ada").status_code == 204
    told = mei.get("/api/groups/field").json()
    assert [member["login"] for member in told["members"]] == ["ada", "liu"]
    assert mei.delete("/api/groups/field/members/ada").status_code == 204
    counts = {group["key"]: group["members"] for group in mei.get("/api/groups").json()}
    assert counts["field"] == 1
    assert mei.get("/api/people?group=field").json()["items"][0]["login"] == "liu"


def test_the_roles_are_listed_with_what_they_permit(as_):
    roles = {role["key"]: role for role in as_("ada").get("/api/roles").json()}
    assert roles["auditor"]["zh"] == "审计员"
    assert {"key": "history:verify", "zh": "核验历史", "en": "verify history"} in roles["auditor"][
        "permissions"
    ]
