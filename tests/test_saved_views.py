"""Views of the worklist: saved, shared with a group, begun with; the address says what is shown."""

import pytest

from tasks import saved_views
from tasks.refusals import Forbidden, Invalid, NotFound
from tests.asking import post, refused

ASKED = {"queue": "all", "grade": "AAA", "show": ["step", "left"]}
ENGLISH = {"Accept-Language": "en"}


@pytest.fixture
def view(session, cast, now):
    made = saved_views.save(session, "AAA", ASKED, by=cast["dora"], now=now)
    session.commit()
    return made


def test_a_name_is_kept_once(session, cast, now, view):
    again = saved_views.save(session, " AAA ", {"grade": "AA"}, by=cast["dora"], now=now)
    assert (again.id, again.asked) == (view.id, {"grade": "AA"})
    with pytest.raises(Invalid):
        saved_views.save(session, " ", ASKED, by=cast["dora"], now=now)


def test_only_who_is_in_the_group_sees_what_is_shared(session, cast, now, view):
    saved_views.share(session, view, ["crc"], by=cast["dora"], now=now)
    assert saved_views.views_of(session, cast["ada"]) == [view]
    assert saved_views.views_of(session, cast["liu"]) == []
    with pytest.raises(NotFound):
        saved_views.find(session, view.id, cast["liu"])
    with pytest.raises(Forbidden):
        saved_views.drop(session, view, by=cast["ada"], now=now)


def test_sharing_takes_a_permission_and_a_group_that_exists(session, cast, now):
    own = saved_views.save(session, "mine", ASKED, by=cast["ada"], now=now)
    with pytest.raises(Forbidden):
        saved_views.share(session, own, ["crc"], by=cast["ada"], now=now)


def test_a_view_that_is_shared_no_longer_is_not_begun_with(session, cast, now, view):
    dora, ada = cast["dora"], cast["ada"]
    saved_views.share(session, view, ["crc"], by=dora, now=now)
    saved_views.begin_with(session, view, by=ada, now=now)
    assert saved_views.first_of(session, ada) == view
    saved_views.share(session, view, [], by=dora, now=now)
    assert saved_views.first_of(session, ada) is None


def test_programs_save_share_choose_and_drop(as_, cast):
    dora, ada = as_("dora"), as_("ada")
    view = post(dora, "views", name="AAA", asked=ASKED)
    assert view["asked"] == ASKED
    place = f"/api/views/{view['id']}"
    assert refused(ada.put(f"{place}/choice"), 404)
    shared = dora.put(f"{place}/shares", json={"groups": ["crc"]}).json()
    assert shared["groups"] == ["crc"] and ada.put(f"{place}/choice").json()["is_first"]
    assert dora.delete(place).status_code == 204 and ada.get("/api/views").json() == []


def test_the_worklist_begins_with_the_chosen_view_and_says_so(as_, cast):
    dora = as_("dora")
    told = {"name": "AAA <b>", "share": "crc", "first": "on"}
    saved = dora.post("/work-orders/views?queue=all&grade=AAA", data=told, headers=ENGLISH)
    assert "★ AAA &lt;b&gt;" in saved.text and "shared" in saved.text
    begun = dora.get("/work-orders")
    assert dict(begun.url.params) == {"queue": "all", "grade": "AAA", "view": "1"}
    dropped = dora.post("/work-orders/views/1/end", data={}, headers=ENGLISH)
    assert "AAA &lt;b&gt;" not in dropped.text


def test_what_an_address_cannot_mean_is_refused(as_, cast):
    asked = as_("dora").get("/work-orders?due=yesterday", headers=ENGLISH)
    assert asked.status_code == 422 and "due" in asked.text
